"""PDQ hashing beside its peers, in one process, in turn; medians.

    python benchmarks/pdq_hash.py [--seconds 3] [--pictures 400]

Prints one JSON object. `ratio_pdqhash`: how many times faster than the bindings of Meta's implementation, by
size (bar: 5 at 512² and above); `identical` of `pictures`: how many have the same bits and quality, over odd
sizes, greys and all eight transforms; `jpeg`: from a file's bytes to its hash, in pictures a second, ours and
python-threatexchange's (bar: `ratio_threatexchange` 4).
"""

import argparse
import io
import json
import os
import platform
import random
import statistics
import time

from peers.environment import enter

SIZES = {"64": (64, 64), "512": (512, 512), "1080p": (1920, 1080), "12mp": (4000, 3000)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--pictures", type=int, default=400, help="compared bit for bit")
    options = parser.parse_args()
    enter("pdqhash==0.2.8", "threatexchange==1.2.17")

    from lachan.matching.algorithms.pdq.hashing import warm

    warm()
    found = {"benchmark": "pdq_hash", "machine": platform.machine(), "cores": os.cpu_count()}
    found |= exactness(options.pictures)
    found |= arrays(options.seconds)
    found["jpeg"] = {
        name: files(*size, options.seconds) for name, size in SIZES.items() if name != "64"
    }
    found["ratio_threatexchange"] = min(
        row["ratio_threatexchange"] for row in found["jpeg"].values()
    )
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


def in_turn(one, other, seconds):
    """Median seconds of two calls, made in turn: what else the machine does strikes both alike."""
    taken = ([], [])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken[0]) < 5:
        for times, call in zip(taken, (one, other), strict=True):
            began = time.perf_counter()
            call()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]


def arrays(seconds):
    import pdqhash

    from lachan.matching.algorithms.pdq.hashing import pdq_hash

    ratios, ours_ms = {}, {}
    for name, size in SIZES.items():
        pixels = drawn(7, *size)
        ours, theirs = in_turn(
            lambda p=pixels: pdq_hash(p), lambda p=pixels: pdqhash.compute(p), seconds
        )
        ratios[name], ours_ms[name] = round(theirs / ours, 2), round(ours * 1000, 3)
    return {"ratio_pdqhash": ratios, "ms": ours_ms}


def files(width, height, seconds):
    from PIL import Image
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

    from lachan.matching.algorithms.pdq.picture import picture_hash

    out = io.BytesIO()
    Image.fromarray(drawn(7, width, height)).save(out, "JPEG", quality=85)
    data = out.getvalue()
    found = picture_hash(data).stored
    if (found.text, found.quality) != pdq_from_bytes(data):
        raise SystemExit("the same file has two hashes")
    ours, theirs = in_turn(lambda: picture_hash(data), lambda: pdq_from_bytes(data), seconds)
    return {
        "pictures_per_s": round(1 / ours, 1),
        "threatexchange_per_s": round(1 / theirs, 1),
        "ratio_threatexchange": round(theirs / ours, 2),
    }


if __name__ == "__main__":
    main()
