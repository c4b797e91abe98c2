"""What a child may try to pass the family's rules by, each against the defaults of every age band.

usage: bypass.py [--page]
The ways stand in bypass.json: what the child does, which questions that asks, what is expected. The child's rules are
the band's defaults, and five services that a parent closed besides. Outcomes:
    closed      a name that the way needs is blocked
    restricted  the search or video site answers in its restricted mode
    shown       nothing is blocked, but the way is known: a page can say that it stands open
    open        nothing is known of it
    unseen      it asks nothing of us: no DNS server could tell
Prints one JSON object; with --page the table of docs/howto/ways-round.md. Ends with 1 where a way fares otherwise
than is written.
"""

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import msgspec

from lachan.edge.dns.known import known_build, known_reader, safe_targets
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.policy import ALLOW, BLOCK, Policy, policy_of
from lachan.formats.known_names.loading import services_of
from lachan.formats.known_names.overlay import known_as
from lachan.formats.known_names.records import WAY_ROUND
from lachan.formats.observables.names import canonical_name
from lachan.formats.observables.wire import domain_to_wire
from lachan.formats.profiles.age_bands import Band, age_band_get, age_bands
from lachan.formats.profiles.records import RuleSet
from lachan.formats.snapshot.reader import SnapshotReader

WAYS = Path(__file__).parent / "bypass.json"
CHOSEN = frozenset({"facebook", "roblox", "tiktok", "x", "youtube"})
BANDS: tuple[Band, ...] = tuple(band.code for band in age_bands())


class Way(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that a child tries.

    Attributes:
        asks: names that must all be answered for it to work; none where no question is asked.
        leads_to: names to which those are aliases.
        because: why it is not closed.
    """

    id: str
    does: str
    asks: tuple[str, ...]
    leads_to: tuple[str, ...] = ()
    expected: dict[Band, str]
    because: str = ""


def ways() -> tuple[Way, ...]:
    return msgspec.json.decode(WAYS.read_bytes(), type=tuple[Way, ...])


def rules_of(band: Band) -> RuleSet:
    """The band's defaults by day, and what the parent closed besides."""
    rules = age_band_get(band).rules()
    return RuleSet(
        categories=rules.categories,
        services=frozenset().union(*map(services_of, rules.services | CHOSEN)),
        safe_search=rules.safe_search,
        ways_round=rules.ways_round == "closed",
    )


@cache
def _layers() -> Layers:
    known = known_reader()
    known_build(known)
    return Layers(SnapshotReader("/nonexistent"), known=known)


def decided(rules: RuleSet, name: str) -> str:
    """What becomes of a name by the edge's own layers."""
    wire = domain_to_wire(name)
    effect, _ = _layers().decide(policy_of(Policy(), rules), wire)
    if effect in {BLOCK, ALLOW}:
        return "closed" if effect == BLOCK else "allowed"
    if rules.safe_search and wire in safe_targets():
        return "restricted"
    known = known_as(name)
    way = known is not None and any(each.startswith(WAY_ROUND) for each in known.categories)
    return "shown" if way else "open"


def outcome(way: Way, rules: RuleSet) -> str:
    found = {decided(rules, canonical_name(name)) for name in (*way.asks, *way.leads_to)}
    order = ("closed", "restricted", "shown", "open", "allowed")
    return next((each for each in order if each in found), "unseen")


def score() -> dict:
    tried = ways()
    wrong, by_band = [], {}
    for band in BANDS:
        fared = {way.id: outcome(way, rules_of(band)) for way in tried}
        by_band[band] = dict(Counter(fared.values()))
        wrong += [
            [way.id, band, fared[way.id], way.expected[band]]
            for way in tried
            if fared[way.id] != way.expected[band]
        ]
    held = {
        band: sum(found.get(each, 0) for each in ("closed", "restricted"))
        for band, found in by_band.items()
    }
    return {
        "tried": len(tried),
        "held": {band: f"{number} of {len(tried)}" for band, number in held.items()},
        "outcomes": by_band,
        "otherwise_than_written": wrong,
        "ok": not wrong and len(tried) >= 50,
    }


def page() -> str:
    """The table of the docs: the score, then what is not held, then what is."""
    found = score()
    rows = ["| age | held | " + " | ".join(_OUTCOMES) + " |", "|---|---|" + "---|" * len(_OUTCOMES)]
    for band, outcomes in found["outcomes"].items():
        counts = " | ".join(str(outcomes.get(each, 0)) for each in _OUTCOMES)
        rows.append(f"| {band} | {found['held'][band]} | {counts} |")
    rows += [
        "",
        "## What is not held",
        "| the child … | up to 15 | 16 and 17 | why |",
        "|---|---|---|---|",
    ]
    rows += [_row(way, way.because) for way in ways() if way.because]
    rows += [
        "",
        "## What is held",
        "| the child … | up to 15 | 16 and 17 | asks for |",
        "|---|---|---|---|",
    ]
    rows += [
        _row(way, ", ".join(f"`{name}`" for name in (*way.asks, *way.leads_to)))
        for way in ways()
        if not way.because
    ]
    return "\n".join(rows)


_OUTCOMES = ("closed", "restricted", "shown", "open", "unseen")


def _row(way: Way, last: str) -> str:
    return f"| {way.does} | {way.expected['9-11']} | {way.expected['16-17']} | {last} |"


def main() -> None:
    found = score()
    print(page() if "--page" in sys.argv[1:] else json.dumps(found, ensure_ascii=False))
    raise SystemExit(not found["ok"])


if __name__ == "__main__":
    main()
