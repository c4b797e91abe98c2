"""Two organisations' desks and one report: each has its own case, its own key, its own words."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from lachan.cases.models import Case, CaseNote
from lachan.cases.records import CaseMoved, CaseTaken, NoSuchChoice, QueueFilter
from lachan.cases.selectors.desk import case_state, note_list
from lachan.cases.selectors.queue import queue_count, queue_counts, queue_page
from lachan.cases.services.claiming import case_claim, case_hand_over
from lachan.cases.services.freeing import cases_free
from lachan.cases.services.linking import case_link
from lachan.cases.services.notes import note_add, note_read
from lachan.cases.services.opening import case_open
from lachan.cases.services.referring import case_refer
from lachan.cases.services.unsealing import case_keys, case_report_open
from lachan.cases.services.working import case_answer, case_close, case_reopen
from lachan.cases.urls import urlpatterns
from lachan.cli.check import Level
from lachan.cli.checks import audit, proofs, schema
from lachan.cli.checks.desk_key import DeskKey as DeskKeyCheck
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput, NotFound, Refused
from lachan.kernel.sealing.envelope import unseal
from lachan.kernel.sealing.errors import SealBroken
from lachan.members.errors import KeyMissing
from lachan.members.keys.desk_keys import desk_key_make
from lachan.members.models import Organisation
from lachan.members.policy import NotAllowed
from lachan.members.records import PUBLIC, system
from lachan.members.selectors import audit_list
from lachan.members.services import desk_key_open, desk_key_rotate
from lachan.proofs.services import proofs_adopt
from lachan.reports.models import Message, Report
from lachan.reports.selectors import report_get
from lachan.reports.services import report_answer, report_close, reporter_write, reports_purge
from lachan.web.start_cards import start_card_list
from tests.lived import lived_until
from tests.personas import Staff

pytestmark = pytest.mark.django_db
SYSTEM = system("test")
TOLD = "canary-điều-cần-biết"


@pytest.fixture
def there(personas):
    """The other organisation, which keeps a desk; `there.desk_key`, `there.desk_private`."""
    personas.other.desk_key, personas.other.desk_private = desk_key_make(
        personas.other.organisation
    )
    return personas.other


@pytest.fixture
def ours(case, personas):
    row = case(words="canary-lời-kể", traces="xau.example")
    case_claim(by=personas.analyst.actor, uid=row.uid)
    row.refresh_from_db()
    return row


@pytest.fixture
def theirs(ours, personas, there):
    """The case that the other organisation has of the same report, claimed."""
    to = there.organisation.uid
    uid = case_refer(by=personas.analyst.actor, uid=ours.uid, to=to, words=TOLD)
    case_claim(by=there.analyst.actor, uid=uid)
    return Case.objects.get(uid=uid)


def addresses(row):
    return [f"/{page.pattern}".replace("<uuid:uid>", str(row.uid)) for page in urlpatterns[1:]]


def text(answer):
    return answer.content.decode()


def test_it_gives_each_desk_a_case_of_which_the_other_sees_nothing(ours, theirs, personas, there):
    assert (ours.report_uid, ours.organisation) == (theirs.report_uid, personas.organisation)
    assert theirs.organisation == there.organisation
    for staff, own, other in ((personas, ours, theirs), (there, theirs, ours)):
        client, by = staff.analyst.client(), staff.analyst.actor
        for address in addresses(other):
            assert client.post(address).status_code in {404, 405}, address
            assert client.get(address).status_code in {302, 404}, address
            assert client.get(address, follow=True).status_code == 404, address
        assert queue_count(by=by, wanted=QueueFilter(status="all")) == 1
        assert queue_counts(by=by) | {"all": 1, "open": 1, "mine": 1} == queue_counts(by=by)
        assert [c.uid for c in queue_page(by=by, wanted=QueueFilter()).rows] == [own.uid]
        assert [card.count for card in start_card_list(by) if "mine" in card.url] == [1]
        note_add(by=by, uid=own.uid, words="canary-ghi-chú")
        shown = "/staff/cases/", "/staff/cases/?status=all", "/staff/", f"/staff/cases/{own.uid}/"
        pages = "".join(text(client.get(address)) for address in shown)
        assert str(own.uid) in pages
        for of_other in (other, other.organisation):
            assert str(of_other.uid) not in pages
        trail = str(list(audit_list(organisation_id=staff.organisation.pk).values()))
        assert str(own.uid) in trail
        assert str(other.uid) not in trail
        assert str(other.uid) not in str(list(own.timeline.values()))
        with pytest.raises(NotFound):
            case_link(by=by, uid=own.uid, other=other.uid, kind="related")
        with pytest.raises(NotFound):
            case_hand_over(by=by, uid=other.uid, to=staff.officer.person.uid)


def test_each_desk_key_opens_its_own_words_alone(ours, theirs, personas, there):
    note_add(by=personas.analyst.actor, uid=ours.uid, words="canary-của-mình")
    sealed = {
        personas: [Report.objects.get().sealed, ours.notes.get().sealed],
        there: [theirs.notes.get().sealed],
    }
    for staff, other in ((personas, there), (there, personas)):
        for words in sealed[staff]:
            assert unseal(bytes(words), key=staff.desk_private)
        for words in sealed[other]:
            with pytest.raises(SealBroken):
                unseal(bytes(words), key=staff.desk_private)
        analyst = staff.analyst
        with pytest.raises(KeyMissing):
            desk_key_open(by=analyst.actor, unlocked=analyst.unlocked, uid=other.desk_key.uid)
    keys = case_keys(by=there.analyst.actor, uid=theirs.uid, unlocked=there.analyst.unlocked)
    assert set(keys) == {there.desk_key.uid}
    assert note_read(note_list(theirs)[0], keys.values()) == TOLD
    keys[personas.desk_key.uid] = personas.desk_private  # were it theirs by some fault
    with pytest.raises(NotAllowed):
        case_report_open(by=there.analyst.actor, uid=theirs.uid, keys=keys)


def test_it_shows_the_other_desk_what_it_was_told_and_not_the_report(theirs, personas, there):
    client = there.analyst.client()
    page = text(client.get(f"/staff/cases/{theirs.uid}/"))
    assert TOLD in page
    assert "canary-lời-kể" not in page
    assert "xau.example" not in page
    assert personas.organisation.name in page
    # Words that were sealed to a key which another has replaced since, too.
    for _ in range(2):
        desk_key_rotate(by=there.administrator.actor, organisation=there.organisation)
        note_add(by=there.analyst.actor, uid=theirs.uid, words="canary-sau-này")
    page = text(client.get(f"/staff/cases/{theirs.uid}/"))
    assert (page.count(TOLD), page.count("canary-sau-này")) == (1, 2)
    lost = client.post(f"/staff/cases/{theirs.uid}/note/", {"words": "x" * 20_001})
    assert lost.status_code == 422
    assert lost.context["lost_words"] == ""


def test_the_reporter_hears_from_and_writes_to_the_desk_of_the_report(
    ours, theirs, personas, there, deliver
):
    desk_key_rotate(by=personas.administrator.actor, organisation=personas.organisation)
    before = case_state(theirs)
    case_answer(by=personas.analyst.actor, uid=ours.uid, words="Bạn kể thêm nhé")
    reporter_write(by=PUBLIC, report=ours.report_uid, words="thêm một điều")
    deliver()
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.reporter_unread, theirs.reporter_unread) == (True, False)
    assert theirs.reporter_waits_since is None
    assert case_state(theirs) == before
    assert {line.kind for line in theirs.timeline.all()} == {"opened", "claimed"}
    for message in Message.objects.all():
        with pytest.raises(SealBroken):
            unseal(bytes(message.sealed), key=there.desk_private)
    for act in (report_answer, report_close):
        more = {"words": "xin chào"} if act is report_answer else {}
        with pytest.raises(NotAllowed):
            act(by=there.analyst.actor, report=ours.report_uid, **more)
    with pytest.raises(NotAllowed):
        case_answer(by=there.analyst.actor, uid=theirs.uid, words="xin chào")


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_a_report_is_kept_until_no_desk_works_on_it(ours, theirs, personas, there, first):
    acts = {"ours": (personas, ours), "theirs": (there, theirs)}
    order = [acts.pop(first), *acts.values()]
    for (staff, row), after in zip(order, ("open", "closed"), strict=True):
        case_close(by=staff.analyst.actor, uid=row.uid, outcome="helped")
        assert report_get(row.report_uid).status == after
    for staff, row in order:
        case_reopen(by=staff.analyst.actor, uid=row.uid)
        assert report_get(row.report_uid).status == "open"
        case_close(by=staff.analyst.actor, uid=row.uid, outcome="helped")
        assert report_get(row.report_uid).status == "closed"
    closings = audit_list(organisation_id=there.organisation.pk).filter(action="report.close")
    assert not closings.exists()


def test_a_report_is_kept_while_a_case_into_which_its_was_closed_is_open(
    ours, theirs, case, personas, there
):
    by, target = personas.analyst.actor, case()
    case_claim(by=by, uid=target.uid)
    case_link(by=by, uid=ours.uid, other=target.uid, kind="duplicate")
    case_close(by=there.analyst.actor, uid=theirs.uid, outcome="helped")
    assert report_get(ours.report_uid).status == "open"
    case_close(by=by, uid=target.uid, outcome="helped")
    assert {report_get(row.report_uid).status for row in (ours, target)} == {"closed"}


def test_every_desk_forgets_with_the_report(ours, theirs, personas, there, deliver, keys):
    note_add(by=personas.analyst.actor, uid=ours.uid, words="đã gọi lại")
    case_report_open(by=personas.analyst.actor, uid=ours.uid, keys=keys)
    for staff, row in ((personas, ours), (there, theirs)):
        case_close(by=staff.analyst.actor, uid=row.uid, outcome="helped")
    with lived_until(now() + timedelta(days=5000)):
        assert reports_purge(by=SYSTEM) == 1
        deliver()
    assert not CaseNote.objects.exists()
    assert there.analyst.client().get(f"/staff/cases/{theirs.uid}/").context["is_gone"]
    with pytest.raises(CaseMoved):
        case_reopen(by=there.analyst.actor, uid=theirs.uid)


def test_it_refers_only_what_may_be_referred(ours, case, personas, there):
    by, to = personas.analyst.actor, there.organisation.uid
    without = Organisation.objects.create(name="Without", type="ngo").uid
    for nobody in (personas.organisation.uid, without, ours.uid):
        with pytest.raises(NoSuchChoice):
            case_refer(by=by, uid=ours.uid, to=nobody, words=TOLD)
    for words in ("", " ", "x" * 20_001):
        with pytest.raises(InvalidInput), transaction.atomic():
            case_refer(by=by, uid=ours.uid, to=to, words=words)
    with pytest.raises(CaseTaken):
        case_refer(by=personas.officer.actor, uid=ours.uid, to=to, words=TOLD)
    for refused in (personas.reviewer, personas.administrator):
        with pytest.raises(Refused):
            case_refer(by=refused.actor, uid=ours.uid, to=to, words=TOLD)
    Organisation.objects.filter(uid=to).update(status=Organisation.Status.SUSPENDED)
    with pytest.raises(NoSuchChoice):
        case_refer(by=by, uid=ours.uid, to=to, words=TOLD)
    Organisation.objects.filter(uid=to).update(status=Organisation.Status.ACTIVE)
    assert Case.objects.count() == 1
    uid = case_refer(by=by, uid=ours.uid, to=to, words=TOLD)
    with pytest.raises(CaseMoved):
        case_refer(by=by, uid=ours.uid, to=to, words="lần nữa")
    assert [line.kind for line in ours.timeline.filter(kind="referred")] == ["referred"]
    # What was referred goes no further: consent was given to the desk of the report.
    third = Staff(Organisation.objects.create(name="Third", type="ngo"))
    desk_key_make(third.organisation)
    case_claim(by=there.analyst.actor, uid=uid)
    with pytest.raises(Refused):
        case_refer(by=there.analyst.actor, uid=uid, to=third.organisation.uid, words=TOLD)
    case_close(by=by, uid=ours.uid, outcome="helped")
    with pytest.raises(CaseMoved):
        case_refer(by=by, uid=ours.uid, to=third.organisation.uid, words=TOLD)


def test_it_opens_the_desks_own_case_though_another_has_one(ours, theirs):
    assert case_open(by=SYSTEM, report=ours.report_uid) == ours.uid
    for row in (ours, theirs):
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.create(
                report_uid=row.report_uid, organisation=row.organisation, category="other"
            )


def test_it_asks_of_each_desk_by_itself_who_holds_its_key(ours, theirs, personas, there):
    assert cases_free(by=SYSTEM) == 0
    for staff in (personas, there):
        staff.analyst.person.wraps.all().delete()
    for persona in (there.officer, there.reviewer, there.administrator):
        persona.person.wraps.all().delete()
    # Nobody at all of the other desk can read: nothing is freed there.
    assert cases_free(by=SYSTEM) == 1
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.assignee, theirs.assignee) == (None, there.analyst.person)


BEFORE, AFTER = [("cases", "0004_proofs")], [("cases", "0005_case_a_desk")]


@pytest.mark.django_db(transaction=True)
def test_it_carries_a_home_with_one_case_a_report_over(
    report, deliver, personas, keys, settings, tmp_path
):
    settings.LACHAN_HOME = tmp_path
    (tmp_path / "run").mkdir()
    MigrationExecutor(connection).migrate(BEFORE)
    proofs_adopt({})
    rows = []
    for number in range(3):
        uid = report(words=f"canary-{number}")
        deliver()
        rows.append(Case.objects.get(report_uid=uid))
        case_claim(by=personas.analyst.actor, uid=rows[-1].uid)
        note_add(by=personas.analyst.actor, uid=rows[-1].uid, words=f"ghi chú {number}")
    case_link(by=personas.analyst.actor, uid=rows[2].uid, other=rows[0].uid, kind="duplicate")
    desk_key_rotate(by=personas.administrator.actor, organisation=personas.organisation)
    there = personas.other
    second = {"report_uid": rows[0].report_uid, "organisation": there.organisation}
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.create(**second, category="other", urgency="calm")
    stood = list(Case.objects.order_by("pk").values())
    assert _faults(proofs.Proofs(), audit.Audit(), DeskKeyCheck()) == []
    MigrationExecutor(connection).migrate(AFTER)
    checks = (schema.Schema(), proofs.Proofs(), audit.Audit(), DeskKeyCheck())
    assert _faults(*checks) == []
    assert list(Case.objects.order_by("pk").values()) == stood
    for number, row in enumerate(rows):
        opened = case_report_open(by=personas.analyst.actor, uid=row.uid, keys=keys)
        assert opened.content.words == f"canary-{number}"
        assert note_read(row.notes.get(), keys.values()) == f"ghi chú {number}"
    desk_key_make(there.organisation)
    to = there.organisation.uid
    case_refer(by=personas.analyst.actor, uid=rows[0].uid, to=to, words=TOLD)
    assert Case.objects.filter(report_uid=rows[0].report_uid).count() == 2
    assert _faults(*checks) == []


def _faults(*checks):
    found = [check.look(None, lambda _: None) for check in checks]
    return [one.says for one in found if one.level is not Level.WELL]
