"""What more hashes cost: one segment of each size, alone, without peers; docs/howto/large.md quotes it.

    python benchmarks/pdq_scale.py [--sizes 1e7 3e7 1e8] [--folder DIR]

Prints one JSON object; `sizes` has a row for each size: `build_seconds` (from hashes in memory to a file on the
disk), `gigabytes` and `bytes_per_hash`, `open_ms`, `look_up_us` and `look_up_p99_us` (from text to hits, all of the
segment in memory), `batch_per_second` (a million queries joined, one core, processor time), `misses` and `wrong` of
2,000 planted neighbours. A size needs its file in memory and, while it is built, 48 bytes a hash more.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lachan.matching.algorithms.pdq.segment import PdqSegment  # noqa: E402  found by the line above

RADIUS, PLANTED, ASKED, BATCH = 31, 2000, 20_000, 1_000_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=[10**7])
    parser.add_argument("--folder", help="where to put the segments; a temporary one else")
    options = parser.parse_args()
    rows = []
    for n in options.sizes:
        with tempfile.TemporaryDirectory(prefix="lachan-bench-", dir=options.folder) as folder:
            rows.append(measured(n, Path(folder) / "segment"))
        print(json.dumps(rows[-1]), file=sys.stderr)
    found = {"benchmark": "pdq_scale", "machine": platform.machine(), "cores": os.cpu_count()}
    print(json.dumps(found | {"radius": RADIUS, "sizes": rows}))


def measured(n, path):
    rng = np.random.default_rng(1)
    queries, truth, seconds = built(n, path, rng)
    began = time.perf_counter()
    segment = PdqSegment.open(path)
    opened = time.perf_counter() - began
    segment.preload()
    found = {"n": n, "build_seconds": round(seconds, 1)}
    found |= {"gigabytes": round(path.stat().st_size / 1e9, 2)}
    found |= {"bytes_per_hash": round(path.stat().st_size / n, 1)}
    found |= {"open_ms": round(opened * 1000, 2)}
    return found | looked_up(segment, rng) | joined(segment, rng) | judged(segment, queries, truth)


def codes_of(count, rng):
    return rng.integers(0, np.iinfo(np.uint64).max, (count, 4), np.uint64, endpoint=True)


def built(n, path, rng):
    """A segment; queries, and (query, row) → distance of what was planted next to them; seconds."""
    codes, queries = codes_of(n, rng), codes_of(PLANTED, rng)
    rows = rng.choice(n, PLANTED, replace=False)
    order = np.argsort(rng.random((PLANTED, 256)), axis=1)
    distances = rng.integers(0, RADIUS + 1, PLANTED)
    flips = np.packbits(order < distances[:, None], axis=1)
    codes[rows] = queries ^ flips.view(np.uint64)
    began = time.perf_counter()
    PdqSegment.build(codes, path)
    seconds = time.perf_counter() - began
    truth = zip(enumerate(rows.tolist()), distances.tolist(), strict=True)
    return queries, dict(truth), seconds


def looked_up(segment, rng):
    texts = [code.tobytes().hex() for code in codes_of(ASKED, rng)]
    times = []
    for text in texts:
        began = time.perf_counter()
        segment.find(bytes.fromhex(text), RADIUS)
        times.append((time.perf_counter() - began) * 1e6)
    return {
        "look_up_us": round(statistics.median(times), 1),
        "look_up_p99_us": round(float(np.percentile(times, 99)), 1),
    }


def joined(segment, rng):
    queries = codes_of(BATCH, rng)
    began = time.thread_time()
    segment.find_many(queries, RADIUS)
    return {"batch_per_second": round(BATCH / (time.thread_time() - began))}


def judged(segment, queries, truth):
    places, rows, distances = (part.tolist() for part in segment.find_many(queries, RADIUS))
    found = dict(zip(zip(places, rows, strict=True), distances, strict=True))
    misses = truth.keys() - found.keys()
    wrong = [pair for pair in truth.keys() & found.keys() if truth[pair] != found[pair]]
    return {"misses": len(misses), "wrong": len(wrong)}


if __name__ == "__main__":
    main()
