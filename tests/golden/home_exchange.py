"""What the golden home published, and what became of it."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from lachan.cases.records import Pick
from lachan.cases.services import proposing
from lachan.indicators.models import Dispute
from lachan.indicators.services import (
    dispute_answer,
    dispute_open,
    dispute_open_public,
    indicator_expire_due,
    indicator_propose,
    indicator_reshare,
    indicator_review,
    indicator_withdraw,
    list_import,
    list_withdraw,
)
from lachan.kernel.clock import now
from lachan.matching.between.spool import SightingCount, spool_write
from lachan.members.records import PUBLIC
from lachan.outbox.services import events_deliver
from lachan.sightings.services import sightings_take
from tests.golden.home_people import Member

if TYPE_CHECKING:
    from tests.golden.home_story import Story

LIST = b"ban.example\nqua.example\nnot a name at all\nmang.example\nxem.example\n"


def proposed(story: "Story", name: str, *, by: Member, category: str = "scam", **more: Any) -> UUID:
    value = more.pop("value", f"{name}.example")
    made = indicator_propose(by=by.actor, value=value, category=category, **more)
    story.indicators[name] = made.uid
    return made.uid


def listed(story: "Story", name: str, *, by: Member, then: Member, **more: Any) -> UUID:
    override = more.pop("override", None)
    uid = proposed(story, name, by=by, **more)
    indicator_review(by=then.actor, indicator=uid, decision="approve", override_reason=override)
    return uid


def published(story: "Story") -> None:
    """Indicators under every sharing, in every state."""
    analyst, reviewer, seeker, judge = story.analyst, story.reviewer, story.seeker, story.judge
    pick = Pick(kind="domain", value="qua-tang.example", category="contract.scam",
                confidence=85, tlp="clear")  # fmt: skip
    made = proposing.indicators_propose(by=analyst.actor, uid=story.case("talk"), picks=[pick])
    story.indicators["talk"] = UUID(str(made[0].indicator))
    uid = story.indicators["talk"]
    indicator_review(by=reviewer.actor, indicator=uid, decision="approve", note="Rõ ràng")
    events_deliver()
    listed(story, "xanh", by=analyst, then=reviewer, tlp="green", confidence=60)
    listed(story, "cam", by=analyst, then=reviewer, tlp="amber")
    listed(story, "rieng", by=analyst, then=reviewer, tlp="red")
    listed(story, "hep", by=seeker, then=judge, tlp="amber+strict")
    # Narrow first, then shared by somebody else: the narrow one yields.
    listed(story, "chung", by=seeker, then=judge, tlp="red")
    listed(story, "chung", by=analyst, then=reviewer, tlp="clear")
    listed(story, "kin", by=analyst, then=reviewer, tlp="clear", category="content.abuse")
    listed(story, "duong", by=analyst, then=reviewer, value="https://noi.example/đường?a=b")
    listed(story, "so", by=analyst, then=reviewer, value="0900 000 001", tlp="green")
    listed(story, "anh", by=analyst, then=reviewer, value="5a" * 32, kind="sha256")
    until = now() + timedelta(hours=20)
    listed(story, "ngan", by=analyst, then=reviewer, valid_until=until)
    listed(story, "mang", by=analyst, then=reviewer, override="Chỉ trang con ấy thôi",
                value="xau.mang.example")  # fmt: skip
    refused = proposed(story, "thoi", by=analyst)
    indicator_review(by=reviewer.actor, indicator=refused, decision="reject", note="Chưa đủ")
    proposed(story, "cho", by=analyst, evidence="Hai người đã báo")
    listed(story, "lui", by=analyst, then=reviewer)
    indicator_withdraw(by=reviewer.actor, indicator=story.indicators["lui"], reason="Đã sạch")
    listed(story, "doi", by=analyst, then=reviewer, tlp="amber")
    events_deliver()


def disputed(story: "Story") -> None:
    """Disputes, lists, sightings; an indicator changes who sees it, another comes to its end."""
    indicator_reshare(by=story.reviewer.actor, indicator=story.indicators["doi"], tlp="red")
    indicator_reshare(by=story.officer.actor, indicator=story.indicators["rieng"], tlp="green")
    for value in ("qua-tang.example", "qua-tang.example", "chung.example"):
        dispute_open_public(by=PUBLIC, value=value, reason="mistake")
    facts = {"by": story.seeker.actor, "indicator": story.indicators["xanh"]}
    dispute_open(reason="fixed", note="Chúng tôi đã dọn xong", **facts)
    dispute_open(by=story.seeker.actor, indicator=story.indicators["so"], reason="other")
    rows = Dispute.objects.filter(outcome="")
    for value, outcome in (("chung.example", "kept"), ("xanh.example", "withdrawn")):
        found = rows.get(indicator__value=value, indicator__status="published")
        dispute_answer(
            by=story.reviewer.actor, dispute=found.uid, outcome=outcome, answer="Đã xem lại"
        )
    how = {"by": story.reviewer.actor, "category": "gambling", "source": "Danh sách thử"}
    list_import(stream=io.BytesIO(LIST), file_name="thu.txt", tlp="green", **how)
    taken = list_import(stream=io.BytesIO(b"tam.example\n"), file_name="tam.txt", **how)
    list_withdraw(by=story.reviewer.actor, list_import=taken.uid)
    indicator_expire_due()
    hour = int(now().timestamp()) // 3600 * 3600
    met = [SightingCount(story.indicators["anh"], hour, story.host.person.organisation_id, 7)]
    spool_write(settings.LACHAN_HOME, met)
    sightings_take(settings.LACHAN_HOME)
    events_deliver()
