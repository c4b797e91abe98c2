"""A million profiles in one mapped table: prints one JSON object.

    python benchmarks/profiles.py [--profiles 1000000] [--own 10] [--changes 200]

Each profile has a device's address, every second a network; rules to the quarter of an hour, drawn from 10,000 different
weeks (a hundredth of the profiles where they are fewer); so many names of its own.

- `decide_ns`: one whole compiled decision, profiles and names at random: way in → profile → rule set now → the own names
  of all of a name's parents; 64 at a time, as the edge takes packets in; median of 700 pieces of 2,000 (bar: 500)
- `decide_quiet_ns`: the tenth part of the pieces that was done soonest: where other work on the machine disturbed least
- `decide_alone_ns`: the same one at a time: each waits for memory five times
- `bytes_per_profile`: the file with its room for changes, divided by the profiles (bar: 250)
- `change_ms`: from the beginning of a profile's `put` until another process acts by it: p50, p95 (bar: p95 100)
- `wrong`: decisions that differ from what was put, of 2,000 asked of the plain reader and of the compiled one (bar: 0)
- `build_s`: making the table
"""

import argparse
import datetime as dt
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from lachan.formats.profiles import compiled, compiled_batch, compiled_keys, keys, layout
from lachan.formats.profiles.records import OwnName, Profile, RuleSet, Segment, Week
from lachan.formats.profiles.table import ProfileReader, ProfileWriter
from lachan.kernel.jit import njit

KEY = bytes(range(16))
K0, K1 = (np.uint64(int.from_bytes(KEY[at : at + 8], "little")) for at in (0, 8))
ROUND, ROUNDS, PIECE, POOL = 200_000, 7, 2_000, 20_000


@njit(cache=True)
def _own_keys(k0, k1, numbers, names, starts, found):
    """`keys.own_key` of each name of each number."""
    marks = np.empty(128, np.int64)
    for i in range(len(numbers)):
        for n in range(found.shape[1]):
            at, labels = starts[i, n], 0
            while names[at] != 0:
                marks[labels] = at
                labels += 1
                at += np.int64(names[at]) + 1
            found[i, n] = compiled_keys.own_key(k0, k1, numbers[i], names, marks, labels)


class World:
    """Households at random, the same for the same size."""

    def __init__(self, count: int, own: int) -> None:
        self.count, self.own = count, own
        chance = self.chance = random.Random(10)
        self.names = [
            f"site-{at}.{chance.choice(('a', 'shop', 'games'))}.example" for at in range(POOL)
        ]
        wires = [_wire(name) for name in self.names]
        self.text = np.frombuffer(b"".join(wires), np.uint8)
        self.starts = np.cumsum([0, *map(len, wires[:-1])])
        self.weeks = [self._week() for _ in range(min(10_000, max(10, count // 100)))]
        self.picked = np.random.default_rng(10).integers(0, POOL, (count, own))
        self.keys = np.zeros((count, own), np.uint64)
        numbers = np.arange(1, count + 1, dtype=np.int64)
        _own_keys(K0, K1, numbers, self.text, self.starts[self.picked], self.keys)

    def _week(self) -> Week:
        chance = self.chance
        base = RuleSet(
            categories=frozenset(chance.sample(("gambling", "scam", "malware", "adult"), 3)),
            services=frozenset(chance.sample([f"service-{at}" for at in range(12)], 4)),
            safe_search=True,
        )
        games = RuleSet(categories=base.categories, services=frozenset(), why="schedule")
        night = RuleSet(everything=True, why="bedtime")
        days = {}
        for kind in range(10):
            morning, evening = chance.randrange(20, 32), chance.randrange(78, 94)
            start = chance.randrange(56, 70)
            end = start + chance.randrange(1, 8)
            days[kind] = (
                (night,) * morning
                + (base,) * (start - morning)
                + (games,) * (end - start)
                + (base,) * (evening - end)
                + (night,) * (96 - evening)
            )
        return Week({(i, j): days[j] for i in range(10) for j in range(10)})

    def profile(self, number: int) -> Profile:
        at = number - 1
        ways = [keys.way_key(KEY, "device", f"d{number}")]
        if number % 2 == 0:
            network = (number // 2 + 0x0A000000).to_bytes(4)
            ways.append(keys.network_key(KEY, network, 32))
        return Profile(
            number=number,
            ways=tuple(ways),
            calendar="school",
            week=self.weeks[at % len(self.weeks)],
            own=tuple(OwnName(key, allow=at % 2 == 0) for key in self.keys[at].tolist()),
        )


def _wire(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--own", type=int, default=10)
    parser.add_argument("--changes", type=int, default=200)
    options = parser.parse_args()
    print(json.dumps(measured(options.profiles, options.own, options.changes)))


def measured(count, own, times):
    world = World(count, own)
    found = {
        "benchmark": "profiles",
        "profiles": count,
        "own_names": count * own,
    }
    with tempfile.TemporaryDirectory(prefix="lachan-bench-") as folder:
        path = Path(folder) / "profiles"
        with ProfileWriter(path, KEY) as writer:
            began = time.monotonic()
            today = dt.datetime.now(dt.UTC).date()
            calendar = {today + dt.timedelta(days=at): 7 + at % 3 for at in range(0, 400, 9)}
            profiles = map(world.profile, range(1, count + 1))
            writer.rebuild(profiles, {"school": calendar}, 1)
            found["build_s"] = round(time.monotonic() - began, 1)
            found["weeks"] = len(world.weeks)
            newest = layout.table_path(path, layout.generations(path)[0])
            found["bytes_per_profile"] = round(newest.stat().st_size / count, 1)
            found |= decisions(path, world)
            found["change_ms"] = changes(path, writer, world, times)
    found["holds"] = (
        found["decide_ns"] <= 500
        and found["bytes_per_profile"] <= 250
        and found["change_ms"]["p95"] <= 100
        and found["wrong"] == 0
    )
    return found


def decisions(path: Path, world: World) -> dict[str, object]:
    reader = ProfileReader(path)
    table = reader.current()
    lay, halves = compiled.numbers(table.layout), table.words.view(np.uint32)
    chance = np.random.default_rng(11)
    numbers = chance.integers(1, world.count + 1, ROUND)
    ways = np.array([keys.way_key(KEY, "device", f"d{number}") for number in numbers], np.uint64)
    # Half ask for a name below one of their own, half for any.
    any_name = chance.integers(0, POOL, ROUND)
    mine = world.picked[numbers - 1, chance.integers(0, world.own, ROUND)]
    which = np.where(chance.random(ROUND) < 0.5, any_name, mine)
    wires = [_wire(f"www.{world.names[at]}") for at in range(POOL)]
    text = np.frombuffer(b"".join(wires), np.uint8)
    starts = np.cumsum([0, *map(len, wires[:-1])])[which]
    now, out = int(time.time()), np.zeros((ROUND, 4), np.int64)
    spent: dict[int, list[float]] = {64: [], 1: []}
    for _ in range(ROUNDS + 1):
        for batch, taken in spent.items():
            for at in range(0, ROUND - PIECE + 1, PIECE):
                part = slice(at, at + PIECE)
                began = time.perf_counter_ns()
                compiled_batch.decide_all(
                    table.words, halves, lay, K0, K1, ways[part], text, starts[part], now, batch, out[part]
                )  # fmt: skip
                taken.append((time.perf_counter_ns() - began) / PIECE)
    wrong = 0
    for at in range(2_000):
        number, wire = int(numbers[at]), wires[which[at]][:-1]
        own = which[at] in world.picked[number - 1]
        effect = (layout.ALLOW if number % 2 else layout.BLOCK) if own else layout.PASS
        rules = reader.rules_at(number, now)
        row = out[at].tolist()
        wrong += row[0] != number or row[2] != effect or table.rule_set(row[1]) != rules
        wrong += reader.find(int(ways[at])) != number or reader.own(number, wire, now)[0] != effect
    together, alone = (sorted(taken[ROUND // PIECE :]) for taken in spent.values())
    return {
        "decide_ns": round(statistics.median(together)),
        "decide_quiet_ns": round(together[len(together) // 10]),
        "decide_alone_ns": round(statistics.median(alone)),
        "wrong": int(wrong),
    }


def _watch(path: str, number: int, ready, pipe) -> None:
    reader, seen = ProfileReader(path), -1
    ready.set()
    while True:
        start = reader.current().record(number).segments
        if start and start[0][1] != seen:
            seen = start[0][1]
            pipe.send((seen, time.monotonic()))
            if seen == 1:
                return


def changes(path: Path, writer: ProfileWriter, world: World, count: int) -> dict[str, float]:
    """Each change carries a number that the other process sends back with the moment at which it saw it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    ready, number = context.Event(), world.count // 2 or 1
    process = context.Process(target=_watch, args=(str(path), number, ready, theirs), daemon=True)
    process.start()
    ready.wait()
    rules, spent = RuleSet(everything=True, why="pause"), []
    for at in range(count, -1, -1):
        began = time.monotonic()
        profile = world.profile(number)
        segments = (Segment(0, at + 1, rules),)
        writer.put(Profile(
            number=number, ways=profile.ways, week=profile.week, segments=segments, own=profile.own
        ))  # fmt: skip
        seen, moment = ours.recv()
        if seen != at + 1:
            raise SystemExit(f"another change was seen: {seen} instead of {at + 1}")
        spent.append(1000 * (moment - began))
    process.join()
    steps = statistics.quantiles(spent[1:], n=20)
    return {"p50": round(statistics.median(spent[1:]), 3), "p95": round(steps[18], 3)}


if __name__ == "__main__":
    main()
