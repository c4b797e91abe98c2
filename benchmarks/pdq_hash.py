"""PDQ hashing beside its peers, in one process and thread, in turn; medians of processor time.

    python benchmarks/pdq_hash.py [--seconds 3] [--pictures 400]

Prints one JSON object.

- `ratio_pdqhash`: how many times faster than the bindings of Meta's implementation, by size (bar: 5 at 512²
  and above); `ms`: what ours takes
- `identical` of `pictures`: how many have the same bits, quality and eight transforms, over odd sizes and grey
- `jpeg`: from a file's bytes to its hash to what is known of it (among 10,000), in pictures a second: ours with
  the extra `jpeg`, ours by Pillow alone, python-threatexchange; `ratio_threatexchange` of the first (bar: 4)
"""

import argparse
import io
import json
import os
import platform
import random
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from peers.environment import enter

SIZES = {"64": (64, 64), "512": (512, 512), "1080p": (1920, 1080), "12mp": (4000, 3000)}
KNOWN = 10_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--pictures", type=int, default=400, help="compared bit for bit")
    options = parser.parse_args()
    enter("pdqhash==0.2.8", "threatexchange==1.2.17", "faiss-cpu==1.15.1", "simplejpeg==1.9.0")

    from lachan.matching.algorithms.pdq.hashing import warm

    warm()
    found = {"benchmark": "pdq_hash", "machine": platform.machine(), "cores": os.cpu_count()}
    found |= exactness(options.pictures)
    found |= arrays(options.seconds)
    found |= files(options.seconds)
    print(json.dumps(found))


def drawn(number, width, height):
    from lachan.matching.algorithms.pdq.tests.pictures import draw

    return draw(number, width, height)


def text_of(bits):
    return f"{int(''.join(map(str, bits)), 2):064x}"


def exactness(count):
    """How many pictures have the same hash, quality and eight transforms."""
    import numpy as np
    import pdqhash

    from lachan.matching.algorithms.pdq.hashing import pdq_dihedral, pdq_hash

    chance = random.Random(1)
    same = 0
    for number in range(count):
        most = 2000 if number % 20 == 0 else 400
        width, height = (chance.choice([chance.randint(1, most), 64, 128]) for _ in range(2))
        pixels = drawn(number, width, height)
        if number % 5 == 0:
            pixels = np.repeat(pixels[:, :, :1], 3, axis=2)
        bits, quality = pdqhash.compute(pixels)
        ours = pdq_hash(pixels[:, :, 0] if number % 5 == 0 else pixels)
        turned, turned_quality = pdqhash.compute_dihedral(pixels)
        told = pdq_dihedral(pixels)
        same += (
            (ours.text, ours.quality) == (text_of(bits), quality)
            and [one.text for one in told] == [text_of(one) for one in turned]
            and {one.quality for one in told} == {turned_quality}
        )
    return {"pictures": count, "identical": same}


def in_turn(seconds, *calls):
    """Median seconds of each call, made in turn.

    Of the processor's time: what else the machine does would strike long calls more often than short ones.
    """
    taken = [[] for _ in calls]
    for call in calls:
        call()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken[0]) < 9:
        for times, call in zip(taken, calls, strict=True):
            began = time.thread_time()
            call()
            times.append(time.thread_time() - began)
    return [statistics.median(times) for times in taken]


def arrays(seconds):
    import pdqhash

    from lachan.matching.algorithms.pdq.hashing import pdq_hash

    ratios, milliseconds = {}, {}
    for name, size in SIZES.items():
        pixels = drawn(7, *size)
        ours, theirs = in_turn(seconds, partial(pdq_hash, pixels), partial(pdqhash.compute, pixels))
        ratios[name], milliseconds[name] = round(theirs / ours, 2), round(ours * 1000, 3)
    return {"ratio_pdqhash": ratios, "ms": milliseconds}


def files(seconds):
    """Bytes → hash → answer."""
    import faiss
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex

    from lachan.matching.algorithms.pdq import picture
    from lachan.matching.algorithms.pdq.segment import PdqSegment

    faiss.omp_set_num_threads(1)
    keys = [random.Random(number).randbytes(32) for number in range(KNOWN)]
    jpegs = {name: jpeg(*SIZES[name]) for name in ("512", "1080p", "12mp")}
    keys += [picture.picture_hash(data).stored.key for data in jpegs.values()]
    theirs = PDQIndex.build([(key.hex(), row) for row, key in enumerate(keys)])
    with tempfile.TemporaryDirectory(prefix="lachan-bench-") as folder:
        path = Path(folder) / "segment"
        PdqSegment.build(np_words(keys), path)
        ours = PdqSegment.open(path)

    def ask(data):
        return ours.find(picture.picture_hash(data).stored.key, 31)[0].tolist()

    def ask_by_pillow(data):
        quick, picture.simplejpeg = picture.simplejpeg, None
        try:
            return ask(data)
        finally:
            picture.simplejpeg = quick

    def ask_theirs(data):
        return [match.metadata for match in theirs.query(pdq_from_bytes(data)[0])]

    found = {}
    for name, data in jpegs.items():
        if not ask(data) == ask_by_pillow(data) == ask_theirs(data) != []:
            raise SystemExit("the same file has two answers")
        calls = [partial(call, data) for call in (ask, ask_by_pillow, ask_theirs)]
        mine, by_pillow, other = in_turn(seconds, *calls)
        found[name] = {
            "pictures_per_s": round(1 / mine, 1),
            "by_pillow_per_s": round(1 / by_pillow, 1),
            "threatexchange_per_s": round(1 / other, 1),
            "ratio_threatexchange": round(other / mine, 2),
            "ratio_threatexchange_by_pillow": round(other / by_pillow, 2),
        }
    lowest = min(row["ratio_threatexchange"] for row in found.values())
    return {"jpeg": found, "ratio_threatexchange": lowest}


def jpeg(width, height):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(drawn(7, width, height)).save(out, "JPEG", quality=85)
    return out.getvalue()


def np_words(keys):
    import numpy as np

    return np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 4)


if __name__ == "__main__":
    main()
