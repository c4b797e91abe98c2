"""What an organisation that sees no amber can learn of it: nothing, whatever it asks and does."""

import io
from uuid import uuid4

import pytest

from lachan.indicators import services
from lachan.indicators.models import Indicator, ListImport
from lachan.indicators.records import COMMUNITY, MEMBERS, Effect, IndicatorExists, Status
from lachan.indicators.selectors import (
    import_rows,
    indicator_get,
    indicator_history,
    indicator_list,
    indicator_row,
    indicator_warnings,
    ledger_head,
    ledger_list,
    ledger_verify,
    projection_at,
    quarantined_rows,
)
from lachan.kernel.errors import LachanError
from lachan.members.models import Organisation
from lachan.members.records import Role, system

from .conftest import make_actor

pytestmark = pytest.mark.django_db
VALUE = "kin.example"


@pytest.fixture(params=["school", "partner"])
def school(request):
    return Organisation.objects.create(name="Trường mẫu", type=request.param)


@pytest.fixture
def teacher(school):
    return make_actor(school, Role.ANALYST)


@pytest.fixture
def head(school):
    return make_actor(school, Role.REVIEWER)


def told(act):
    """What an act answers, as far as it is not of this one thing alone."""
    try:
        found = act()
    except LachanError as error:
        return error.code, str(error), str(getattr(error, "uid", ""))
    return found.status, found.tlp, found.warnings


def both(act, *, hidden=VALUE, unknown="khac.example"):
    return told(lambda: act(hidden)), told(lambda: act(unknown))


@pytest.mark.parametrize("tlp", ["clear", "green", "amber", "amber+strict", "red"])
@pytest.mark.parametrize("then", ["stands", "taken back"])
def test_it_answers_a_proposal_as_if_amber_were_not_there(
    publish, reviewer, teacher, head, tlp, then
):
    amber = publish(VALUE, tlp="amber")
    if then == "taken back":
        services.indicator_withdraw(by=reviewer, indicator=amber.uid)

    def whole(value):
        made = services.indicator_propose(by=teacher, value=value, category="scam", tlp=tlp)
        row = indicator_row(by=head, indicator=made.uid)
        assert indicator_warnings(by=head, row=row) == ()
        return services.indicator_review(by=head, indicator=made.uid, decision="approve")

    hidden, unknown = both(whole)
    assert hidden == unknown == (Status.PUBLISHED, tlp, ())
    assert {row.status for row in indicator_list(by=teacher)} == {Status.PUBLISHED}
    assert ledger_verify().fault == ""


@pytest.mark.parametrize("tlp", ["amber+strict", "red"])
def test_its_own_entry_outlives_amber_that_it_does_not_see(publish, teacher, head, tlp):
    own = publish(VALUE, by=teacher, reviewer=head, tlp=tlp)
    publish(VALUE, tlp="amber")
    now = indicator_get(by=teacher, indicator=own.uid)
    assert (now.status, now.seq) == (Status.PUBLISHED, own.seq)
    # What it sees covers it.
    other = Organisation.objects.create(name="Doanh nghiệp", type="enterprise")
    firm, boss = make_actor(other, Role.ANALYST), make_actor(other, Role.REVIEWER)
    publish("xanh.example", by=teacher, reviewer=head, tlp=tlp)
    publish("xanh.example", by=firm, reviewer=boss, tlp="green")
    own = [r for r in indicator_list(by=teacher, text="xanh") if r.tlp == tlp]
    assert [r.status for r in own] == [Status.COVERED]


def test_widening_its_own_meets_no_amber(publish, teacher, head):
    own = publish(VALUE, by=teacher, reviewer=head, tlp="red")
    publish(VALUE, tlp="amber")
    for tlp in ("clear", "amber", "red", "green"):
        done = services.indicator_reshare(by=head, indicator=own.uid, tlp=tlp)
        assert (done.tlp, done.status) == (tlp, Status.PUBLISHED)
    assert ledger_verify().fault == ""


def test_amber_goes_on_when_what_hid_it_ends(publish, teacher, head):
    """Whoever keeps a list by value hears first that the open one is gone, then that the amber one stands."""
    amber = publish(VALUE, tlp="amber")
    opened = publish(VALUE, by=teacher, reviewer=head)
    before = ledger_head()
    services.indicator_withdraw(by=head, indicator=opened.uid)
    effects = [(e.effect, e.uid) for e in ledger_list(after=before, audience=MEMBERS)]
    assert effects == [(Effect.REMOVE, opened.uid), (Effect.ADD, amber.uid)]
    assert [e.effect for e in ledger_list(after=before, audience=COMMUNITY)] == [Effect.REMOVE]
    assert [e.uid for e in projection_at(ledger_head(), MEMBERS)] == [amber.uid]


def test_a_member_still_meets_what_it_sees(publish, outsider):
    amber = publish(VALUE, tlp="amber")
    for tlp in ("clear", "green", "amber"):
        with pytest.raises(IndicatorExists) as exists:
            services.indicator_propose(by=outsider, value=VALUE, category="scam", tlp=tlp)
        assert exists.value.uid == amber.uid


def test_no_member_s_reviewer_tells_a_school_of_amber(publish, reviewer, outsider, teacher):
    """The second person may come from another house and see more than the first."""
    publish(VALUE, tlp="amber")
    back = publish("lui.example", tlp="amber")
    services.indicator_withdraw(by=reviewer, indicator=back.uid)
    for value in (VALUE, "lui.example"):
        made = services.indicator_propose(by=teacher, value=value, category="scam", tlp="clear")
        done = services.indicator_review(by=outsider, indicator=made.uid, decision="approve")
        assert done.status == Status.PUBLISHED
        assert indicator_get(by=teacher, indicator=made.uid).warnings == ()


def test_no_warning_that_rests_on_amber_is_kept_where_a_school_reads_it(
    publish, reviewer, analyst, teacher
):
    back = publish("lui.example", tlp="amber")
    services.indicator_withdraw(by=reviewer, indicator=back.uid)
    made = services.indicator_propose(by=analyst, value="lui.example", category="scam")
    assert [w.rule for w in made.warnings] == ["withdrawn-before"]  # the member is warned
    assert indicator_get(by=teacher, indicator=made.uid).warnings == ()
    services.indicator_review(
        by=reviewer, indicator=made.uid, decision="approve", override_reason="It is bad again."
    )
    assert indicator_get(by=teacher, indicator=made.uid).warnings == ()
    assert Indicator.objects.get(uid=made.uid).warnings == []


def test_a_history_shows_each_reader_what_it_saw_at_the_time(publish, reviewer, teacher, outsider):
    found = publish(VALUE, tlp="amber")
    second = make_actor(Organisation.objects.get(pk=reviewer.organisation_id), Role.REVIEWER)
    for tlp in ("green", "amber", "green"):
        services.indicator_reshare(by=second, indicator=found.uid, tlp=tlp)

    def seen(by):
        rows = indicator_history(by=by, row=indicator_row(by=by, indicator=found.uid))
        return [(row.effect, row.tlp) for row in reversed(rows)]

    assert seen(teacher) == [(Effect.ADD, "green"), (Effect.REMOVE, "green"), (Effect.ADD, "green")]
    assert [tlp for _, tlp in seen(outsider)] == ["amber", "green", "amber", "green"]


def test_imports_count_what_is_hidden_and_are_no_school_s_to_read(school, teacher, analyst):
    services.list_import(
        by=system("lachan import"), stream=io.BytesIO(b"a.example\n???\n"), file_name="l",
        category="scam", tlp="amber",
    )  # fmt: skip
    (row,) = ListImport.objects.all()
    assert list(import_rows(by=analyst)) == [row]
    assert list(import_rows(by=teacher)) == []
    assert list(quarantined_rows(by=teacher, list_import=row.uid)) == []
    assert quarantined_rows(by=analyst, list_import=row.uid).count() == 1


def test_the_case_of_an_indicator_is_for_those_alone_who_may_read_it(
    analyst, reviewer, outsider, teacher, hotline
):
    case = uuid4()
    made = services.indicator_propose(by=analyst, value=VALUE, category="scam", case_uid=case)
    services.indicator_review(by=reviewer, indicator=made.uid, decision="approve")
    technician = make_actor(hotline, Role.TECHNICAL)
    for by, seen in ((analyst, case), (reviewer, case), (system("x"), case)):
        assert indicator_get(by=by, indicator=made.uid).case_uid == seen
    for by in (outsider, teacher, technician):
        assert indicator_get(by=by, indicator=made.uid).case_uid is None
        assert {row.case_uid for row in indicator_list(by=by)} == {None}
    assert [r.uid for r in indicator_list(by=analyst, case_uid=case)] == [made.uid]
    assert indicator_list(by=outsider, case_uid=case) == []


def test_an_import_of_its_own_meets_no_amber(publish, head):
    publish(VALUE, tlp="amber")
    lists = [
        services.list_import(
            by=head, stream=io.BytesIO(value.encode()), file_name="l", category="scam"
        )
        for value in (VALUE, "khac.example")
    ]
    assert [(each.published, each.duplicate) for each in lists] == [(1, 0), (1, 0)]
    assert ledger_verify().fault == ""
