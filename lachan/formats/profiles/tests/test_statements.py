"""Rules as parts of sentences."""

from lachan.formats.profiles.age_bands import age_band_get
from lachan.formats.profiles.rules import Budget, Rules, Slot
from lachan.formats.profiles.statements import statements

WORKDAYS, EVERY = frozenset(range(5)), frozenset(range(10))


def test_it_says_each_rule_in_one_sentence():
    found = statements(age_band_get("9-11").rules(Budget(each=60, together=180)))
    assert [one.kind for one in found] == [
        "bedtime", "always", "always", "budget", "safe-search", "ways-round",
    ]  # fmt: skip
    night, services, categories, budget, _, ways = found
    assert night.everything
    assert [(one.days, one.start, one.end, one.next_day) for one in night.times] == [
        ("school-nights", 84, 24, True), ("free-nights", 88, 28, True),
    ]  # fmt: skip
    assert "social" in services.services
    assert "content" in categories.categories
    assert (budget.budget.each, budget.services) == (60, ("game",))
    assert ways.closed


def test_it_says_that_games_are_open_only_at_times():
    games = frozenset({"game"})
    rules = Rules(
        services=games | {"tiktok"},
        slots=(
            Slot(effect="open", services=games, days=WORKDAYS, start=68, end=76),
            Slot(effect="open", services=games, days=frozenset({5, 6}), start=36, end=96),
            Slot(why="homework", services=frozenset({"zalo"}), days=frozenset({0, 3}), start=1, end=2),
            Slot(services=frozenset({"zalo"}), days=EVERY, start=1, end=2),
        ),
    )  # fmt: skip
    homework, evening, only, always, ways = statements(rules)
    assert (homework.kind, homework.times[0].days, homework.times[0].kinds) == ("homework", "these", (0, 3))  # fmt: skip
    assert (evening.kind, evening.times[0].days) == ("at-times", "every-day")
    assert (only.kind, only.services) == ("only-at", ("game",))
    assert [(one.days, one.start, one.end, one.next_day) for one in only.times] == [
        ("weekdays", 68, 76, False), ("weekend", 36, 96, False),
    ]  # fmt: skip
    assert (always.kind, always.services) == ("always", ("tiktok",))
    assert not ways.closed


def test_it_says_little_where_little_is_set():
    assert [one.kind for one in statements(Rules(budget=Budget()))] == ["ways-round"]
