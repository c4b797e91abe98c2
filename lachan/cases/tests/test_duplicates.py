from datetime import timedelta
from uuid import uuid4

import pytest

from lachan.cases.fingerprints import fingerprints
from lachan.cases.models import CaseFingerprint
from lachan.cases.records import CaseMoved, CaseTaken, NoSuchChoice
from lachan.cases.selectors.duplicates import COMMON, suggestion_list
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.linking import case_link, link_undo
from lachan.cases.services.unsealing import case_keys, case_report_open
from lachan.cases.services.working import case_close, case_reopen
from lachan.formats.observables.extraction import extract
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import LachanError, NotFound, Refused
from lachan.kernel.sealing.envelope import keypair_new
from lachan.members.models import AuditEntry
from lachan.members.records import PUBLIC
from lachan.members.selectors import desk_key_home
from lachan.members.services import desk_key_rotate
from lachan.reports.selectors import report_get
from lachan.reports.services import reporter_write

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(personas, keys):
    def read(row):
        return case_report_open(by=personas.analyst.actor, uid=row.uid, keys=keys)

    return read


def test_it_opens_the_report_and_writes_down_who_did(case, personas, read):
    row = case(words="một trang lạ", traces="https://xau.example/qua")
    opened = read(row)
    read(row)
    assert opened.content.words == "một trang lạ"
    assert AuditEntry.objects.filter(action="report.open").count() == 2
    # The audit trail has each reading; the timeline one line a person and day.
    assert row.timeline.filter(kind="report_opened").count() == 1


def test_it_takes_the_mark_of_new_words_away_for_the_holder_only(case, personas, read, deliver):
    row = case()
    reporter_write(by=PUBLIC, report=row.report_uid, words="thêm")
    deliver()
    read(row)
    row.refresh_from_db()
    assert row.reporter_unread
    case_claim(by=personas.analyst.actor, uid=row.uid)
    read(row)
    row.refresh_from_db()
    assert not row.reporter_unread


def test_it_finds_the_key_of_the_report_and_todays(case, personas):
    row, by = case(), personas.analyst
    first = case_keys(by=by.actor, uid=row.uid, unlocked=by.unlocked)
    assert list(first.values()) == [personas.desk_private]
    desk_key_rotate(by=personas.administrator.actor, organisation=personas.organisation)
    both = case_keys(by=by.actor, uid=row.uid, unlocked=by.unlocked)
    assert len(both) == 2
    assert case_report_open(by=by.actor, uid=row.uid, keys=both).content.words


def test_it_says_so_when_a_person_holds_no_copy(case, personas):
    from lachan.members.records import Role

    row, late = case(), personas.with_roles(Role.ANALYST)
    with pytest.raises(Refused) as caught:
        case_keys(by=late.actor, uid=row.uid, unlocked=late.unlocked)
    assert caught.value.code == "key-missing"


def test_it_notices_what_two_reports_share_however_it_is_written(case, read):
    one = case(traces="hxxps://XAU[.]example/qua và 0912 345 678", province="01")
    two = case(words="nó gửi https://xau.example/qua, gọi +84 912 345 678", province="04")
    far = case(words="một trang khác: khac.example", province="08")
    assert suggestion_list(one) == []
    for row in (one, two, far):
        read(row)
    found = suggestion_list(one)
    assert [s.uid for s in found] == [two.uid]
    assert found[0].shared == {"url": 1, "domain": 1, "phone": 1}
    assert not found[0].near


def test_it_notices_the_same_matter_place_and_day_without_opening(case):
    one, two = case(province="04"), case(province="04")
    case(province="08")
    case(province="04", category="other")
    found = suggestion_list(one)
    assert [(s.uid, s.near, s.shared) for s in found] == [(two.uid, True, {})]


def test_it_says_nothing_about_what_everybody_names(case, many, read):
    one = case(traces="pho-bien.example", province="")
    read(one)
    mark = one.fingerprints.get()
    rows = many(COMMON)
    CaseFingerprint.objects.bulk_create(
        CaseFingerprint(case=row, kind=mark.kind, digest=mark.digest) for row in rows
    )
    assert suggestion_list(one) == []


def test_it_keeps_fingerprints_that_nobody_can_test_a_guess_against(case, read, settings):
    """With the database and the instance's secret, but without the desk's private key."""
    row = case(traces="0912345678")
    read(row)
    kept = {(f.kind, bytes(f.digest)) for f in row.fingerprints.all()}
    guess = extract("0912345678")
    assert len(kept) == 1
    for key in (settings.SECRET_KEY, "", keypair_new().private):
        assert not kept & fingerprints(guess, desk_key=key)


def test_it_closes_a_duplicate_into_another_and_takes_it_back(case, personas, deliver):
    one, two, by = case(), case(), personas.analyst.actor
    case_claim(by=by, uid=one.uid)
    link = case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    one.refresh_from_db()
    assert (one.status, one.outcome) == ("closed", "duplicate")
    # Its report's days of retention run with the other case's, not before.
    assert report_get(one.report_uid).status == "open"
    assert suggestion_list(two) == []
    reporter_write(by=PUBLIC, report=one.report_uid, words="thêm")
    deliver()
    one.refresh_from_db()
    two.refresh_from_db()
    assert (two.reporter_unread, one.reporter_unread, one.status) == (True, False, "closed")
    link_undo(by=by, uid=link)
    one.refresh_from_db()
    assert (one.status, one.outcome, one.closed_at) == ("claimed", "", None)
    assert one.assignee == personas.analyst.person
    with pytest.raises(NotFound):
        link_undo(by=by, uid=link)


def test_it_closes_the_reports_of_duplicates_with_the_case(case, personas):
    by, (one, two, three) = personas.analyst.actor, (case() for _ in range(3))
    case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    case_link(by=by, uid=two.uid, other=three.uid, kind="duplicate")
    case_claim(by=by, uid=three.uid)
    case_close(by=by, uid=three.uid, outcome="helped")
    assert {report_get(row.report_uid).status for row in (one, two, three)} == {"closed"}


def test_it_keeps_the_report_of_a_duplicate_that_stands_again(case, personas):
    """Its days of retention began when the other case ended: they stop."""
    by, one, two = personas.analyst.actor, case(), case()
    link = case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    case_claim(by=by, uid=two.uid)
    case_close(by=by, uid=two.uid, outcome="helped")
    link_undo(by=by, uid=link)
    assert report_get(one.report_uid).status == "open"
    assert report_get(two.report_uid).status == "closed"


def test_it_keeps_the_report_whose_reporter_writes_again(case, personas, deliver):
    by, one, two = personas.analyst.actor, case(), case()
    case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    case_claim(by=by, uid=two.uid)
    case_close(by=by, uid=two.uid, outcome="helped")
    reporter_write(by=PUBLIC, report=one.report_uid, words="thêm")
    deliver()
    assert {report_get(row.report_uid).status for row in (one, two)} == {"open"}


def test_it_carries_a_waiting_reporter_over_to_the_other_case(case, personas, deliver):
    one, two = case(), case()
    reporter_write(by=PUBLIC, report=one.report_uid, words="thêm")
    deliver()
    case_link(by=personas.analyst.actor, uid=one.uid, other=two.uid, kind="duplicate")
    two.refresh_from_db()
    assert two.reporter_unread
    assert two.reporter_waits_since is not None


def test_it_marks_related_cases_without_closing_one(case, personas):
    one, two, by = case(), case(), personas.analyst.actor
    case_link(by=by, uid=one.uid, other=two.uid, kind="related")
    one.refresh_from_db()
    assert one.status == "new"
    with pytest.raises(CaseMoved):
        case_link(by=by, uid=one.uid, other=two.uid, kind="related")


def test_it_refuses_links_that_make_no_sense(case, personas):
    one, two, by = case(), case(), personas.analyst.actor
    with pytest.raises(CaseMoved):
        case_link(by=by, uid=one.uid, other=one.uid, kind="related")
    with pytest.raises(NoSuchChoice):
        case_link(by=by, uid=one.uid, other=two.uid, kind="parent")
    case_claim(by=personas.officer.actor, uid=one.uid)
    with pytest.raises(CaseTaken):
        case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    case_link(by=by, uid=two.uid, other=one.uid, kind="duplicate")
    with pytest.raises(CaseMoved):
        case_link(by=personas.officer.actor, uid=one.uid, other=two.uid, kind="duplicate")


def test_a_duplicate_marks_the_other_only_where_its_reporter_waits(case, personas, deliver):
    by, one, two, three = personas.analyst.actor, case(), case(), case()
    case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    two.refresh_from_db()
    assert (two.reporter_unread, two.reporter_waits_since) == (False, None)
    # Of two that wait, the longer wait counts.
    for row, hours in ((two, 1), (three, 5)):
        with held_at(now() + timedelta(hours=hours)):
            reporter_write(by=PUBLIC, report=row.report_uid, words="thêm")
            deliver()
        row.refresh_from_db()
    earlier = two.reporter_waits_since
    assert earlier < three.reporter_waits_since
    case_link(by=by, uid=three.uid, other=two.uid, kind="duplicate")
    two.refresh_from_db()
    assert (two.reporter_unread, two.reporter_waits_since) == (True, earlier)


def test_a_related_link_is_taken_back_and_moves_nothing(case, personas):
    by, one, two = personas.analyst.actor, case(), case()
    case_claim(by=by, uid=one.uid)
    case_close(by=by, uid=one.uid, outcome="helped")
    link = case_link(by=by, uid=one.uid, other=two.uid, kind="related")
    link_undo(by=by, uid=link)
    one.refresh_from_db()
    assert (one.status, one.outcome) == ("closed", "helped")
    assert report_get(one.report_uid).status == "closed"
    for row in (one, two):
        assert row.timeline.filter(kind="unlinked").count() == 1


def test_it_closes_into_no_closed_case_and_no_closed_one(case, personas):
    by, one, two = personas.analyst.actor, case(), case()
    case_claim(by=by, uid=one.uid)
    case_close(by=by, uid=one.uid, outcome="helped")
    for uid, other in ((one.uid, two.uid), (two.uid, one.uid)):
        with pytest.raises(CaseMoved):
            case_link(by=by, uid=uid, other=other, kind="duplicate")
    with pytest.raises(NotFound):
        link_undo(by=by, uid=uuid4())


def test_it_hands_out_the_keys_that_a_person_has(case, personas, monkeypatch):
    """Who came after the key changed reads what came since; another refusal is no missing copy."""
    row, by = case(), personas.analyst
    desk_key_rotate(by=personas.administrator.actor, organisation=personas.organisation)
    current = desk_key_home().uid
    by.person.wraps.exclude(desk_key__uid=current).delete()
    held = case_keys(by=by.actor, uid=row.uid, unlocked=by.unlocked)
    assert set(held) == {current}
    with pytest.raises(LachanError) as wrong:
        case_keys(by=by.actor, uid=row.uid, unlocked=keypair_new().private)
    assert wrong.value.code != "key-missing"


def test_a_duplicate_is_opened_again_by_undoing_its_link_alone(case, personas):
    by, one, two = personas.analyst.actor, case(), case()
    case_link(by=by, uid=one.uid, other=two.uid, kind="duplicate")
    with pytest.raises(CaseMoved):
        case_reopen(by=by, uid=one.uid)
    one.refresh_from_db()
    assert (one.status, one.outcome) == ("closed", "duplicate")
