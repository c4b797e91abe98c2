"""Is help answered in every household? Prints one JSON object.

    python benchmarks/help_names.py [--households 100000] [--seed 10]

Random households: rules, weeks, pauses, bedtimes, zones, own names that deny help by its own name and by all above it;
below them lists that hold every help name in every category. Each is asked for two help names (the corpus's, names below
them, this instance's own) by plain DNS from its network, over TLS by its device's server name, over HTTPS by the path of
its address: by the plain path and, where it is there, by the compiled one.

- `blocked`: of `asked`, how many were not answered as upstream says (bar: 0)
- `counted`: how much the edge's count of blocked names rose (bar: 0)
- `written`: help names asked for that stand in the edge's output, its log, or its home's files (bar: 0)
- `closed`: ordinary names that were blocked at the same askers: without them the trial would prove nothing
"""

import argparse
import asyncio
import contextlib
import io
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":  # beside this file stands a `dns.py`, which is not the library
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import dns.message
import dns.rrset
import msgspec

from lachan.edge.dns.asker import HTTPS, TLS, UDP, Asker, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.doh import token_of
from lachan.edge.dns.http2 import Head
from lachan.edge.dns.known import known_build, known_reader
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.local import name_wire
from lachan.edge.dns.message import Reply, reply_parse
from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.names import OwnNames
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.profiles import Profiles
from lachan.edge.dns.question import Question
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.upstream import Forwarder, query_encode
from lachan.formats.classification.categories import categories
from lachan.formats.known_names.loading import never_blocked, service_kind_list, service_list
from lachan.formats.profiles.departures import segments_of
from lachan.formats.profiles.keys import own_key, way_key
from lachan.formats.profiles.records import DAY_KINDS, OwnName, Profile, Segment, Week
from lachan.formats.profiles.rules import Override, Rules, Slot, week_of
from lachan.formats.profiles.table import ProfileWriter
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

KEY = bytes(range(16))
HOST, EDGE = "shield.example", "dns.shield.example"
ADDRESS = "198.51.100.7"
ZONES = (
    "Asia/Ho_Chi_Minh", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC", "Australia/Lord_Howe",
)  # fmt: skip
DAY = 86_400


class Households:
    """What is drawn: each time the same for a seed."""

    def __init__(self, count: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.help = sorted({each.name for each in never_blocked() if each.care == "help"} | {HOST})
        self.categories = sorted(categories())
        self.services = [each.code for each in (*service_list(), *service_kind_list())]
        self.now = int(time.time())
        # Each is several of them in turn: to reckon a week takes longer than to ask.
        self._kept = [self._rules() for _ in range(min(2000, max(10, count // 20)))]

    def profile(self, number: int) -> Profile:
        chance = self.chance
        zone, week, segments = chance.choice(self._kept)
        denied = {above for name in chance.sample(self.help, 3) for above in _above(name)}
        own = {name: chance.random() < 0.1 for name in denied}
        return Profile(
            number=number,
            ways=(
                way_key(KEY, "device", label(number)),
                way_key(KEY, "network", f"{peer(number)}/32"),
            ),
            zone=zone,
            week=week,
            segments=segments,
            own=tuple(
                OwnName(
                    own_key(KEY, number, name_wire(name)),
                    allow,
                    chance.choice((0, 0, self.now + DAY)),
                )
                for name, allow in own.items()
            ),
        )

    def asked(self, profile: Profile) -> str:
        """A help name, or one below it."""
        name = self.chance.choice(self.help)
        return self.chance.choice((name, name, f"www.{name}", f"a.b.{name}"))

    def _rules(self) -> tuple[str, Week, tuple[Segment, ...]]:
        chance, zone = self.chance, self.chance.choice(ZONES)
        rules = Rules(
            categories=self._some(self.categories, 20),
            services=self._some(self.services, 40),
            safe_search=chance.random() < 0.5,
            ways_round=chance.choice(("closed", "shown")),
            slots=tuple(self._slot() for _ in range(chance.choice((0, 1, 1, 2, 4)))),
        )
        said = [self._override() for _ in range(chance.choice((0, 1, 1, 2)))]
        start = self.now - 3600
        return zone, week_of(rules), segments_of(rules, said, zone, {}, start, start + 3 * DAY)

    def _slot(self) -> Slot:
        chance = self.chance
        everything = chance.random() < 0.6
        start, end = chance.sample(range(96), 2)
        return Slot(
            everything=everything,
            why=chance.choice(("bedtime", "schedule", "homework") if everything else ("schedule",)),
            services=frozenset() if everything else self._some(self.services, 5, least=1),
            days=frozenset(chance.sample(range(DAY_KINDS), chance.randrange(1, 11))),  # type: ignore[arg-type]
            start=start,
            end=end or 96,
        )

    def _override(self) -> Override:
        chance = self.chance
        kind = chance.choice(("pause", "pause", "block", "skip"))
        start = self.now - chance.randrange(7200)
        return Override(
            kind=kind,
            services=self._some(self.services, 20, least=1) if kind == "block" else frozenset(),
            skips=frozenset({"bedtime"}) if kind == "skip" else frozenset(),
            start=start,
            until=start + chance.choice((3600, DAY, 2 * DAY)),
        )

    def _some(self, codes: list[str], most: int, *, least: int = 0) -> frozenset[str]:
        return frozenset(self.chance.sample(codes, self.chance.randrange(least, most)))


def label(number: int) -> str:
    return f"child{number}"


def peer(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _above(name: str) -> Iterator[str]:
    """A name and all above it."""
    while name:
        yield name
        name = name.partition(".")[2]


class _Upstream(Forwarder):
    """Says the same of every name."""

    def __init__(self) -> None:
        super().__init__([])

    async def ask(self, question: Question) -> Reply:
        return said(question)


def said(question: Question) -> Reply:
    query = query_encode(question, edns=False)
    reply = dns.message.make_response(dns.message.from_wire(query))
    if question.qtype == 1:
        reply.answer.append(dns.rrset.from_text(reply.question[0].name, 86_400, "IN", "A", ADDRESS))
    return reply_parse(reply.to_wire(), query)


class Edge:
    """An edge's parts, put together as `engine.Engine` does; sockets and TLS are others' trials."""

    def __init__(self, home: Path) -> None:
        known = known_reader()
        known_build(known, (HOST,))
        profiles = Profiles(home)
        self.layers = Layers(SnapshotReader(home / "snapshots"), known=known, profiles=profiles)
        self.policies = Policies(Policy(forward=frozenset({"test"})), profiles=profiles)
        self.cache = AnswerCache(64 << 20, compiled=mmsg_available())
        self.responder = Responder(self.layers, self.policies, self.cache, _Upstream())
        self.names = OwnNames(EDGE)
        self.stream = None

    def compile(self) -> None:
        from lachan.edge.dns.fast_path import StreamPath

        if self.cache.compiled is not None:
            self.cache.compiled.ready = True
            self.stream = StreamPath(self.layers, self.policies, self.cache.compiled)

    def askers(self, number: int) -> Iterator[tuple[str, Asker, int]]:
        """(way, who asks, row for the compiled path) by each way in."""
        path = f"/dns-query/{label(number)}?dns=AAAA".encode()
        tokens = {
            "tls": (TLS, self.names.token_of(f"{label(number)}.{EDGE}")),
            "https": (HTTPS, token_of(Head(b"GET", path, EDGE.encode(), b"", None), self.names)),
        }  # fmt: skip
        for way, (connection, token) in {"udp": (UDP, b""), **tokens}.items():
            inside = msgspec.structs.replace(connection, token=token)
            address = peer(number) if way == "udp" else "203.0.113.9"
            asker = self.policies.asker(address, inside)
            yield way, asker, self.policies.row_of(address, inside)


def tried(home: Path, count: int, seed: int = 10) -> dict[str, object]:
    """All of it, with an edge whose home is an empty folder."""
    began = time.monotonic()
    drawn = Households(count, seed)
    with SnapshotWriter(home / "snapshots") as ledger:
        ledger.rebuild([_listed(name, drawn) for name in (*drawn.help, "xau.test")], 1)
        with ProfileWriter(home / "profiles", KEY) as writer:
            writer.rebuild((drawn.profile(number) for number in range(1, count + 1)), {}, 1)
            edge = Edge(home)
            edge.compile()
            with _overheard() as heard:
                found = asyncio.run(_all(edge, drawn, count))
    names = {name for name in drawn.help if name != HOST}
    found["written"] = _standing(heard.getvalue().encode(), names)
    found["written"] += sum(
        _standing(path.read_bytes(), names)
        for path in (home / "run").glob("**/*")
        if path.is_file()
    )
    found["written"] += sum(
        _standing(path.read_bytes(), names)
        for path in (home / "profiles").glob("**/*")
        if path.is_file()
    )
    bars = ("blocked", "counted", "written")
    return {
        "households": count,
        **found,
        "compiled": edge.stream is not None,
        "seconds": round(time.monotonic() - began, 1),
        "holds": not any(found[bar] for bar in bars) and found["closed"] > 0,
    }


def _listed(name: str, drawn: Households) -> Verdict:
    return Verdict(kind="domain", value=name, categories=tuple(drawn.categories), sequence=1)


async def _all(edge: Edge, drawn: Households, count: int) -> dict[str, int]:
    found = dict.fromkeys(("asked", "asked_compiled", "blocked", "counted", "closed"), 0)
    for number in range(1, count + 1):
        before = edge.responder.counts.blocked
        for way, asker, row in edge.askers(number):
            if asker.held.number != number:
                raise AssertionError(f"{way}: household {number} is asked for as {asker.held}")
            name = drawn.asked(None)
            packet = _packet(name)
            found["asked"] += 1
            reply = await edge.responder.answer(packet, asker)
            found["blocked"] += not _is_answered(reply, asker)
            if edge.stream is not None:
                framed = edge.stream.answer(len(packet).to_bytes(2, "big") + packet, row, 0)
                if not framed.left:
                    found["asked_compiled"] += 1
                    found["blocked"] += not _is_answered(framed.replies[2:], asker)
        found["counted"] += edge.responder.counts.blocked - before
        for _, asker, _ in edge.askers(number):
            reply = await edge.responder.answer(_packet("xau.test"), asker)
            found["closed"] += reply is not None and reply[3] & 15 == 3
    return found


def _packet(name: str) -> bytes:
    return b"\0\7\1\0\0\1\0\0\0\0\0\0" + name_wire(name) + b"\0\0\1\0\1"


def _is_answered(reply: bytes | None, asker: Asker) -> bool:
    return reply is not None and reply[3] & 15 == 0 and bytes((198, 51, 100, 7)) in bytes(reply)


@contextlib.contextmanager
def _overheard() -> Iterator[io.StringIO]:
    """What is said and logged meanwhile, at every level."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            yield heard
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def _standing(text: bytes, names: set[str]) -> int:
    """How many of these names stand in it, as people write them or as packets do."""
    return sum(name.encode() in text or name_wire(name) in text for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lachan-help-") as folder:
        found = tried(Path(folder), given.households, given.seed)
    print(json.dumps(found))
    raise SystemExit(not found["holds"])


if __name__ == "__main__":
    main()
