"""A collection of PDQ hashes on the disk: what adding, seeing, asking and merging cost; medians.

    python benchmarks/matching_store.py [--n 1000000] [--quick] [--folder DIR]

Prints one JSON object.

- `call_ratio_hit`, `call_ratio_miss`: `Collection.find`, from hexadecimal text to hits with their facts,
  against the index's own look-up of the same keys, in turn (bar at 1e7: 2)
- `add_us`: one hash more by `Collection.add`, logged and seen by every process; `add_durable_ms` when each
  waits for the disk; `commit_ms`
- `add_ratio_threatexchange`: against `PDQIndex.add_all` of one hash more (bar at 1e6: 100,000)
- `add_many_per_second`: a hundred thousand from text and facts, durable
- `visible_ms`: from the return of `add` to the answer of another process that keeps asking (bar: 100)
- `merge_seconds`, `merge_add_us_p99`: everything into one segment, and adds that come meanwhile
- `load_seconds`, `bytes_per_hash` (index and facts together), `open_ms`
- `mapped_mb`, `unshared_mb`: of the collection's files mapped in one of four readers, and what of that is
  not shared with the others
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from peers.environment import enter  # noqa: E402  found by the line above

READERS, ASKED = 4, 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="without python-threatexchange")
    parser.add_argument("--folder", help="where to put the collection; a temporary one else")
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        reader(options.reader)
        return
    if not options.quick:
        enter("faiss-cpu==1.15.1", "threatexchange==1.2.17")
    found = {"benchmark": "matching_store", "n": options.n, "machine": platform.machine()}
    found |= {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="lachan-bench-", dir=options.folder) as folder:
        world = World(options.n, Path(folder) / "lists")
        found |= world.loaded
        for part in (calls, sharing, adding, visible, merging):
            found |= part(world, options)
        world.lists.close()
    print(json.dumps(found))


class World:
    """n random hashes in one segment."""

    def __init__(self, n, folder):
        import numpy as np

        from lachan.kernel.ids import uuid7
        from lachan.matching.algorithms.pdq.algorithm import Pdq
        from lachan.matching.collection import Collection
        from lachan.matching.records import Facts

        self.random, self.folder = np.random.default_rng(7), folder
        self.algorithms = {"pdq": Pdq()}
        self.keys = self.random.integers(0, 256, (n, 32), np.uint8)
        uids = self.random.integers(0, 256, (n, 16), np.uint8)
        self.lists = Collection.create(folder, algorithms=self.algorithms)
        like = Facts(1, uuid7(), ("scam", "violent"), 90, source="a list of long standing")
        self.lists.add_keys("pdq", self.keys[:1000], uids[:1000], like)  # compiled from here on
        began = time.perf_counter()
        self.lists.add_keys("pdq", self.keys, uids, like)
        self.loaded = {"load_seconds": round(time.perf_counter() - began, 2)}
        self.lists.compact()
        size = self.lists.stats().algorithms["pdq"].bytes
        began = time.perf_counter()
        self.reader = Collection.open(folder, algorithms=self.algorithms)
        self.loaded |= {
            "bytes_per_hash": round(size / n, 1),
            "open_ms": round((time.perf_counter() - began) * 1e3, 2),
        }
        self.like = like

    def near(self, count):
        """Keys of the collection with twenty bits changed, as text."""
        found = []
        for row in self.random.choice(len(self.keys), count):
            key = int.from_bytes(self.keys[row].tobytes(), "big")
            for bit in self.random.choice(256, 20, replace=False):
                key ^= 1 << int(bit)
            found.append(key.to_bytes(32, "big").hex())
        return found

    def far(self, count):
        return [self.random.bytes(32).hex() for _ in range(count)]

    def facts(self, number):
        from lachan.kernel.ids import uuid7
        from lachan.matching.records import Facts

        return Facts(number, uuid7(), self.like.categories, source=self.like.source)


def microseconds(call, values):
    taken = []
    for value in values:
        began = time.perf_counter_ns()
        call(value)
        taken.append((time.perf_counter_ns() - began) / 1e3)
    return taken


def calls(world, options):
    """Each question put to both in turn, new ones each time: nothing is in a cache for the second alone."""
    shelf = world.reader._current().shelves["pdq"]  # noqa: SLF001  to ask its index alone
    index, found = shelf.held[0].segment.index, {}
    for name, asked in (("hit", world.near), ("miss", world.far)):
        ours, theirs = [], []
        microseconds(world.reader.find, asked(200))
        for _ in range(5):
            texts, more = asked(600), asked(600)
            keys = [bytes.fromhex(text) for text in more]
            ours += microseconds(world.reader.find, texts)
            theirs += microseconds(lambda key: index.find(key, 31), keys)
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        found |= {
            f"call_{name}_us": round(ours, 2),
            f"kernel_{name}_us": round(theirs, 2),
            f"call_ratio_{name}": round(ours / theirs, 2),
        }
    return found


def adding(world, options):
    found = {}
    ours = microseconds(
        lambda pair: world.lists.add(pair[0], pair[1], algorithm="pdq"),
        [(text, world.facts(n)) for n, text in enumerate(world.far(5000))],
    )
    found["add_us"] = round(statistics.median(ours), 2)
    commits = microseconds(world.lists.commit, range(1, 51))
    found["commit_ms"] = round(statistics.median(commits) / 1e3, 2)

    def durable(pair):
        world.lists.add(*pair, algorithm="pdq")
        world.lists.sync()

    slow = microseconds(durable, [(text, world.facts(1)) for text in world.far(50)])
    found["add_durable_ms"] = round(statistics.median(slow) / 1e3, 2)
    entries = [(text, world.facts(n)) for n, text in enumerate(world.far(100_000))]
    began = time.perf_counter()
    world.lists.add_many(entries, algorithm="pdq")
    found["add_many_per_second"] = round(len(entries) / (time.perf_counter() - began))
    if not options.quick:
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        peer = PDQIndex()
        peer.add_all([(key.tobytes().hex(), n) for n, key in enumerate(world.keys)])
        theirs = microseconds(peer.add_all, [[(text, 0)] for text in world.far(5)])
        found["add_threatexchange_ms"] = round(statistics.median(theirs) / 1e3, 1)
        found["add_ratio_threatexchange"] = round(statistics.median(theirs) / found["add_us"])
    return found


def reader(folder):
    """Ask for one value after the other, without rest, until it is known; say when."""
    from lachan.matching.algorithms.pdq.algorithm import Pdq
    from lachan.matching.collection import Collection

    lists = Collection.open(folder, algorithms={"pdq": Pdq()})
    for line in sys.stdin:
        texts = line.split()
        if len(texts) > 1:
            for text in texts:
                lists.find(text)
        else:
            while not lists.find(texts[0], radius=0):
                pass
        print(time.monotonic_ns(), flush=True)


class Reader:
    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--reader", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, *texts):
        print(*texts, file=self.process.stdin, flush=True)

    def answer(self):
        return int(self.process.stdout.readline())

    def mapped(self):
        """(resident, unshared) kilobytes of the collection's files."""
        resident = unshared = 0
        ours = False
        for line in Path(f"/proc/{self.process.pid}/smaps").read_text().splitlines():
            name, _, value = line.partition(":")
            if "-" in name:
                ours = "/lists/" in line
            elif ours and name == "Rss":
                resident += int(value.split()[0])
            elif ours and name.startswith("Private_"):
                unshared += int(value.split()[0])
        return resident, unshared

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def sharing(world, options):
    readers = [Reader(world.folder) for _ in range(READERS)]
    texts = world.near(ASKED)
    for each in readers:
        each.ask(*texts)
    for each in readers:
        each.answer()
    resident, unshared = zip(*(each.mapped() for each in readers), strict=True)
    for each in readers:
        each.close()
    return {
        "mapped_mb": round(statistics.median(resident) / 1024, 1),
        "unshared_mb": round(statistics.median(unshared) / 1024, 1),
    }


def visible(world, options):
    other, taken = Reader(world.folder), []
    other.ask(world.keys[0].tobytes().hex())
    other.answer()
    for number, text in enumerate(world.far(100)):
        other.ask(text)
        time.sleep(0.005)
        world.lists.add(text, world.facts(number), algorithm="pdq")
        added = time.monotonic_ns()
        taken.append((other.answer() - added) / 1e6)
    other.close()
    return {
        "visible_ms": round(statistics.median(taken), 3),
        "visible_ms_worst": round(max(taken), 3),
    }


def merging(world, options):
    began = time.perf_counter()
    worker = threading.Thread(target=world.lists.compact)
    worker.start()
    taken = []
    while worker.is_alive():
        pair = world.far(1)[0], world.facts(1)
        taken += microseconds(lambda pair: world.lists.add(*pair, algorithm="pdq"), [pair])
        time.sleep(0.001)
    return {
        "merge_seconds": round(time.perf_counter() - began, 2),
        "merge_adds": len(taken),
        "merge_add_us_p99": round(sorted(taken)[int(len(taken) * 0.99)], 1),
        "merge_add_ms_worst": round(max(taken) / 1e3, 1),
    }


if __name__ == "__main__":
    main()
