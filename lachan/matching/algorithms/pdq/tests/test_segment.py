"""Nothing within the radius is missed, nothing else is given: against plain comparison with every hash."""

import threading
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.pdq import build as building
from lachan.matching.algorithms.pdq.layout import Layout
from lachan.matching.algorithms.pdq.segment import PdqSegment
from lachan.matching.algorithms.pdq.tests.oracle import (
    displaced,
    distances,
    found,
    neighbours,
    random_codes,
    surroundings,
)
from lachan.matching.records import InvalidHash


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("segments")


def segment_of(folder, codes, **how):
    path = folder / f"{threading.get_ident()}-{len(list(folder.iterdir()))}.pdq"
    PdqSegment.build(codes, path, **how)
    return PdqSegment.open(path, verify=True)


@cache
def placed():
    """(queries, hashes around them and elsewhere)."""
    rng = np.random.default_rng(7)
    queries = random_codes(40, 1)
    codes = np.concatenate([random_codes(6000, 2), queries, surroundings(queries, 5, rng)])
    return queries, codes[rng.permutation(len(codes))]


@pytest.fixture(scope="module", params=["indexed", "compared one by one"])
def segment(request, folder):
    return segment_of(folder, placed()[1], scan_below=0 if request.param == "indexed" else 1 << 20)


@pytest.mark.parametrize("radius", range(32))
def test_it_finds_all_placements_at_every_radius(segment, radius):
    queries, codes = placed()
    for query in queries:
        code = query.tobytes()
        assert found(segment.find(code, radius)) == neighbours(codes, code, radius)


@given(
    row=st.integers(0, 6000),
    differing=st.lists(
        st.sampled_from([0, 0, 1, 1, 2, 2, 2, 3, 4, 9, 16]), min_size=16, max_size=16
    ),
    radius=st.integers(0, 31),
    seed=st.integers(0, 1000),
)
def test_it_finds_whatever_differs_in_whatever_way(segment, row, differing, radius, seed):
    codes = placed()[1]
    code = displaced(codes[row], differing, np.random.default_rng(seed)).tobytes()
    assert found(segment.find(code, radius)) == neighbours(codes, code, radius)


@pytest.mark.parametrize("radius", [32, 100, 128, 255, 256])
def test_it_stays_exact_beyond_what_is_indexed(segment, radius):
    queries, codes = placed()
    for query in queries[:3]:
        code = query.tobytes()
        assert found(segment.find(code, radius)) == neighbours(codes, code, radius)


@pytest.mark.parametrize("odd", ["none", "all", "one"])
def test_it_uses_that_distances_are_even_only_where_they_are(folder, odd):
    rng = np.random.default_rng(3)
    queries, codes = (part.copy() for part in placed())
    parity = np.bitwise_count(codes).sum(axis=1) & 1
    codes[:, 0] ^= (parity if odd != "all" else 1 - parity).astype(np.uint64)
    if odd == "one":
        codes[17, 3] ^= np.uint64(1)
    segment = segment_of(folder, codes, scan_below=0)
    assert segment.layout.parity == {"none": 0, "all": 1, "one": 2}[odd]
    for query in [*queries[:8], codes[17], displaced(codes[17], [2] * 15 + [1], rng)]:
        code = query.tobytes()
        for radius in range(32):
            assert found(segment.find(code, radius)) == neighbours(codes, code, radius)


def test_it_keeps_its_answers_where_bits_are_skewed(folder):
    rng = np.random.default_rng(4)
    # Rows alike, columns alike, and a handful of patterns that nearly all hashes hold in some chunk.
    rows = rng.integers(0, 1 << 16, (5000, 16), np.uint16) & rng.integers(0, 1 << 16, 16, np.uint16)
    rows[:, 1:] |= rows[:, :-1]
    codes = np.ascontiguousarray(rows).view(np.uint64)
    segment = segment_of(folder, codes)
    for row in range(0, 5000, 250):
        code = displaced(codes[row], rng.integers(0, 3, 16), rng).tobytes()
        for radius in (31, 24, 15, 3):
            assert found(segment.find(code, radius)) == neighbours(codes, code, radius)


def test_it_gives_all_of_a_crowd_of_near_duplicates_and_of_equals(folder):
    rng = np.random.default_rng(5)
    centre = random_codes(1, 6)[0]
    bits = np.argsort(rng.random((20_000, 256)), axis=1) < rng.integers(0, 33, 20_000)[:, None]
    crowd = centre ^ np.packbits(bits, axis=1).view(np.uint64)
    zeros = np.zeros((3000, 4), np.uint64)
    codes = np.concatenate([random_codes(2000, 7), crowd, np.repeat(centre[None], 3000, 0), zeros])
    segment = segment_of(folder, codes)
    for code in (centre.tobytes(), bytes(32), crowd[0].tobytes()):
        for radius in (31, 16, 0):
            answer = segment.find(code, radius)
            assert found(answer) == neighbours(codes, code, radius)
    assert len(segment.find(centre.tobytes(), 31)[0]) > 20_000
    assert len(segment.find(bytes(32), 256)[0]) == len(codes)


@pytest.mark.parametrize("count", [0, 1, 2, 33])
@pytest.mark.parametrize("scan_below", [0, 1 << 20])
def test_it_holds_few_or_none(folder, count, scan_below):
    codes = random_codes(count, 8)
    segment = segment_of(folder, codes, scan_below=scan_below)
    assert segment.count == count
    for code in [bytes(32), *(code.tobytes() for code in codes)]:
        for radius in (0, 31, 256):
            assert found(segment.find(code, radius)) == neighbours(codes, code, radius)


def test_it_numbers_rows_in_four_bytes_too(folder, monkeypatch):
    monkeypatch.setattr(Layout, "row_bytes", 4)  # as from 2**24 hashes on
    monkeypatch.setattr(building, "OVER", 0)
    queries, codes = placed()
    segment = segment_of(folder, codes)
    for query in queries:
        code = query.tobytes()
        assert found(segment.find(code, 31)) == neighbours(codes, code, 31)


def test_it_gives_back_the_hashes_that_it_holds(segment):
    assert np.array_equal(segment.codes(), placed()[1])


def test_it_refuses_what_is_no_question(segment):
    with pytest.raises(InvalidHash, match="32 bytes"):
        segment.find(b"short", 31)
    for radius in (-1, 257):
        with pytest.raises(InvalidInput, match="radius"):
            segment.find(bytes(32), radius)


def test_it_answers_many_threads_at_once(segment):
    queries, codes = placed()
    wrong = []

    def ask(first):
        for _ in range(10):
            for query in np.roll(queries, first, axis=0):
                code = query.tobytes()
                if found(segment.find(code, 31)) != truth[code]:
                    wrong.append(code)

    truth = {query.tobytes(): neighbours(codes, query.tobytes(), 31) for query in queries}
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_distances_are_those_of_whole_hashes(segment):
    queries, codes = placed()
    rows, far = segment.find(queries[0].tobytes(), 31)
    assert np.array_equal(distances(codes[rows], queries[0].tobytes()), far)
