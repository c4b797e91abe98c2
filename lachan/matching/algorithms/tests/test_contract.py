"""What every algorithm promises, held against each that is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.matching.algorithms.algorithm import Algorithm, algorithm_of, algorithms
from lachan.matching.records import InvalidHash, MatchingError

each = pytest.mark.parametrize("algorithm", algorithms().values(), ids=algorithms().keys())
SIZES = (0, 1, 2, 700)


def keys_like(algorithm, number, seed=7):
    """Random keys, each fifth near to another one and some equal."""
    random = np.random.default_rng(seed)
    keys = random.integers(0, 256, (number, algorithm.width), dtype=np.uint8)
    for row in range(0, number - 1, 5):
        keys[row + 1] = keys[row]
        bits = random.integers(0, 8 * algorithm.width, random.integers(0, 40))
        np.bitwise_xor.at(keys[row + 1], bits // 8, (1 << bits % 8).astype(np.uint8))
    return keys


def brute_force(algorithm, asked, keys, radius):
    found = set()
    for place, key in enumerate(asked):
        near = algorithm.distances(key.tobytes(), keys)
        found |= {(place, int(row), int(near[row])) for row in np.flatnonzero(near <= radius)}
    return found


@each
def test_it_reads_its_examples(algorithm: Algorithm):
    texts = algorithm.examples()
    assert len(texts) >= 3
    assert len({algorithm.parse(text) for text in texts}) == len(texts)
    for text in texts:
        key, value = algorithm.parse(text), algorithm.canonical(text)
        assert type(key) is bytes
        assert len(key) == algorithm.width
        assert algorithm.canonical(value) == value
        assert algorithm.parse(value) == key
        assert algorithm.queries(text)[0] == key
        assert algorithm.confirms(text, value)
        if algorithm.reversible:
            assert algorithm.text(key) == value


@each
@settings(max_examples=60)
@given(text=st.text(max_size=80) | st.from_regex(r"[0-9a-f]{31,65}", fullmatch=True))
def test_it_reads_anything_or_says_why_not(algorithm: Algorithm, text):
    refused = ""
    try:
        key = algorithm.parse(text)
    except InvalidHash as error:
        refused = str(error)
    else:
        assert len(key) == algorithm.width
        assert algorithm.parse(algorithm.canonical(text)) == key
    assert len(text) < 6 or text not in refused  # what was asked may be somebody's


@each
def test_it_measures_a_distance(algorithm: Algorithm):
    keys = keys_like(algorithm, 12)
    texts = [key.tobytes() for key in keys]
    table = np.array([[algorithm.distance(one, other) for other in texts] for one in texts])
    same = np.array([[one == other for other in texts] for one in texts])
    assert ((table == 0) == same).all()
    assert (table == table.T).all()
    assert (table[:, None, :] <= table[:, :, None] + table[None, :, :].transpose(0, 2, 1)).all()
    for one, row in zip(texts, table, strict=True):
        assert algorithm.distances(one, keys).tolist() == row.tolist()


@each
@pytest.mark.parametrize("number", SIZES)
def test_it_finds_what_brute_force_finds(algorithm: Algorithm, number, tmp_path):
    keys, path = keys_like(algorithm, number), tmp_path / "index"
    algorithm.index_build(keys, path)
    assert [file.name for file in tmp_path.iterdir()] == ["index"]
    index = algorithm.index_open(path)
    assert index.count == number
    asked = np.concatenate([keys[::3], keys_like(algorithm, 40, seed=8)])
    for radius in {0, algorithm.radius}:
        truth = brute_force(algorithm, asked, keys, radius)
        places, rows, distances = index.find_many(asked, radius)
        many = list(zip(places.tolist(), rows.tolist(), distances.tolist(), strict=True))
        assert len(many) == len(set(many))
        assert set(many) == truth
        for place in range(0, len(asked), 25):
            rows, distances = index.find(asked[place].tobytes(), radius)
            one = {(place, *pair) for pair in zip(rows.tolist(), distances.tolist(), strict=True)}
            assert one == {pair for pair in truth if pair[0] == place}
    nothing = index.find_many(keys[:0], algorithm.radius)
    assert [len(part) for part in nothing] == [0, 0, 0]


def plain_groups(algorithm, keys, radius):
    """For each key the first one that a chain of near ones leads to; all pairs, compared one by one."""
    firsts = np.full(len(keys), -1)
    for first in range(len(keys)):
        waiting = [first] if firsts[first] < 0 else []
        while waiting:
            row = waiting.pop()
            firsts[row] = first
            near = algorithm.distances(keys[row].tobytes(), keys) <= radius
            waiting += np.flatnonzero(near & (firsts < 0)).tolist()
    return firsts


@each
@pytest.mark.parametrize("number", SIZES)
def test_it_groups_as_brute_force_does(algorithm: Algorithm, number):
    keys = keys_like(algorithm, number)
    keys = np.concatenate([keys, keys[::7], keys_like(algorithm, number // 9, seed=9)])
    for radius in {0, algorithm.radius}:
        done = []
        firsts = algorithm.groups(keys, radius, done.append)
        assert firsts.tolist() == plain_groups(algorithm, keys, radius).tolist()
        assert sum(done) == len(keys)


@each
def test_it_builds_anew_over_an_open_index(algorithm: Algorithm, tmp_path):
    keys, path = keys_like(algorithm, 30), tmp_path / "index"
    algorithm.index_build(keys, path)
    before = algorithm.index_open(path)
    algorithm.index_build(keys[:10], path)
    assert algorithm.index_open(path).count == 10
    assert 20 in before.find(keys[20].tobytes(), 0)[0]


@each
def test_it_never_answers_from_an_altered_index(algorithm: Algorithm, tmp_path):
    keys, path = keys_like(algorithm, 90), tmp_path / "index"
    algorithm.index_build(keys, path)
    good = path.read_bytes()
    random = np.random.default_rng(3)
    places = [*range(0, 128, 3), *random.integers(0, len(good), 60).tolist(), len(good) - 1]
    for at in places:
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])
        try:
            index = algorithm.index_open(path)
        except MatchingError:
            continue
        # Only what means nothing may be altered unnoticed: the space between two parts.
        assert good[at] == 0
        rows = index.find_many(keys, 0)[1]
        assert set(rows.tolist()) == set(range(90))


@each
def test_it_refuses_what_is_no_whole_index(algorithm: Algorithm, tmp_path):
    path = tmp_path / "index"
    algorithm.index_build(keys_like(algorithm, 90), path)
    good = path.read_bytes()
    spoilt = [good[:at] for at in (0, 1, 64, 200, len(good) // 2, len(good) - 1)]
    for data in (*spoilt, good + b"\0", b"\0" * len(good), b"not an index" * 100):
        path.write_bytes(data)
        with pytest.raises(MatchingError):
            algorithm.index_open(path)
    path.write_bytes(good)
    assert algorithm.index_open(path).count == 90


@each
def test_it_refuses_another_algorithms_index(algorithm: Algorithm, tmp_path):
    path = tmp_path / "index"
    algorithm.index_build(keys_like(algorithm, 5), path)
    for other in algorithms().values():
        if other is not algorithm:
            with pytest.raises(MatchingError):
                other.index_open(path)
    with pytest.raises(FileNotFoundError):
        algorithm.index_open(tmp_path / "absent")


def test_it_answers_for_each_kind_once():
    kinds = [kind for algorithm in algorithms().values() for kind in algorithm.kinds]
    assert len(kinds) == len(set(kinds))
    assert algorithm_of("domain").name == algorithm_of("url").name
    assert algorithm_of("pin") is None
