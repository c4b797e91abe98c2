"""What holds for every known name, whoever adds a file."""

import re
from collections import Counter
from itertools import combinations

import pytest

from lachan.country.help_lines import help_line_list
from lachan.formats.known_names.loading import (
    never_blocked,
    reviewed_read,
    safe_search_list,
    safe_search_targets,
    service_get,
    service_kind_list,
    service_list,
    services_of,
    way_kind_list,
    ways_round_list,
)
from lachan.formats.known_names.overlay import known_as, never_blocked_verdicts, overlay_verdicts
from lachan.formats.observables.names import canonical_name, is_public_suffix, suffixes
from lachan.formats.observables.wire import domain_to_wire
from lachan.kernel.errors import NotFound

LANGUAGES = {"vi", "en", "fr"}
NEVER = {each.name: each for each in never_blocked()}
OWNERS = {name: service.code for service in service_list() for name in service.domains}
WAYS = {each.name: each.kind for each in ways_round_list()}


def above(name, table):
    """The entries of `table` at a name or above it."""
    return [each for each in suffixes(name) if each in table]


def names():
    searched = (name for row in safe_search_list() for name in (*row.names, row.target))
    return {*NEVER, *OWNERS, *WAYS, *searched}


def test_it_knows_enough():
    assert len(service_list()) >= 60
    assert len(NEVER) >= 400
    assert len(WAYS) >= 150
    assert {row.engine for row in safe_search_list()} >= {"google", "youtube", "bing", "duckduckgo"}


def test_every_name_is_canonical_and_somebody_s_own():
    for name in names():
        assert canonical_name(name) == name
        assert not is_public_suffix(name) or name in WAYS, name
        assert domain_to_wire(name)


def test_each_name_stands_once():
    listed = [each.name for each in never_blocked()]
    listed += [name for service in service_list() for name in service.domains]
    listed += [each.name for each in ways_round_list()]
    assert [name for name, times in Counter(listed).items() if times > 1] == []


def test_nothing_that_can_be_chosen_meets_what_is_never_blocked():
    for table in (OWNERS, WAYS):
        assert [name for name in table if above(name, NEVER)] == []
        assert [name for name in NEVER if above(name, table)] == []


def test_a_way_round_is_no_service():
    assert [name for name in WAYS if above(name, OWNERS)] == []
    assert [name for name in OWNERS if above(name, WAYS)] == []


def test_nothing_stands_below_what_covers_it_already():
    for table, owner in ((OWNERS, OWNERS.get), (WAYS, WAYS.get)):
        for name in table:
            holders = [owner(each) for each in above(name, table)]
            assert len(holders) == len(set(holders)), name
    assert [name for name in NEVER if len(above(name, NEVER)) > 1] == []


@pytest.mark.parametrize("service", service_list(), ids=lambda each: each.code)
def test_a_service_is_whole(service):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", service.code)
    assert service.kind in {kind.code for kind in service_kind_list()}
    assert set(service.name) == set(service.said) == LANGUAGES
    for text in (*service.name.values(), *service.said.values()):
        assert text.strip() == text != ""
    assert all(said.endswith(".") and len(said) < 100 for said in service.said.values())
    assert 1 <= len(service.tile) <= 2
    assert service.domains
    assert service.source
    holders = {OWNERS[each] for name in service.domains for each in above(name, OWNERS)}
    assert set(service.within) == holders - {service.code}
    assert service_get(service.code) is service


def test_it_says_when_there_is_no_such_service():
    with pytest.raises(NotFound):
        service_get("no-such")
    with pytest.raises(NotFound):
        services_of("no-such")


def test_a_rule_names_a_service_or_a_whole_kind():
    kinds = {kind.code for kind in service_kind_list()}
    assert kinds.isdisjoint(each.code for each in service_list())
    assert services_of("zalo") == {"zalo"}
    assert services_of("chat") >= {"zalo", "messenger", "telegram"}
    assert frozenset().union(*map(services_of, kinds)) == {each.code for each in service_list()}


def test_kinds_are_told_in_every_language():
    for kind in service_kind_list():
        assert set(kind.name) == LANGUAGES
        assert [each for each in service_list() if each.kind == kind.code], kind.code
    for way in way_kind_list():
        assert set(way.name) == set(way.said) == LANGUAGES
        assert way.code in WAYS.values()
    assert {way.code for way in way_kind_list()} >= set(WAYS.values())


def test_some_ways_round_are_only_ever_shown():
    assert {way.code for way in way_kind_list() if not way.closes} == {"carrier", "dynamic-dns"}


def test_help_lines_say_why_and_what_they_are():
    assert {each.care for each in never_blocked()} == {"help", "care"}
    assert all(3 < len(each.why) < 90 for each in never_blocked())
    assert sum(each.care == "help" for each in never_blocked()) >= 100
    whys = " ".join(each.why for each in never_blocked() if each.kind == "help-lines-vietnam")
    assert [line.number for line in help_line_list() if line.number not in whys] == []


def test_safe_search_has_one_usual_mode_an_engine():
    for row in safe_search_list():
        usual = [
            each
            for each in safe_search_list()
            if each.engine == row.engine and each.is_usual and set(each.names) & set(row.names)
        ]
        assert len(usual) == 1, row.engine
        assert row.target not in row.names
        assert row.source
    targets = safe_search_targets()
    assert targets["www.google.com.vn"] == targets["www.google.fr"] == "forcesafesearch.google.com"
    assert targets["www.youtube.com"] == "restrictmoderate.youtube.com"
    assert safe_search_targets(youtube="strict")["m.youtube.com"] == "restrict.youtube.com"
    for one, other in combinations(safe_search_list(), 2):
        if one.engine != other.engine:
            assert not set(one.names) & set(other.names)


def test_a_restricted_mode_is_reached_unless_the_service_itself_is_blocked():
    for row in safe_search_list():
        owners = {OWNERS[each] for name in row.names for each in above(name, OWNERS)}
        targets = {OWNERS[each] for each in above(row.target, OWNERS)}
        assert targets <= owners, row.engine
        assert not above(row.target, WAYS)


def test_the_overlay_names_each_once_and_never_leaves_help_to_a_rule():
    verdicts = {each.value: each for each in overlay_verdicts()}
    assert len(verdicts) == len(overlay_verdicts()) == len({*NEVER, *OWNERS, *WAYS})
    assert verdicts["tongdai111.vn"].categories == ("never:help",)
    assert verdicts["scarleteen.com"].categories == ("never:care",)
    assert {verdicts[name].action for name in NEVER} == {"allow"}
    assert verdicts["zalo.me"].categories == ("service:zalo", "service:chat")
    assert verdicts["dns.google"].categories == ("way-round:doh",)
    assert verdicts["dns.google"].action == "block"
    assert verdicts["translate.goog"].action == "warn"


def test_this_instance_s_own_host_is_help():
    own = {each.value: each for each in never_blocked_verdicts(["bao.example", "tongdai111.vn"])}
    assert own["bao.example"].categories == own["tongdai111.vn"].categories == ("never:help",)
    assert len(own) == len(NEVER) + 1


@pytest.mark.parametrize(
    ("name", "categories"),
    [
        ("chat.zalo.me", ("service:zalo", "service:chat")),
        ("lienquan.garena.vn", ("service:lien-quan", "service:game")),
        ("www.garena.vn", ("service:garena", "service:game")),
        ("abc123.dns.nextdns.io", ("way-round:doh",)),
        ("www.tongdai111.vn", ("never:help",)),
    ],
)
def test_it_says_what_a_name_is_by_the_longest_suffix(name, categories):
    assert known_as(name).categories == categories


def test_it_says_nothing_of_what_it_does_not_know():
    assert known_as("unknown.example") is None
    assert known_as("notzalo.me") is None


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'[{"name": "unknown.example", "who": ["A", "B"], "why": "a reason of length", "on": "2026-11-30"}]',
        b'[{"name": "hrw.org", "who": ["A", "A"], "why": "a reason of length", "on": "2026-11-30"}]',
        b'[{"name": "hrw.org", "who": ["A"], "why": "a reason of length", "on": "2026-11-30"}]',
        b'[{"name": "hrw.org", "who": ["A", "B"], "why": "short", "on": "2026-11-30"}]',
    ],
)
def test_a_review_that_nobody_signed_twice_is_none(raw):
    with pytest.raises(ValueError):  # noqa: PT011  msgspec's own is one too
        reviewed_read(raw)


def test_a_review_is_read():
    raw = (
        b'[{"name": "hrw.org", "who": ["A", "B"], "why": "a reason of length", "on": "2026-11-30"}]'
    )
    reviewed = reviewed_read(raw)
    assert [each.name for each in reviewed] == ["hrw.org"]
    names = {each.value for each in overlay_verdicts(reviewed=reviewed)}
    assert {each.value for each in overlay_verdicts()} - names == {"hrw.org"}
