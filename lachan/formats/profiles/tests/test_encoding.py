"""Rules as they rest, and what is refused on reading and on setting them."""

import contextlib
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.classification.categories import categories
from lachan.formats.profiles.age_bands import UnknownBand, age_band_get, age_bands
from lachan.formats.profiles.checking import Known, overrides_check, rules_check
from lachan.formats.profiles.encoding import (
    override_bytes,
    override_grouped,
    override_read,
    rules_bytes,
    rules_grouped,
    rules_read,
)
from lachan.formats.profiles.rules import Budget, InvalidRules, Override, Rules, Slot

GROUPS = {"game": frozenset({"roblox", "steam"}), "empty": frozenset()}
KNOWN = Known(
    categories={"content", "content.values", "contract"},
    services={"roblox", "steam"},
    groups=GROUPS,
)
DAYS = frozenset(range(10))


@pytest.mark.parametrize("band", age_bands(), ids=lambda band: band.code)
def test_it_reads_what_it_wrote(band):
    rules = band.rules(Budget(each=60, together=180))
    assert rules_read(rules_bytes(rules)) == rules
    assert rules_bytes(rules_read(rules_bytes(rules))) == rules_bytes(rules)


@given(st.permutations(["a", "b", "c", "d", "e"]))
def test_it_writes_equal_rules_alike(codes):
    one = Rules(services=frozenset(codes))
    assert rules_bytes(one) == rules_bytes(Rules(services=frozenset("abcde")))
    said = Override(kind="open", services=frozenset(codes), start=1, until=2)
    assert override_bytes(said) == override_bytes(override_read(override_bytes(said)))


SLOT = {"everything": True, "days": [0], "start": 0, "end": 96}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
        (b"\xff\xfe", "no JSON object"),
        ({"version": 2, "whatever": 1}, "later program"),
        ({"version": 0}, "version"),
        ({"version": "1"}, "version"),
        ({"service": []}, "service"),
        ({"services": ["UPPER"]}, r"\$\.services"),
        ({"services": ["a b"]}, r"\$\.services"),
        ({"services": [""]}, r"\$\.services"),
        ({"services": ["a" * 64]}, r"\$\.services"),
        ({"services": [f"s{n}" for n in range(513)]}, r"\$\.services"),
        ({"safe_search": 1}, r"\$\.safe_search"),
        ({"ways_round": "open"}, r"\$\.ways_round"),
        ({"slots": [SLOT] * 65}, r"\$\.slots"),
        ({"slots": [SLOT | {"days": []}]}, r"\$\.slots\[0\]\.days"),
        ({"slots": [SLOT | {"days": [10]}]}, r"\$\.slots\[0\]\.days"),
        ({"slots": [SLOT | {"start": 96}]}, r"\$\.slots\[0\]\.start"),
        ({"slots": [SLOT | {"start": -1}]}, r"\$\.slots\[0\]\.start"),
        ({"slots": [SLOT | {"start": 1.5}]}, r"\$\.slots\[0\]\.start"),
        ({"slots": [SLOT | {"end": 0}]}, r"\$\.slots\[0\]\.end"),
        ({"slots": [SLOT, SLOT | {"services": ["roblox"]}]}, r"\$\.slots\[1\]"),
        ({"slots": [{"everything": True}]}, "days"),
        ({"budget": {"each": 1441}}, r"\$\.budget\.each"),
        ({"budget": {"each": -1}}, r"\$\.budget\.each"),
    ],
)  # fmt: skip
def test_it_says_where_rules_cannot_be_read(written, says):
    with pytest.raises(InvalidRules, match=says):
        rules_read(written if isinstance(written, str | bytes) else json.dumps(written))


def test_it_writes_nothing_that_it_would_not_read():
    with pytest.raises(InvalidRules):
        rules_bytes(Rules(services=frozenset({"Not a code"})))
    with pytest.raises(InvalidRules):
        override_bytes(Override(kind="pause", start=-5, until=5))


@given(st.binary() | st.text())
def test_it_bears_whatever_it_reads(data):
    for read in (rules_read, override_read):
        with contextlib.suppress(InvalidRules):
            read(data)


def test_it_replaces_a_group_by_its_services():
    slot = Slot(services=frozenset({"game"}), days=DAYS, start=0, end=96)
    rules = Rules(services=frozenset({"game", "zalo"}), slots=(slot,), budget=Budget(each=60))
    plain = rules_grouped(rules, GROUPS)
    assert plain.services == {"roblox", "steam", "zalo"}
    assert plain.slots[0].services == plain.budget.services == GROUPS["game"]
    said = Override(kind="open", services=frozenset({"game", "empty"}), start=1, until=2)
    assert override_grouped(said, GROUPS).services == {"roblox", "steam", "empty"}
    assert rules_grouped(Rules(), GROUPS) == Rules()


def opening(**named):
    codes = {name: frozenset(one) for name, one in named.items()}
    return Slot(effect="open", days=DAYS, start=0, end=8, **codes)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (Rules(services=frozenset({"zalo"})), "zalo: there is no such"),
        (Rules(categories=frozenset({"contact"})), "contact: there is no such"),
        (Rules(budget=Budget(each=1, services=frozenset({"zalo"}))), "zalo"),
        (Rules(slots=(opening(services={"zalo"}),)), "zalo: there is no such"),
        (Rules(slots=(opening(services={"roblox"}),)), "roblox: a slot opens only"),
        (Rules(services=frozenset({"steam"}), slots=(opening(services={"game"}),)), "roblox: a slot"),
        (Rules(slots=(opening(categories={"content"}),)), "content: a slot opens only"),
        (
            Rules(categories=frozenset({"content"}), slots=(opening(categories={"content.values"}),)),
            "content.values is blocked with content",
        ),
    ],
)  # fmt: skip
def test_it_refuses_to_set_what_would_do_nothing(rules, says):
    with pytest.raises(InvalidRules, match=says):
        rules_check(rules, KNOWN)


def test_it_takes_what_can_be_set():
    rules = Rules(
        services=frozenset({"game"}),
        categories=frozenset({"content.values"}),
        slots=(opening(services={"roblox"}, categories={"content"}),),
        budget=Budget(each=60),
    )
    rules_check(rules, KNOWN)
    steam = Override(kind="open", services=frozenset({"steam"}), start=1, until=2)
    values = Override(kind="open", categories=frozenset({"content.values"}), start=1, until=2)
    zalo = Override(kind="block", services=frozenset({"zalo"}), start=1, until=2)
    overrides_check([steam, values] * 16, rules, KNOWN)
    for overrides, wider, says in (
        ([steam, values], Rules(categories=frozenset({"content"})), "open that one"),
        ([steam, zalo], rules, "zalo"),
        ([steam] * 33, rules, "end one first"),
    ):
        with pytest.raises(InvalidRules, match=says):
            overrides_check(overrides, wider, KNOWN)


def test_its_age_bands_cover_childhood_and_give_reasons():
    bands = age_bands()
    assert [age for band in bands for age in range(band.first, band.last + 1)] == list(range(18))
    for band in bands:
        assert {one.kind for one in band.defaults} >= {"categories", "services", "safe-search", "ways-round", "bedtime"}  # fmt: skip
        assert band.rules().categories <= categories().keys()
        for one in band.defaults:
            assert set(one.reason) == {"vi", "en", "fr"}
            longest = [sentence for text in one.reason.values() for sentence in text.split(". ")]
            assert max(len(sentence.split()) for sentence in longest) <= 26
    with pytest.raises(UnknownBand, match="under-9, 9-11, 12-15, 16-17"):
        age_band_get("18")


def test_its_age_bands_loosen_with_age():
    rules = [band.rules() for band in age_bands()]
    for younger, older in pairwise(rules):
        assert older.categories <= younger.categories | {f"content.{one}" for one in ("abuse", "aggressive", "self-harm", "sexual")}  # fmt: skip
        assert older.services <= younger.services
        assert older.safe_search <= younger.safe_search
        assert (older.ways_round == "closed") <= (younger.ways_round == "closed")
