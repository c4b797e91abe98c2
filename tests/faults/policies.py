"""Asks one edge in the names of two policies' askers, at random, and compares every answer with a plain oracle.

    python tests/faults/policies.py --questions 100000 --seed 7

Both ask the same few names in the same batches, of the compiled path and of the plain one: aliases, kept answers and
kept "no"s, stale ones, remembered failures, questions that are on their way already. Meanwhile names are published and
withdrawn in the ledger and in the overlay that only one of the two follows, time passes, upstream falls silent, and the
policies' rows change places while questions wait. Prints one JSON object; ends with 1 where an answer was not the
asker's own.
"""

import argparse
import asyncio
import json
import random
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import dns.message
import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from lachan.edge.dns.asker import UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.layout import C_BLOCKED, C_CACHED, STRIDE
from lachan.edge.dns.mmsg import Frames, mmsg_available
from lachan.edge.dns.responder import Responder
from lachan.formats.observables.wire import domain_to_wire
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from tests.faults.policies_oracle import GUARDED, OWN, STRICT, Saying, World, fault

BATCH = 48
HAPPENS = {"put": 12, "remove": 6, "time": 6, "silence": 2, "compact": 1}


class Edge:
    """One edge in this process, with a clock that is moved by hand."""

    def __init__(self, folder: Path, chance: random.Random, *, compiled: bool) -> None:
        self.world, self.now, self._chance = World(chance), 1_800_000_000.0, chance
        self.writers = SnapshotWriter(folder / "ledger"), SnapshotWriter(folder / "own")
        own = "own", SnapshotReader(folder / "own")
        layers = Layers(SnapshotReader(folder / "ledger"), [own])
        cache = AnswerCache(1 << 18, compiled=compiled)
        self.upstream, self.policies = Saying(self.world, chance), Policies(STRICT, OWN)
        guarded = frozenset(map(domain_to_wire, GUARDED))
        self.responder = Responder(
            layers, self.policies, cache, self.upstream, guarded.__contains__
        )
        self.fast_path, self._sock = None, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if cache.compiled is not None:
            from lachan.edge.dns.fast_path import FastPath

            cache.compiled.ready = True
            self.fast_path = FastPath(Frames(self._sock), layers, self.policies, cache.compiled)

    def close(self) -> None:
        for each in (*self.writers, self._sock):
            each.close()

    def change(self) -> None:
        """Something happens between two batches."""
        chance, which = self._chance, self._chance.randrange(2)
        entries, writer = (self.world.ledger, self.world.own)[which], self.writers[which]
        what = chance.choices(list(HAPPENS), list(HAPPENS.values()))[0]
        if what == "put":
            name, action = chance.choice(self.world.names), chance.choice(["block"] * 4 + ["allow"])
            category = chance.choice(["contract.scam", "contract.gambling"])
            entries[name] = action, category
            verdict = Verdict(kind="domain", value=name, categories=(category,), action=action)
            writer.put("domain", name, verdict)
        elif what == "remove" and entries:
            name, _ = chance.choice(list(entries.items()))
            del entries[name]
            writer.remove("domain", name)
        elif what == "compact":
            writer.compact()
        elif what == "time":
            self.now += chance.choice([1, 4, 20, 200])
        elif what == "silence":
            self.upstream.silent = not self.upstream.silent

    async def ask(self, asked, *, compiled):
        """The replies to (packet, policy) each: the compiled path's first, the others' all together."""
        rows = {policy: row for row, policy in enumerate(self.policies.rows)}
        replies, left = {}, range(len(asked))
        if compiled and self.fast_path is not None:
            replies, left = self._compiled(asked, rows)
        waiting = []
        for number in left:
            packet, policy = asked[number]
            connection = msgspec.structs.replace(UDP, row=rows[policy])
            asker = self.policies.asker(f"192.0.2.{number}", connection)
            waiting.append(asyncio.ensure_future(self.responder.answer(packet, asker)))
        await asyncio.sleep(0)
        if self._chance.random() < 0.3:  # as when a row is added or goes
            self.responder.follow(*reversed(self.policies.rows))
        replies |= dict(zip(left, await asyncio.gather(*waiting), strict=True))
        return [replies[number] for number in range(len(asked))]

    def _compiled(self, asked, rows):
        frames = self.fast_path.frames
        for number, (packet, policy) in enumerate(asked):
            self.fast_path.rows[number], at = rows[policy], number * STRIDE
            memoryview(frames.frames)[at : at + len(packet)] = packet
            frames.received[number, 6], frames.received[number, 7] = 0, len(packet)
        _, left = self.fast_path.answer(len(asked))
        done = [number for number in range(len(asked)) if number not in left]
        replies = {}
        for row, number in enumerate(done):
            at, size = number * STRIDE, int(frames.pieces[row, 1])
            replies[number] = frames.frames[at : at + size].tobytes()
        return replies, left


def question(chance: random.Random, name: str) -> bytes:
    capitals = "".join(chance.choice((letter, letter.upper())) for letter in name)
    kind = chance.choice(["A", "A", "HTTPS"])
    return dns.message.make_query(capitals, kind, use_edns=0).to_wire()


async def batches(edge: Edge, chance: random.Random, questions: int) -> list[str]:
    wrong, silent_until = [], 0.0
    for _ in range(-(-questions // BATCH)):
        for _ in range(chance.randrange(3)):
            edge.change()
        if edge.upstream.silent:
            silent_until = edge.now + 31  # a failure is remembered for so long
        names = chance.choices(chance.sample(edge.world.names, 12), k=BATCH)
        asked = [(question(chance, name), chance.choice([STRICT, OWN])) for name in names]
        replies = await edge.ask(asked, compiled=chance.random() < 0.7)
        for (packet, policy), reply in zip(asked, replies, strict=True):
            wrong.append(fault(edge.world, policy, packet, reply, silent=edge.now < silent_until))
    return wrong


def run(questions: int, seed: int, *, compiled: bool = True) -> dict[str, object]:
    """Ask so many; what came of it."""
    chance, began = random.Random(seed), time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        edge = Edge(folder, chance, compiled=compiled and mmsg_available())
        stack.callback(edge.close)
        clock = SimpleNamespace(time=lambda: edge.now, monotonic=lambda: edge.now)
        for name in ("cache", "responder", "failures", *(["fast_path"] if edge.fast_path else [])):
            stack.enter_context(mock.patch(f"lachan.edge.dns.{name}.time", clock))
        answers = asyncio.run(batches(edge, chance, questions))
    wrong = [answer for answer in answers if answer]
    counts = edge.responder.counts
    return {
        "questions": len(answers),
        "wrong": len(wrong),
        "wrong_first": wrong[:3],
        "compiled_blocked": int(edge.fast_path.counts[C_BLOCKED]) if edge.fast_path else 0,
        "compiled_cached": int(edge.fast_path.counts[C_CACHED]) if edge.fast_path else 0,
        **{name: getattr(counts, name) for name in ("blocked", "cached", "stale", "local")},
        "upstream": edge.upstream.asked,
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    found = run(options.questions, options.seed)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return int(bool(found["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
