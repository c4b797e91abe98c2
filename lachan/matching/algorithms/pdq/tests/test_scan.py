import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.pdq.scan import scan
from lachan.matching.algorithms.pdq.tests.oracle import (
    displaced,
    found,
    neighbours,
    random_codes,
)
from lachan.matching.records import InvalidHash


def words_of(codes, capacity):
    words = np.zeros((4, capacity), np.uint64)
    words[:, : len(codes)] = codes.T
    return words


@given(
    count=st.integers(0, 100),
    radius=st.integers(0, 256),
    differing=st.lists(st.integers(0, 4), min_size=16, max_size=16),
)
def test_it_finds_what_is_near_among_those_counted(count, radius, differing):
    codes = random_codes(112, 1)
    code = displaced(codes[min(count, 99)], differing, np.random.default_rng(2)).tobytes()
    answer = scan(words_of(codes, 112), count, code, radius)
    assert found(answer) == neighbours(codes[:count], code, radius)


def test_it_sees_what_is_added_and_gives_more_than_it_had_room_for():
    words, code = np.zeros((4, 8192), np.uint64), bytes(32)
    assert not len(scan(words, 0, code, 31)[0])
    words[:, 5] = np.iinfo(np.uint64).max
    rows, distances = scan(words, 8191, code, 0)
    assert rows.tolist() == [row for row in range(8191) if row != 5]
    assert not distances.any()


def test_it_refuses_what_it_cannot_compare():
    words = np.zeros((4, 16), np.uint64)
    with pytest.raises(InvalidHash):
        scan(words, 1, b"x", 31)
    with pytest.raises(InvalidInput):
        scan(words, 1, bytes(32), 257)
    for wrong, count in (
        (words, 17),
        (words.T, 1),
        (words[:, ::2], 1),
        (words[:, :9], 1),
        (words.view(np.int64), 1),
    ):
        with pytest.raises(ValueError, match=r"capacity|unbroken"):
            scan(wrong, count, bytes(32), 31)
