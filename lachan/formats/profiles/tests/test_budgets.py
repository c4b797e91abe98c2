"""A day's time for games: the law's figures, and what is spent."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.profiles.budgets import game_time_law, left, spent, spent_override
from lachan.formats.profiles.rules import Budget, Rules, rule_set_at
from lachan.kernel.country import held_in
from tests.country.countries import VN as VIET_NAM
from tests.country.countries import XA

GAMES = frozenset({"roblox", "steam", "garena", "minecraft"})
LAW = Budget(each=60, together=180, services=GAMES)
VN = "Asia/Ho_Chi_Minh"


def test_it_knows_what_the_law_says_of_an_age_on_a_day():
    with held_in(VIET_NAM):
        law = game_time_law(17, on=date(2026, 11, 30))
        assert (law.budget.each, law.budget.together) == (60, 180)
        assert "147/2024" in law.source["vi"]
        assert game_time_law(18, on=date(2026, 11, 30)) is None
        assert game_time_law(17, on=date(2024, 12, 24)) is None
    with held_in(XA):
        assert game_time_law(11, on=date(2026, 5, 31)).budget == Budget(together=45)
        assert game_time_law(15, on=date(2026, 5, 31)).budget == Budget(each=90, together=90)
        assert game_time_law(15, on=date(2026, 6, 1)) is None


@pytest.mark.parametrize(
    ("minutes", "services"),
    [
        ({}, set()),
        ({"roblox": 59}, set()),
        ({"roblox": 60}, {"roblox"}),
        ({"roblox": 60, "steam": 60, "garena": 59}, {"roblox", "steam"}),
        ({"roblox": 60, "steam": 60, "garena": 60}, GAMES),
        ({"roblox": 50, "steam": 50, "garena": 50, "minecraft": 30}, GAMES),
        ({"youtube": 900}, set()),
    ],
)
def test_it_says_which_games_are_spent(minutes, services):
    assert spent(LAW, minutes) == services


def test_it_counts_what_is_left():
    assert left(LAW, {}, "roblox") == 60
    assert left(LAW, {"roblox": 45, "steam": 60, "garena": 60}, "roblox") == 15
    assert left(LAW, {"steam": 60, "garena": 60, "minecraft": 55}, "roblox") == 5
    assert left(Budget(services=GAMES), {"roblox": 999}, "roblox") is None
    assert spent(Budget(each=0, services=GAMES), {}) == GAMES


@given(
    st.none() | st.integers(0, 200),
    st.none() | st.integers(0, 400),
    st.dictionaries(st.sampled_from(sorted(GAMES | {"youtube"})), st.integers(0, 300)),
)
def test_it_spends_exactly_when_a_limit_is_reached(each, together, minutes):
    games = {code: minutes.get(code, 0) for code in GAMES}
    right = {code for code, took in games.items() if each is not None and took >= each}
    if together is not None and sum(games.values()) >= together:
        right = GAMES
    assert spent(Budget(each=each, together=together, services=GAMES), minutes) == right


def test_it_blocks_what_is_spent_until_midnight_there():
    now = int(datetime(2026, 11, 30, 14, 7, 33, tzinfo=UTC).timestamp())
    said = spent_override(LAW, {"roblox": 60}, VN, now)
    assert said.until == int(datetime(2026, 11, 30, 17, tzinfo=UTC).timestamp())
    found = rule_set_at(Rules(), (said,), VN, {}, now)
    assert (found.services, found.why) == ({"roblox"}, "budget")
    assert rule_set_at(Rules(), (said,), VN, {}, said.until).services == frozenset()
    assert spent_override(LAW, {"roblox": 5}, VN, now) is None
