"""What happened in the golden home: a week in which every table of the product gets a row."""

import dataclasses
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock
from uuid import UUID

from django.db import OperationalError
from django.test import Client

from lachan.cases.models import Case, CaseLink, CaseNote
from lachan.cases.records import Status
from lachan.cases.services import claiming, linking, notes, rating, unsealing, working
from lachan.kernel.clock import now
from lachan.members.models import Organisation
from lachan.members.policy import Action
from lachan.members.records import PUBLIC, Role
from lachan.members.services import (
    api_key_create,
    api_key_revoke,
    desk_key_rotate,
    first_link,
    invitation_create,
    invitation_withdraw,
    organisation_save,
    person_deactivate,
    programme_save,
    recovery_split,
    return_create,
    role_grant,
    role_revoke,
)
from lachan.outbox.services import events_deliver
from lachan.reports.inbox import inbox_open
from lachan.reports.models import Report
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_hold, report_submit, reporter_write
from tests.golden.home_exchange import disputed, published
from tests.golden.home_people import Member, joined, joined_by_pages, page_of, sign_in


@dataclasses.dataclass
class Story:
    """What the people of the golden home hold, as the days go on."""

    people: dict[str, Member] = dataclasses.field(default_factory=dict)
    invited: dict[str, str] = dataclasses.field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    indicators: dict[str, UUID] = dataclasses.field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    links: dict[str, str] = dataclasses.field(default_factory=dict)
    shares: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    inbox: bytes = b""
    # Whether of a member, of those that wait, as they should stand.
    disputes: tuple[bool, ...] = (True, False)
    form: dict[str, Any] = dataclasses.field(default_factory=dict)

    def days(self) -> tuple[Any, ...]:
        """What happened on each day."""
        return (
            self.begun, self.staffed, self.keyed, self.worked,
            partial(published, self), partial(disputed, self), self.ended,
        )  # fmt: skip

    def __getattr__(self, name: str) -> Member:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def reported(self, name: str, words: str, **more: str) -> None:
        facts = {"category": "contact.aggressive", "province": "25", "language": "vi"} | more
        traces = facts.pop("traces", "")
        made = report_submit(
            by=PUBLIC, form=form_new(), urgency=Urgency(facts.pop("urgency", "soon")),
            content=ReportContent(about="me", words=words, traces=traces, contact=""), **facts,
        )  # fmt: skip
        said = {"receipt": made.receipt, "words": words, "messages": []}
        self.reports[name] = {"uid": made.report} | said

    def case(self, name: str) -> UUID:
        return Case.objects.get(report_uid=self.reports[name]["uid"]).uid

    def wrote(self, name: str, words: str) -> None:
        reporter_write(by=PUBLIC, report=self.reports[name]["uid"], words=words)
        self.reports[name]["messages"].append(["reporter", words])

    def answered(self, name: str, words: str, *, by: Member, is_question: bool = False) -> None:
        working.case_answer(by=by.actor, uid=self.case(name), words=words, is_question=is_question)
        self.reports[name]["messages"].append(["desk", words])

    def read(self, name: str, *, by: Member) -> None:
        keys = unsealing.case_keys(by=by.actor, uid=self.case(name), unlocked=by.private)
        unsealing.case_report_open(by=by.actor, uid=self.case(name), keys=keys)

    def given(self, name: str, by: Member, actions: list[Action], **more: Any) -> Any:
        life = more.pop("life", timedelta(days=300))
        where = by.person.organisation
        row, text = api_key_create(
            by=by.actor, organisation=where, name=name, scopes=actions, life=life
        )
        if more.get("works", True):
            self.keys[name] = {"text": text, "scopes": sorted(map(str, actions))}
        return row

    def asked_in(self, name: str, role: Role, where: Organisation) -> None:
        host = "desk" if where.is_home else "other"
        record = invitation_create(
            by=self.chief.actor, unlocked=self.chief.private, organisation=where, roles=[role],
            email=f"{name}@{host}.example", name=name.title(),
        )  # fmt: skip
        self.invited[name] = token_of(record.path)

    def begun(self) -> None:
        """A report before anybody is there; the first administrator, the network, invitations."""
        token = token_of(str(first_link()))
        self.reported("first", "Có bạn hỏi mượn sách rồi không trả", traces="sach.example")
        events_deliver()
        whose = {"name": "Quản trị", "organisation_name": "Đường dây thử"}
        self.people["chief"] = joined(token, "chief@desk.example", **whose)
        by, home = self.chief.actor, self.chief.person.organisation
        other = organisation_save(
            by=by, name="Mạng Thử", type="enterprise", domains=["mang.example"]
        )
        school = organisation_save(by=by, name="Trường Thử", type="school")
        paused = organisation_save(by=by, name="Hội Nghỉ", type="ngo")
        organisation_save(
            by=by, organisation=paused, name="Hội Nghỉ", type="ngo", status="suspended"
        )
        programme_save(
            by=by, name="Mùa hè", organisations=[home.uid, other.uid], places=["25"],
            valid_from=now().date(), valid_until=(now() + timedelta(days=90)).date(),
        )  # fmt: skip
        for name in ("analyst", "reviewer", "officer", "technical", "auditor"):
            self.asked_in(name, Role(name), home)
        self.asked_in("second", Role.ADMINISTRATOR, home)
        self.asked_in("leaver", Role.ANALYST, home)
        self.asked_in("host", Role.ADMINISTRATOR, other)
        self.asked_in("seeker", Role.ANALYST, other)
        self.asked_in("judge", Role.REVIEWER, other)
        self.asked_in("teacher", Role.ADMINISTRATOR, school)

    def staffed(self) -> None:
        """They join, two of them by the pages; roles are given for a time and taken back."""
        for name, token in self.invited.items():
            host = "other" if name in {"host", "seeker", "judge", "teacher"} else "desk"
            join = joined_by_pages if name in {"analyst", "reviewer"} else joined
            self.people[name] = join(token, f"{name}@{host}.example")
        until = now() + timedelta(days=30)
        role_grant(by=self.chief.actor, person=self.officer.person, role=Role.AUDITOR, until=until)
        soon = now() + timedelta(hours=5)
        role_grant(by=self.chief.actor, person=self.auditor.person, role=Role.TECHNICAL, until=soon)
        role_grant(by=self.chief.actor, person=self.leaver.person, role=Role.AUDITOR)
        role_revoke(by=self.chief.actor, person=self.leaver.person, role=Role.AUDITOR)

    def keyed(self) -> None:
        """A fresh desk key, shares twice, keys for programs, links that stay open."""
        chief, home = self.chief, self.chief.person.organisation
        self.reported("second", "Một chuyện nhỏ ở lớp học thêm", traces="nho.example")
        split = {"by": chief.actor, "unlocked": chief.private, "organisation": home}
        self.shares["replaced"] = recovery_split(**split, needed=2, total=3)
        self.shares["standing"] = recovery_split(**split, needed=2, total=3)
        desk_key_rotate(by=chief.actor, organisation=home)
        self.given("home", self.technical, [Action.LIST_READ, Action.INDICATOR_PROPOSE])
        self.given("other", self.host, [Action.LIST_READ, Action.CHECK])
        self.given("school", self.teacher, [Action.LIST_READ])
        gone = self.given("gone", self.technical, [Action.CHECK], works=False)
        api_key_revoke(by=self.technical.actor, key=gone)
        short = {"life": timedelta(hours=1), "works": False}
        self.given("over", self.technical, [Action.CHECK], **short)

    def worked(self) -> None:
        """Reports become cases in every state."""
        danger = {"urgency": "danger", "category": "conduct.aggressive"}
        self.reported("talk", "Có người hứa tặng quà", traces="qua-tang.example 0900 000 000")
        self.reported("twin", "Lại người hứa tặng quà ấy", traces="qua-tang.example")
        self.reported("near", "Có chuyện gần giống ở trường", traces="qua-tang.example")
        self.reported("done", "Bạn cùng lớp trêu em", **danger)
        self.reported("again", "Ai đó mượn tên em", traces="zalo:nguoi.la")
        self.reported("held", "Thử xem có ai đọc không", urgency="calm")
        self.reported("left", "Em quên mật khẩu", language="en")
        events_deliver()
        analyst, officer = self.analyst, self.officer
        report_hold(by=analyst.actor, report=self.reports["held"]["uid"])
        for name in ("second", "talk", "twin", "done", "again"):
            claiming.case_claim(by=analyst.actor, uid=self.case(name))
            self.read(name, by=analyst)
        self.answered("talk", "Bạn còn nhớ tên trang không?", by=analyst, is_question=True)
        self.wrote("talk", "Dạ, là qua-tang.example")
        events_deliver()
        self.read("talk", by=analyst)
        self.answered("talk", "Cảm ơn bạn nhiều", by=analyst)
        notes.note_add(by=analyst.actor, uid=self.case("talk"), words="Nhớ hỏi lại thứ Sáu")
        rating.priority_set(
            by=analyst.actor, uid=self.case("talk"), priority=70, reason="Nên xem sớm"
        )
        for other, kind in (("twin", CaseLink.Kind.DUPLICATE), ("near", CaseLink.Kind.RELATED)):
            uids = {"uid": self.case(other), "other": self.case("talk")}
            linking.case_link(by=analyst.actor, kind=kind, **uids)
        link = linking.case_link(
            by=analyst.actor, uid=self.case("second"), other=self.case("near"), kind="related"
        )
        linking.link_undo(by=analyst.actor, uid=link)
        working.case_classify(by=analyst.actor, uid=self.case("done"), category="conduct")
        self._closed("done")
        self._closed("again")
        self.wrote("again", "Chuyện ấy lại xảy ra")
        events_deliver()
        to = officer.person.uid
        claiming.case_hand_over(by=analyst.actor, uid=self.case("second"), to=to, words="Nhờ anh")
        working.case_move(by=officer.actor, uid=self.case("second"), to=Status.WAITING)
        claiming.case_claim(by=self.leaver.actor, uid=self.case("left"))

    def _closed(self, name: str) -> None:
        self.answered(name, "Chúng tôi đã xem xong", by=self.analyst)
        working.case_close(
            by=self.analyst.actor, uid=self.case(name), outcome="helped", words="Đã gọi lại"
        )

    def ended(self) -> None:
        """Somebody leaves; one event fails, one has not gone out; an inbox stands open, links too."""
        chief, home = self.chief, self.chief.person.organisation
        person_deactivate(by=chief.actor, person=self.leaver.person)
        self.people.pop("leaver")
        record = return_create(by=chief.actor, unlocked=chief.private, person=self.officer.person)
        self.links["officer"] = token_of(record.path)
        for name in ("newcomer", "nobody"):
            self.asked_in(name, Role.ANALYST, home)
        self.links["newcomer"] = self.invited["newcomer"]
        invitation_withdraw(
            by=chief.actor, invitation=home.invitations.get(email__startswith="nobody")
        )
        stranger = Client(headers={"host": "localhost"})
        for _ in range(2):
            door = {"name": self.host.email, "password": "không phải vậy"}
            assert stranger.post("/staff/sign-in/", door).status_code == 422
        self._noted()
        self.inbox = inbox_open(self.reports["talk"]["receipt"]) or b""
        self.reported("failing", "Việc này đến lúc máy bận")
        with mock.patch("lachan.cases.handlers.case_open", side_effect=OperationalError):
            events_deliver()
        self.reported("waiting", "Việc này vừa mới đến")

    def _noted(self) -> None:
        """A form of a page that was taken, ready to be sent again."""
        sign_in(self.analyst)
        path = f"/staff/cases/{self.case('talk')}/"
        form = page_of(self.analyst, path).form(action="/note/")
        fields = dict(form.values) | {"words": "Ghi một lần, gửi hai lần"}
        assert self.analyst.client is not None
        answer = self.analyst.client.post(form.action, fields)
        assert answer.status_code == 302
        self.form = {
            "by": "analyst",
            "path": form.action,
            "fields": fields,
            "leads": answer["Location"],
        }

    def papers(self) -> dict[str, Any]:
        """Everything that opens something, and what is behind it."""
        with suppress(KeyError):
            self.people.pop("officer")  # waits for the return by the link
        for name, one in self.reports.items():
            one["status"] = Report.objects.get(uid=one["uid"]).status
            one["uid"] = str(one["uid"])
            one["case"] = str(self.case(name)) if name not in {"failing", "waiting"} else None
        keys = {}
        for one in self.reports.values():
            if one["case"]:
                keys |= unsealing.case_keys(
                    by=self.analyst.actor, uid=UUID(one["case"]), unlocked=self.analyst.private
                )
        said = [notes.note_read(note, keys.values()) for note in CaseNote.objects.all()]
        return {
            "reports": self.reports,
            "notes": sorted(map(str, said)),
            "disputes": self.disputes,
            "people": {
                name: one.papers | {"roles": sorted(one.actor.roles)}
                for name, one in self.people.items()
            },
            "shares": self.shares,
            "links": self.links,
            "keys": self.keys,
            "inbox": self.inbox.hex(),
            "form": self.form,
        }


def token_of(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]
