import numpy as np
import pytest

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq import vector

_SIDE = 512  # random words; next to them, those one to five bits away from the one that is asked


def _words():
    random = np.random.default_rng(1)
    words = random.integers(0, 1 << 16, _SIDE, np.uint16)
    asked = int(words[0])
    for place in range(1, _SIDE // 2):
        flips = random.choice(16, place % 6, replace=False)
        words[place] = asked ^ int(np.sum(1 << flips))
    return words, asked


def _each(near):
    """A kernel that asks `near` about vector after vector."""

    @njit
    def each(address, vectors, word, limit, masks):
        for number in range(vectors):
            masks[number] = near(address + 64 * number, word, limit)

    return each


@njit
def _two(address, word, limit):
    return vector._two(address, word)


@njit
def _three(address, word, limit):
    return vector._three(address, word)


@njit
def _by_store(address, vectors, word, limit, target):
    for number in range(vectors):
        vector.near_shorts_store(address + 64 * number, word, limit, target + 8 * number)


# Each way, whichever of them this machine's processor is given.
@pytest.mark.parametrize(
    ("near", "limits"),
    [
        (vector.near_shorts, range(17)),
        (vector._shorts_counted, range(17)),
        (_two, (2,)),
        (_three, (3,)),
    ],
)
def test_it_finds_the_words_within_a_limit_however_the_processor_counts(near, limits):
    words, asked = _words()
    way = _each(near)
    for limit in limits:
        masks = np.zeros(_SIDE // 32, np.int64)
        way(words.ctypes.data, len(masks), asked, limit, masks)
        assert _lanes(masks) == _near(words, asked, limit)


def test_it_stores_the_same_masks():
    words, asked = _words()
    for limit in range(17):
        masks = np.zeros(_SIDE // 32, np.int64)
        _by_store(words.ctypes.data, len(masks), asked, limit, masks.ctypes.data)
        assert _lanes(masks) == _near(words, asked, limit)


def _lanes(masks):
    return [
        32 * n + lane
        for n, mask in enumerate(masks.tolist())
        for lane in range(32)
        if mask >> lane & 1
    ]


def _near(words, asked, limit):
    return np.flatnonzero(np.bitwise_count(words ^ np.uint16(asked)) <= limit).tolist()
