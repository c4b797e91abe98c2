"""Near-duplicates of a whole collection, beside asking an index for every hash's neighbours.

    python benchmarks/groups.py [--n 1000000] [--quick]

Prints one JSON object. All groups are of hashes within 31 bits, or of chains of such.

- `wrong`: hashes that are not grouped exactly as planted: pairs, chains whose ends are far apart, crowds of up
  to a fiftieth of all, strangers of which each stays alone (bar: 0)
- `group_seconds`: `Collection.groups`, from the files to the groups; `kernel_seconds`: of that, joining hashes
  in memory with themselves; both of processor time, one thread
- `read_per_second`: members gone through, with their facts
- `peak_mb`: the most memory that another process holds which opens the collection and groups it, above what it
  held before; the mapped files that it reads are counted
- `peer_seconds`: `IndexBinaryMultiHash(256, 16, 16)`, nflip 1: building it, and neighbours of *each* hash:
  extrapolated from `peer_sample` hashes drawn from all, one thread. Uniting the pairs that it gives would come
  on top and is not counted
- `ratio_multihash`: `peer_seconds` against `group_seconds`
"""

import argparse
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from peers.environment import enter  # noqa: E402  found by the line above

RADIUS, SAMPLE = 31, 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="without faiss")
    parser.add_argument("--folder", help="where to put the collection; a temporary one else")
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        reader(options.reader)
        return
    if not options.quick:
        enter("faiss-cpu==1.15.1", "threatexchange==1.2.17")
    found = {"benchmark": "groups", "n": options.n, "machine": platform.machine()}
    found |= {"cores": os.cpu_count(), "radius": RADIUS}
    with tempfile.TemporaryDirectory(prefix="lachan-bench-", dir=options.folder) as folder:
        world = World(options.n, Path(folder) / "lists")
        found |= grouping(world)
        if not options.quick:
            found |= peer(world)
            found["ratio_multihash"] = round(found["peer_seconds"] / found["group_seconds"], 1)
        world.lists.close()
    print(json.dumps(found))


class World:
    """n hashes in one segment; `planted`: for each the number of its group."""

    def __init__(self, n, folder):
        import numpy as np

        from lachan.kernel.ids import uuid7
        from lachan.matching.algorithms.pdq.algorithm import Pdq
        from lachan.matching.collection import Collection
        from lachan.matching.records import Facts

        rng = np.random.default_rng(4)
        parts = list(planted_groups(n, rng))
        alone = random_keys(n - sum(map(len, parts)), rng)
        numbers = [np.full(len(part), number) for number, part in enumerate(parts)]
        numbers.append(np.arange(len(parts), len(parts) + len(alone)))
        order = rng.permutation(n)
        self.keys = np.concatenate([*parts, alone])[order]
        self.planted = np.concatenate(numbers)[order]
        self.groups, self.grouped = len(parts), n - len(alone)
        # A row is known again by its sequence: where it stands in `keys`.
        self.folder = folder
        self.lists = Collection.create(folder, algorithms={"pdq": Pdq()})
        uids = rng.integers(0, 256, (n, 16), np.uint8)
        uids[:, :8] = np.arange(n).astype(">u8").view(np.uint8).reshape(-1, 8)
        self.lists.add_keys("pdq", self.keys, uids, Facts(1, uuid7(), ("scam",)))
        self.lists.compact()


def planted_groups(n, rng):
    """Keys of each group: a tenth of all in pairs, chains of ten, and crowds, each larger than the one before."""
    import numpy as np

    for _ in range(max(1, n // 100)):
        yield near(random_keys(1, rng), rng.integers(0, RADIUS + 1, 1), rng, keep=True)
    for _ in range(max(1, n // 1000)):
        chain = [random_keys(1, rng)]
        for _ in range(9):
            chain.append(near(chain[-1], np.array([RADIUS]), rng))
        yield np.concatenate(chain)
    for size in np.geomspace(10, n // 50, 12).astype(int):
        yield near(random_keys(1, rng), rng.integers(0, RADIUS // 2 + 1, size), rng)


def random_keys(count, rng):
    import numpy as np

    return rng.integers(0, 256, (count, 32), np.uint8)


def near(centre, counts, rng, *, keep=False):
    """Keys that differ from the centre in so many bits each; the centre before them, to `keep` it."""
    import numpy as np

    order = np.argsort(rng.random((len(counts), 256)), axis=1)
    keys = centre ^ np.packbits(order < counts[:, None], axis=1)
    return np.concatenate([centre, keys]) if keep else keys


def grouping(world):
    from lachan.formats.sharing import KEEPER
    from lachan.matching.algorithms.pdq.clusters import groups as kernel
    from lachan.matching.algorithms.pdq.segment import words_of

    world.lists.groups(radius=0)  # mapped and checked from here on
    began = time.process_time()
    groups = world.lists.groups(radius=RADIUS, viewer=KEEPER)
    whole = time.process_time() - began
    began = time.process_time()
    kernel(words_of(world.keys), RADIUS)
    alone = time.process_time() - began
    return {
        "planted_groups": world.groups,
        "planted_grouped": world.grouped,
        "wrong": judged(world, groups),
        "group_seconds": round(whole, 3),
        "kernel_seconds": round(alone, 3),
        "read_per_second": reading(groups),
        "peak_mb": int(
            subprocess.check_output([sys.executable, __file__, "--reader", world.folder])
        ),
    }


def judged(world, groups):
    """Hashes that are not where they were planted: apart from their own, or with others."""
    import numpy as np

    found = np.arange(len(world.keys)) + len(
        world.keys
    )  # each alone, under a number that no group has
    for number, group in enumerate(groups):
        found[[entry.facts.indicator.int >> 64 for entry in group]] = number
    own = np.unique(world.planted, return_inverse=True)[1]
    theirs = np.unique(found, return_inverse=True)[1]
    both = np.unique(own * len(found) + theirs, return_inverse=True)[1]
    # The same groups: whoever shares the one with a hash shares the other, and so both.
    sizes = [np.bincount(labels)[labels] for labels in (own, theirs, both)]
    return int(((sizes[0] != sizes[2]) | (sizes[1] != sizes[2])).sum())


def reading(groups):
    """Members a second, with their facts."""
    began, count = time.perf_counter(), 0
    for member in itertools.islice(itertools.chain.from_iterable(groups), 200_000):
        count += member.distance <= 256
    return round(count / (time.perf_counter() - began))


def reader(folder):
    """Print the megabytes that grouping takes, from a process that did nothing else."""
    from lachan.matching.algorithms.pdq import clusters  # noqa: F401  compiled before
    from lachan.matching.algorithms.pdq.algorithm import Pdq
    from lachan.matching.collection import Collection

    lists = Collection.open(folder, algorithms={"pdq": Pdq()})
    before = peak_mb()
    lists.groups(radius=RADIUS)
    print(round(peak_mb() - before))


def peak_mb():
    # Not getrusage: that still counts what the process had in memory that started this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def peer(world):
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    began = time.process_time()
    index.add(world.keys)
    building = time.process_time() - began
    count = min(SAMPLE, len(world.keys))
    asked = world.keys[np.random.default_rng(6).choice(len(world.keys), count, replace=False)]
    began = time.process_time()
    index.range_search(asked, RADIUS + 1)
    each = (time.process_time() - began) / count
    return {
        "peer_sample": count,
        "peer_build_seconds": round(building, 2),
        "peer_seconds": round(building + each * len(world.keys), 1),
    }


if __name__ == "__main__":
    main()
