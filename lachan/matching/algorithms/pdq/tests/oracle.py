"""What is right, by plain comparison with every hash; and hashes placed where an index could go wrong."""

import numpy as np

from lachan.matching.algorithms.pdq.chunks import straight

WORDS = np.iinfo(np.uint64).max


def random_codes(count, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, WORDS, (count, 4), np.uint64, endpoint=True)


def distances(codes, code):
    return np.bitwise_count(codes ^ np.frombuffer(code, np.uint64)).sum(axis=1, dtype=np.int64)


def neighbours(codes, code, radius):
    far = distances(codes, code)
    return {int(row): int(far[row]) for row in np.nonzero(far <= radius)[0]}


def found(answer):
    """An answer of `find` as {row: distance}; no row may come twice."""
    rows, far = answer
    assert len(set(rows.tolist())) == len(rows)
    return dict(zip(rows.tolist(), far.tolist(), strict=True))


def pairs(codes, queries, radius):
    return {
        (place, row, far)
        for place, query in enumerate(queries)
        for row, far in neighbours(codes, query.tobytes(), radius).items()
    }


def found_pairs(answer):
    places, rows, far = (part.tolist() for part in answer)
    result = set(zip(places, rows, far, strict=True))
    assert len(result) == len(rows)
    return result


def displaced(code, differing, rng):
    """`code` with `differing[t]` bits of its chunk t flipped."""
    flips = np.zeros(16, np.uint16)
    for chunk, count in enumerate(differing):
        for bit in rng.permutation(16)[:count]:
            flips[chunk] |= np.uint16(1 << int(bit))
    return code ^ straight(flips.view(np.uint64).reshape(1, 4))[0]


def placement(kind, rng):
    """How many bits of each chunk to flip: the ways in which 26 to 36 of them lie worst."""
    spread = np.full(16, 2)
    if kind == "31, one chunk at 1":
        spread[rng.integers(16)] = 1
    elif kind == "in two chunks":
        spread[:] = 0
        spread[rng.permutation(16)[:2]] = 16, rng.integers(14, 17)
    elif kind == "anywhere":
        spread[:] = np.bincount(rng.integers(0, 16, rng.integers(26, 37)), minlength=16)
    elif kind == "3 and 1 in turn":
        spread = np.array([3, 1] * 8)
        spread[rng.integers(16)] -= 1
    elif kind == "hardly":
        spread[:] = 0
        spread[rng.integers(16)] = rng.integers(0, 3)
    return np.minimum(spread, 16)


PLACEMENTS = (
    "31, one chunk at 1",
    "32, two each",
    "in two chunks",
    "anywhere",
    "3 and 1 in turn",
    "hardly",
)


def surroundings(queries, each, rng):
    """Hashes around every query: `each` of every placement."""
    return np.array(
        [
            displaced(query, placement(kind, rng), rng)
            for query in queries
            for kind in PLACEMENTS
            for _ in range(each)
        ]
    )
