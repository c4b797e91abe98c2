"""A batch gives what its queries give one by one, joined or not; groups are those of all pairs."""

import numpy as np
import pytest

from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.pdq import pairs as ways
from lachan.matching.algorithms.pdq.clusters import groups
from lachan.matching.algorithms.pdq.segment import PdqSegment
from lachan.matching.algorithms.pdq.tests.oracle import (
    displaced,
    distances,
    found_pairs,
    pairs,
    placement,
    random_codes,
    surroundings,
)
from lachan.matching.records import InvalidHash


def joined(segment, queries, radius, threads=1):
    return ways.join_batch(segment.plan, ways.Batch(queries), radius, threads)


def looped(segment, queries, radius):
    return ways.loop_batch(segment.plan, queries, radius)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(queries, some of them twice; hashes; a segment of those)."""
    asked = random_codes(60, 12)
    around = surroundings(asked, 3, np.random.default_rng(11))
    codes = np.concatenate([random_codes(3000, 13), around, asked, asked[:5]])
    path = tmp_path_factory.mktemp("batches") / "segment"
    PdqSegment.build(codes, path, scan_below=0)
    queries = np.concatenate([asked, random_codes(200, 14), asked[:9], around[::7]])
    return queries, codes, PdqSegment.open(path)


@pytest.mark.parametrize("way", [joined, looped])
@pytest.mark.parametrize("radius", [31, 30, 24, 16, 15, 14, 7, 1, 0])
def test_it_finds_the_pairs_that_comparison_finds(world, way, radius):
    queries, codes, segment = world
    assert found_pairs(way(segment, queries, radius)) == pairs(codes, queries, radius)


@pytest.mark.parametrize("threads", [1, 3])
def test_it_joins_more_queries_than_hashes(world, tmp_path, threads):
    queries, codes, _ = world
    PdqSegment.build(queries, tmp_path / "few", scan_below=0)
    segment = PdqSegment.open(tmp_path / "few")
    assert found_pairs(joined(segment, codes, 31, threads)) == pairs(queries, codes, 31)


def test_it_chooses_a_way_by_the_batch(world, monkeypatch):
    queries, codes, segment = world
    truth = pairs(codes, queries, 31)
    for from_ in (0, 1 << 30):
        monkeypatch.setattr(
            "lachan.matching.algorithms.pdq.segment.join_from", lambda _, n=from_: n
        )
        assert found_pairs(segment.find_many(queries, 31)) == truth
    octets = queries.view(np.uint8).reshape(-1, 32)
    assert found_pairs(segment.find_many(octets, 31)) == truth


def test_it_answers_a_batch_of_none_and_one_beyond_what_is_indexed(world):
    queries, codes, segment = world
    assert not len(segment.find_many(queries[:0], 31)[0])
    assert not len(joined(segment, queries[:0], 31)[0])
    assert found_pairs(segment.find_many(queries[:3], 99)) == pairs(codes, queries[:3], 99)


def test_it_compares_a_batch_with_a_small_segment(tmp_path):
    codes, queries = random_codes(50, 1), random_codes(50, 1)[10:20]
    PdqSegment.build(codes, tmp_path / "small")
    segment = PdqSegment.open(tmp_path / "small")
    assert found_pairs(segment.find_many(queries, 31)) == pairs(codes, queries, 31)


def test_it_refuses_what_are_no_hashes(world):
    segment = world[2]
    for wrong in (np.zeros((3, 31), np.uint8), np.zeros((3, 4), np.int64), np.zeros(4, np.uint64)):
        with pytest.raises(InvalidHash, match="uint64"):
            segment.find_many(wrong, 31)
    for radius in (-1, 257):
        with pytest.raises(InvalidInput, match="radius"):
            segment.find_many(world[0], radius)


@pytest.mark.parametrize("way", [joined, looped])
def test_it_tells_even_from_odd_in_a_batch(tmp_path, way):
    rng = np.random.default_rng(15)
    codes = random_codes(3000, 16)
    codes[:, 0] ^= (np.bitwise_count(codes).sum(axis=1) & 1).astype(np.uint64)
    PdqSegment.build(codes, tmp_path / "even", scan_below=0)
    segment = PdqSegment.open(tmp_path / "even")
    near = np.array([displaced(code, placement("anywhere", rng), rng) for code in codes[:60]])
    odd = (np.bitwise_count(near).sum(axis=1) & 1).astype(bool)
    for queries in (near[odd], near[~odd], near):
        for radius in (31, 30, 29, 1, 0):
            assert found_pairs(way(segment, queries, radius)) == pairs(codes, queries, radius)


@pytest.mark.parametrize("way", [joined, looped])
def test_it_makes_room_for_as_many_pairs_as_there_are(tmp_path, way):
    rng = np.random.default_rng(17)
    centre = random_codes(1, 18)[0]
    crowd = np.array([displaced(centre, rng.integers(0, 2, 16), rng) for _ in range(2000)])
    PdqSegment.build(crowd, tmp_path / "crowd", scan_below=0)
    segment = PdqSegment.open(tmp_path / "crowd")
    queries = np.concatenate([crowd[:40], np.repeat(centre[None], 10, axis=0)])
    answer = way(segment, queries, 31)
    assert len(answer[0]) == len(queries) * len(crowd)
    assert found_pairs(answer) == pairs(crowd, queries, 31)


def slow_groups(codes, radius):
    labels = np.full(len(codes), -1)
    for first in range(len(codes)):
        if labels[first] < 0:
            waiting = [first]
            while waiting:
                row = waiting.pop()
                if labels[row] < 0:
                    labels[row] = first
                    near = distances(codes, codes[row].tobytes()) <= radius
                    waiting += np.nonzero(near & (labels < 0))[0].tolist()
    return labels


@pytest.mark.parametrize("radius", [0, 9, 20, 31])
def test_it_groups_chains_equals_and_strangers(radius):
    rng = np.random.default_rng(19)
    chain = [random_codes(1, 20)[0]]
    for _ in range(150):
        chain.append(displaced(chain[-1], rng.multinomial(rng.integers(0, 36), [1 / 16] * 16), rng))
    codes = np.concatenate([np.array(chain), random_codes(500, 21), np.array(chain[::9])])
    codes = codes[rng.permutation(len(codes))]
    assert np.array_equal(groups(codes, radius), slow_groups(codes, radius))


def test_it_groups_a_crowd_without_its_square(tmp_path):
    rng = np.random.default_rng(22)
    centre = random_codes(1, 23)[0]
    equal = np.repeat(centre[None], 20_000, axis=0)
    near = np.array([displaced(centre, rng.integers(0, 2, 16), rng) for _ in range(3000)])
    labels = groups(np.concatenate([random_codes(100, 24), equal, near]), 31)
    assert np.array_equal(labels[:100], np.arange(100))
    assert set(labels[100:].tolist()) == {100}


def test_it_tells_apart_two_crowds_that_share_most_chunks():
    rng = np.random.default_rng(25)
    one = random_codes(1, 26)[0]
    other = displaced(one, [16] * 4 + [0] * 12, rng)
    codes = np.array(
        [
            displaced(centre, rng.integers(0, 2, 16), rng)
            for _ in range(1200)
            for centre in (one, other)
        ]
    )
    assert np.array_equal(groups(codes, 31), np.arange(len(codes)) % 2)


def test_it_groups_none_and_refuses_a_radius_beyond():
    assert not len(groups(np.empty((0, 4), np.uint64), 31))
    with pytest.raises(InvalidInput, match="31"):
        groups(random_codes(2, 1), 32)
