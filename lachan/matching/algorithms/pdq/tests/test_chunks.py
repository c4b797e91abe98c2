"""The cut into chunks, and the claim on which nothing being missed rests."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lachan.matching.algorithms.pdq.chunks import BOUNDS, straight
from lachan.matching.algorithms.pdq.sort import cut
from lachan.matching.algorithms.pdq.tests.oracle import random_codes


def chunked(codes):
    target = np.empty_like(codes)
    cut(codes.ctypes.data, target.ctypes.data, len(codes))
    return target


def test_it_moves_bits_to_chunks_and_back():
    codes = random_codes(500, 1)
    assert np.array_equal(straight(chunked(codes)), codes)


def test_each_chunk_has_one_bit_of_every_row_and_of_every_column():
    single = np.zeros((256, 16), np.uint16)
    for row in range(16):
        for column in range(16):
            single[16 * row + column, row] = 1 << column
    rows = chunked(single.view(np.uint64)).view(np.uint16)
    assert np.array_equal(rows.sum(axis=0, dtype=int), [0xFFFF] * 16)
    chunk_of = rows.argmax(axis=1).reshape(16, 16)
    for line in (*chunk_of, *chunk_of.T):
        assert sorted(line) == list(range(16))


@given(st.lists(st.integers(0, 15), max_size=31), st.integers(0, 31))
def test_some_chunk_is_one_to_start_at(places, spare):
    """Any way in which at most r bits differ keeps, from some chunk on, within all bounds."""
    radius = min(31, len(places) + spare)
    differing = np.bincount(places, minlength=16)
    sums = np.cumsum([np.roll(differing, -step) for step in range(3)], axis=0)
    assert (sums <= BOUNDS[radius]).all(axis=0).any()


def test_some_chunk_is_one_to_start_at_wherever_31_bits_lie():
    rng = np.random.default_rng(2)
    for crowded in (0.05, 0.3, 1, 10, 100):
        differing = rng.multinomial(31, rng.dirichlet([crowded] * 16, 20_000))
        sums = np.cumsum([np.roll(differing, -step, axis=1) for step in range(3)], axis=0)
        starts = (sums <= BOUNDS[31][:, None]).all(axis=0)
        assert starts.any(axis=1).all()


def test_no_bound_asks_for_more_than_one_flipped_bit():
    assert BOUNDS[:, 0].min() == -1
    assert BOUNDS[:, 0].max() == 1
