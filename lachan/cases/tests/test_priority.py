from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.cases.priority import FIELDS, MOMENTS, Rules, rate, rules
from lachan.cases.records import Facts

T0 = datetime(2026, 11, 2, 3, tzinfo=UTC)
TEXT = {"vi": "a", "en": "b", "fr": "c"}


def facts(**changes):
    plain = {
        "category": "other",
        "urgency": "calm",
        "province": "25",
        "language": "vi",
        "status": "claimed",
        "opened_at": T0,
    }
    return Facts(**(plain | changes))


def entry(code, when, **changes):
    plain = {
        "code": code,
        "weight": 10,
        "when": when,
        "text": TEXT,
        "source": "x",
        "valid_from": "2026-01-01",
        "valid_until": None,
    }
    return plain | changes


def of(*conditions, clocks=()):
    return Rules({"rules": [entry(str(i), c) for i, c in enumerate(conditions)], "clocks": clocks})


def test_it_puts_danger_above_all_else_and_says_why():
    danger = rate(facts(urgency="danger"), T0)
    worst_other = max(
        rate(facts(category=category, urgency="soon"), T0).score
        for category in ("contact.sexual", "conduct.sexual", "maltreatment", "contract.scam")
    )
    assert danger.score > worst_other
    assert danger.reasons[0].code == "danger"
    assert sum(reason.weight for reason in danger.reasons) == danger.score


def test_it_runs_the_clock_of_the_law_only_for_danger():
    danger = rate(facts(urgency="danger"), T0)
    clock = next(c for c in danger.clocks if c.legal)
    assert clock.due_at == T0 + timedelta(hours=12)
    assert all("56/2017" in words for words in clock.source.values())
    assert danger.due_at == clock.due_at
    assert not any(c.legal for c in rate(facts(), T0).clocks)


def test_it_stops_a_clock_that_was_met():
    rated = rate(facts(urgency="danger", clocks_met=("emergency-measures",)), T0)
    assert rated.due_at == T0 + timedelta(hours=24)


def test_it_says_when_time_alone_will_change_it():
    rated = rate(facts(urgency="danger"), T0)
    assert rated.next_at == T0 + timedelta(hours=2)
    at = T0
    scores = []
    while (rated := rate(facts(urgency="danger", status="new"), at)).next_at:
        scores.append(rated.score)
        at = rated.next_at
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_it_counts_waiting_from_when_the_reporter_wrote():
    later = T0 + timedelta(days=9)
    assert "wrote" not in {r.code for r in rate(facts(), later).reasons}
    codes = {r.code for r in rate(facts(reporter_waits_since=T0), later).reasons}
    assert {"wrote", "wrote-4h"} <= codes


def test_it_keeps_to_days_of_validity_where_the_law_holds():
    using = Rules(
        {
            "rules": [
                entry("old", ["all"], valid_until="2026-11-03"),
                entry("new", ["all"], valid_from="2026-11-03"),
            ],
            "clocks": [],
        }
    )
    # Midnight in Viet Nam is 17:00 UTC of the day before.
    eve = datetime(2026, 11, 2, 16, 59, tzinfo=UTC)
    rated = rate(facts(), eve, using)
    assert [r.code for r in rated.reasons] == ["old"]
    assert rated.next_at == eve + timedelta(minutes=1)
    assert [r.code for r in rate(facts(), rated.next_at, using).reasons] == ["new"]


@pytest.mark.parametrize(
    "condition",
    [
        ["is", "words", "x"],
        ["is", "category"],
        ["passed", "closed_at", 3],
        ["passed", "opened_at", "3"],
        ["eval", "1"],
        ["not"],
        [],
        "all",
        ["all", ["__class__"]],
        None,
    ],
)
def test_it_refuses_a_rule_that_it_does_not_know(condition):
    with pytest.raises(ValueError, match=r"^0: "):
        of(condition)


def test_it_refuses_a_rule_without_words_in_each_language_or_with_a_taken_code():
    with pytest.raises(ValueError, match="language"):
        Rules({"rules": [entry("a", ["all"], text={"vi": "a"})], "clocks": []})
    with pytest.raises(ValueError, match="taken"):
        Rules({"rules": [entry("a", ["all"]), entry("a", ["all"])], "clocks": []})


atoms = st.one_of(
    st.tuples(st.just("is"), st.sampled_from(FIELDS), st.sampled_from(["calm", "new", True])),
    st.tuples(st.just("passed"), st.sampled_from(MOMENTS), st.integers(0, 100)),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.lists(inner, max_size=3).map(lambda found: ("all", *found)),
        st.lists(inner, max_size=3).map(lambda found: ("any", *found)),
    ),
    max_leaves=6,
)


@given(conditions, st.integers(0, 120), st.booleans())
def test_it_never_changes_before_it_says_so(condition, hours, waits):
    using = of(condition)
    case = facts(reporter_waits_since=T0 if waits else None)
    at = T0 + timedelta(hours=hours)
    rated = rate(case, at, using)
    before = (rated.next_at or at + timedelta(days=30)) - timedelta(seconds=1)
    if before > at:
        assert rate(case, before, using).score == rated.score


@given(conditions)
def test_it_knows_the_opposite(condition):
    using = of(condition, ["not", condition])
    assert len(rate(facts(), T0, using).reasons) == 1


def test_its_own_rules_name_categories_that_exist():
    from lachan.formats.classification.categories import categories

    def codes(condition):
        word, *rest = condition
        if word == "is" and rest[0] == "category":
            yield from rest[1:]
        for inner in rest if word in {"all", "any", "not"} else ():
            yield from codes(inner)

    named = {code for rule in rules().rules for code in codes(rule["when"])}
    assert named
    assert named <= set(categories())
