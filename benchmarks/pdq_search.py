"""PDQ search beside its peers, in one process, one thread, in turn; medians.

    python benchmarks/pdq_search.py [--n 1000000] [--batch 1000000] [--quick]

Prints one JSON object. All searches are for every hash within 31 bits.

- `misses`, `false_hits`: of neighbours planted at 0 to 31 bits, and of strangers at 32 to 40, in a collection
  of n hashes, asked one by one and in a batch (bar: 0 and 0)
- `single_ratio_threatexchange`, `single_ratio_faiss_flat`: a look-up, from hexadecimal text to hits, against
  `PDQIndex.query` and `IndexBinaryFlat.range_search`
- `batch_ratio_multihash`: queries a second of processor time in a batch, against `IndexBinaryMultiHash(256, 16, 16)`, nflip 1
- `limit_ratio`: the kernel's time, against touching the same cache lines in the same order and doing nothing
  with them, at the best distance of prefetching (bar: 1.4)
- `call_ratio`: the public call against its kernel (bar: 2)
- `growth`: time for n against time for n / 100 (bar at 1e7: 6)
- `skewed_ratio`: bits as structured pictures have them, against evenly spread bits (bar: 1.3)
- `build_ratio_multihash` (bar at 1e7: 10): where both are built in memory; `build_ratio_multihash_disk`: ours
  safe on the disk, which the peer's never is; `bytes_per_hash` (bar at 1e7: 160)
- `add_ratio_threatexchange`: one hash more, to be found by the next search (bar at 1e6: 100,000); in memory:
  what a durable addition costs is the store's to show
"""

import argparse
import gc
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from peers.environment import enter

RADIUS = 31
PLANTED = 2000
MEMORY = Path("/dev/shm")  # noqa: S108  memory that looks like a disk, where the system has it


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--batch", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="without python-threatexchange")
    options = parser.parse_args()
    enter("faiss-cpu==1.15.1", "threatexchange==1.2.17")
    import faiss

    faiss.omp_set_num_threads(1)
    found = {"benchmark": "pdq_search", "n": options.n, "machine": platform.machine()}
    found |= {"cores": os.cpu_count(), "radius": RADIUS}
    with tempfile.TemporaryDirectory(prefix="lachan-bench-") as folder:
        world = World(options.n, Path(folder))
        found |= world.facts
        for part in (exactness, single, limit, batch, growth, skewed):
            world.segment.preload()  # a peer's gigabytes may have pushed it out of memory
            found |= part(world, options)
            gc.collect()
    print(json.dumps(found))


class World:
    """A collection with planted neighbours, and every peer's index of it."""

    def __init__(self, n, folder):
        import numpy as np

        self.n, self.folder = n, folder
        rng = np.random.default_rng(1)
        self.queries = random_codes(PLANTED, rng)
        places = rng.choice(n, 2 * PLANTED, replace=False)
        self.near, self.far = places[:PLANTED], places[PLANTED:]
        self.codes = random_codes(n, rng)
        self.codes[self.near] = flipped(self.queries, rng.integers(0, 32, PLANTED), rng)
        self.codes[self.far] = flipped(self.queries, rng.integers(32, 41, PLANTED), rng)
        self.asked = random_codes(20_000, rng)
        self.segment, self.build_seconds = built(self.codes, folder / "n", 1)
        _, two = built(self.codes, folder / "again", 2)
        (folder / "again").unlink()
        with tempfile.TemporaryDirectory(
            dir=MEMORY if MEMORY.is_dir() else None, prefix="lachan-bench-"
        ) as memory:
            _, self.in_memory = built(self.codes, Path(memory) / "n", 2)
        size = (folder / "n").stat().st_size
        self.facts = {
            "bytes_per_hash": round(size / n, 1),
            "build_seconds": {"1": round(self.build_seconds, 2), "2": round(two, 2)},
            "build_seconds_in_memory": round(self.in_memory, 2),
        }

    @property
    def octets(self):
        import numpy as np

        return self.codes.view(np.uint8).reshape(-1, 32)


def random_codes(count, rng):
    import numpy as np

    return rng.integers(0, np.iinfo(np.uint64).max, (count, 4), np.uint64, endpoint=True)


def evened(codes):
    """The hashes with an even number of bits each, as nearly all pictures' are."""
    import numpy as np

    even = codes.copy()
    even[:, 0] ^= (np.bitwise_count(codes).sum(axis=1) & 1).astype(np.uint64)
    return even


def flipped(codes, counts, rng):
    """Each hash with so many of its bits flipped."""
    import numpy as np

    order = np.argsort(rng.random((len(codes), 256)), axis=1)
    return codes ^ np.packbits(order < counts[:, None], axis=1).view(np.uint64)


def built(codes, path, threads):
    """A segment in memory, and the seconds that it took to build it and have it on the disk."""
    from lachan.matching.algorithms.pdq.segment import PdqSegment

    began = time.perf_counter()
    PdqSegment.build(codes, path, threads=threads)
    took = time.perf_counter() - began
    segment = PdqSegment.open(path, verify=True)
    segment.preload()
    return segment, took


def exactness(world, options):
    import numpy as np

    def judge(pairs):
        wanted = set(zip(range(PLANTED), world.near.tolist(), strict=True))
        wanted = {(q, r) for q, r in wanted if apart(q, r) <= RADIUS}
        wrong = sum(apart(q, r) > RADIUS or apart(q, r) != d for q, r, d in pairs)
        return len(wanted - {(q, r) for q, r, _ in pairs}), wrong

    def apart(query, row):
        return int(np.bitwise_count(world.queries[query] ^ world.codes[row]).sum())

    single = [
        (place, row, distance)
        for place, query in enumerate(world.queries)
        for row, distance in zip(*world.segment.find(query.tobytes(), RADIUS), strict=True)
    ]
    judged = [judge(single)]
    together = np.concatenate([world.queries, random_codes(100_000, np.random.default_rng(5))])
    answer = world.segment.find_many(together, RADIUS)
    judged.append(judge([pair for pair in zip(*answer, strict=True) if pair[0] < PLANTED]))
    return {
        "planted": PLANTED,
        "misses": sum(int(misses) for misses, _ in judged),
        "false_hits": sum(int(wrong) for _, wrong in judged),
    }


def in_turn(calls, rounds, each):
    """Microseconds a call, for each way: medians over all of `rounds`, `each` calls at a time."""
    times = {name: [] for name in calls}
    place = 0
    for _ in range(rounds):
        for name, (call, arguments) in calls.items():
            for n in range(each.get(name, 1)):
                argument = arguments[(place + n) % len(arguments)]
                began = time.perf_counter()
                call(argument)
                times[name].append((time.perf_counter() - began) * 1e6)
        place += max(each.values())
    return times


def single(world, options):
    """One look-up, from hexadecimal text to its hits."""
    import faiss
    import numpy as np

    segment = world.segment
    texts = [code.tobytes().hex() for code in world.asked]
    flat = faiss.IndexBinaryFlat(256)
    flat.add(world.octets)
    octets = world.asked.view(np.uint8).reshape(-1, 1, 32)
    calls = {
        "ours": (lambda text: segment.find(bytes.fromhex(text), RADIUS), texts),
        "flat": (lambda one: flat.range_search(one, RADIUS + 1), octets),
    }
    found = {}
    if not options.quick:
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        began = time.perf_counter()
        theirs = PDQIndex.build((code.tobytes().hex(), n) for n, code in enumerate(world.codes))
        found["build_seconds_threatexchange"] = round(time.perf_counter() - began, 2)
        calls["threatexchange"] = (theirs.query, texts)
    rounds = 40 if world.n > 3_000_000 else 100
    times = in_turn(calls, rounds, {"ours": 200, "flat": 1, "threatexchange": 5})
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    found["microseconds"] = {name: round(value, 2) for name, value in medians.items()}
    found["p99_microseconds"] = round(float(np.percentile(times["ours"], 99)), 2)
    found["single_ratio_faiss_flat"] = round(medians["flat"] / medians["ours"], 1)
    if not options.quick:
        ratio = medians["threatexchange"] / medians["ours"]
        found["single_ratio_threatexchange"] = round(ratio, 1)
        found |= added(theirs)
    return found


def added(theirs):
    """One hash more, to be found by the next search."""
    import numpy as np

    words, count = np.zeros((4, 65536), np.uint64), 0
    codes = random_codes(5, np.random.default_rng(8))

    def add(code):
        nonlocal count
        words[:, count] = np.frombuffer(code, np.uint64)
        count += 1

    ours = in_turn({"ours": (add, [code.tobytes() for code in codes])}, 100, {"ours": 5})["ours"]
    entries = [[(code.tobytes().hex(), n)] for n, code in enumerate(codes)]
    them = in_turn({"theirs": (theirs.add_all, entries)}, 5, {"theirs": 1})["theirs"]
    ratio = statistics.median(them) / statistics.median(ours)
    return {"add_ratio_threatexchange": round(ratio)}


def kernel(segment):
    """A hundred look-ups without Python."""
    from lachan.matching.algorithms.pdq.pairs import loop_batch

    return lambda codes: loop_batch(segment.plan, codes, RADIUS)


def call(segment):
    def calls(codes):
        for code in codes:
            segment.find(code, RADIUS)

    return calls


def hundreds(codes):
    return [codes[start : start + 100] for start in range(0, len(codes), 100)]


def medians(calls, rounds=3):
    """Microseconds of processor time a look-up takes each way, hundred by hundred in turn, no hundred soon after
    itself. Not of the clock: while a hundred runs, a busy machine often gives its core to somebody else.
    """
    count = min(len(parts) for _, parts in calls.values())
    times = {name: [] for name in calls}
    for turn in range(rounds * count):
        for number, (name, (ask, parts)) in enumerate(calls.items()):
            part = parts[(turn + number * count // len(calls)) % count]
            began = time.thread_time()
            ask(part)
            times[name].append((time.thread_time() - began) * 1e6 / 100)
    return {name: statistics.median(taken) for name, taken in times.items()}


def limit(world, options):
    """The same lines, in the same order, with nothing to do but touch them."""
    from peers.lines import best_ahead, lines_of, touch

    codes = hundreds(world.asked[:4000])
    lines = [lines_of(world.segment, part, RADIUS) for part in codes]
    octets = [[code.tobytes() for code in part] for part in codes]
    ahead = best_ahead(lines)
    took = medians(
        {
            "kernel": (kernel(world.segment), codes),
            "limit": (lambda part: touch(part, ahead), lines),
            "call": (call(world.segment), octets),
        }
    )
    return {
        "kernel_microseconds": round(took["kernel"], 2),
        "lines": round(sum(map(len, lines)) / 4000),
        "limit_microseconds": round(took["limit"], 2),
        "limit_ratio": round(took["kernel"] / took["limit"], 2),
        "call_ratio": round(took["call"] / took["kernel"], 2),
    }


def batch(world, options):
    """Queries a second of one core, and building, against MultiHash."""
    import faiss
    import numpy as np

    theirs = faiss.IndexBinaryMultiHash(256, 16, 16)
    theirs.nflip = 1
    began = time.perf_counter()
    theirs.add(world.octets)
    building = time.perf_counter() - began
    rng = np.random.default_rng(3)
    queries = random_codes(options.batch, rng)
    octets = queries.view(np.uint8).reshape(-1, 32)
    sample = 200 if world.n > 3_000_000 else 2000
    rates, their_rates, small = [], [], {}
    for turn in range(3):
        began = time.thread_time()
        world.segment.find_many(queries, RADIUS)
        rates.append(len(queries) / (time.thread_time() - began))
        part = octets[turn * sample : (turn + 1) * sample]
        began = time.thread_time()
        theirs.range_search(part, RADIUS + 1)
        their_rates.append(len(part) / (time.thread_time() - began))
    for size in (100, 1000, 10_000, 100_000):
        small[str(size)] = round(statistics.median(rate(world, queries[:size]) for _ in range(5)))
    ours, them = statistics.median(rates), statistics.median(their_rates)
    return {
        "build_seconds_multihash": round(building, 2),
        "build_ratio_multihash": round(building / world.in_memory, 1),
        "build_ratio_multihash_disk": round(
            building / min(world.facts["build_seconds"].values()), 1
        ),
        "batch_per_second": round(ours),
        "batch_per_second_multihash": round(them, 1),
        "batch_ratio_multihash": round(ours / them, 1),
        "small_batches_per_second": small,
    }


def rate(world, queries):
    began = time.thread_time()
    world.segment.find_many(queries, RADIUS)
    return len(queries) / (time.thread_time() - began)


def growth(world, options):
    small, _ = built(world.codes[: max(100, world.n // 100)], world.folder / "small", 1)
    octets = [[code.tobytes() for code in part] for part in hundreds(world.asked[:4000])]
    took = medians({"large": (call(world.segment), octets), "small": (call(small), octets)})
    return {"growth": round(took["large"] / took["small"], 2)}


def skewed(world, options):
    """The same number of hashes with the bits of structured pictures: frames, bands, symmetry, text."""
    import numpy as np
    from peers.pictures import picture_codes

    codes = picture_codes(world.n + 4000, np.random.default_rng(9))
    even, _ = built(evened(world.codes), world.folder / "even", 2)
    segment, _ = built(codes[: world.n], world.folder / "skewed", 2)
    even.preload()
    took = medians(
        {
            "skewed": (kernel(segment), hundreds(codes[world.n :])),
            "even": (kernel(even), hundreds(evened(world.asked[:4000]))),
        }
    )
    return {
        "skewed_microseconds": round(took["skewed"], 2),
        "skewed_hits": float(
            np.mean([len(segment.find(code.tobytes(), RADIUS)[0]) for code in codes[world.n :]])
        ),
        "skewed_ratio": round(took["skewed"] / took["even"], 2),
    }


if __name__ == "__main__":
    main()
