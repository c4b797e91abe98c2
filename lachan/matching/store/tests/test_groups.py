"""Groups of entries through the collection's door, against all pairs by plain distance."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.formats.sharing import KEEPER, SEVERAL, Level, Reach, Viewer, sees
from lachan.kernel import clock
from lachan.kernel.errors import InvalidInput
from lachan.matching.collection import Collection
from lachan.matching.records import Facts, SegmentCorrupt
from lachan.matching.store.shelf import Shelf
from lachan.matching.store.tests.toys import TOYS, facts, uid

CENTRES = np.random.default_rng(5).integers(0, 256, (4, 32), np.uint8)
VIEWERS = [Viewer(), Viewer(1), Viewer.of(2, 7), Viewer.of(1, 7, SEVERAL), KEEPER]
FACTS = st.builds(
    Facts,
    sequence=st.just(1),
    indicator=st.integers(1, 12).map(uid),
    categories=st.sampled_from([(), ("scam",)]),
    reach=st.integers(0, 3),
    circle=st.sampled_from([0, 7, SEVERAL]),
    valid_until=st.sampled_from([0, 0, 0, 1, 1 << 40]),
)


def displaced(centre, bits):
    key = centre.copy()
    for bit in bits:
        key[bit // 8] ^= 1 << bit % 8
    return key.tobytes().hex()


VALUES = st.builds(
    # Runs of bits: chains, whose links overlap by more or less than a radius.
    lambda centre, start, length: displaced(CENTRES[centre], range(start, start + length)),
    st.integers(0, 3),
    st.sampled_from([0, 16, 48, 96]),
    st.sampled_from([0, 1, 15, 31, 32, 60]),
)
STEPS = st.lists(
    st.tuples(st.just("add"), VALUES, FACTS)
    | st.tuples(st.just("remove"), VALUES, FACTS)
    | st.tuples(st.sampled_from(["segment", "merge"])),
    max_size=60,
)


def plain_groups(entries, radius):
    """Sets of entries, by a union of all pairs: {(value, indicator)}."""
    values = [value for value, _ in entries]
    keys = np.array([list(bytes.fromhex(value)) for value in values], np.uint8).reshape(-1, 32)
    near = np.bitwise_count(keys[:, None] ^ keys[None]).sum(axis=2) <= radius
    labels = np.arange(len(entries))
    for one, other in np.argwhere(near):
        labels[labels == labels[one]] = labels[other]
    groups = {}
    for label, entry in zip(labels.tolist(), entries, strict=True):
        groups.setdefault(label, set()).add(entry)
    return {frozenset(group) for group in groups.values() if len(group) > 1}


def found_groups(groups):
    return {frozenset((e.value, e.facts.indicator) for e in group) for group in groups}


def do(lists, entries, step):
    """One step, in the collection and in a dictionary."""
    if step[0] == "add":
        lists.add(step[1], step[2], algorithm="pdq")
        entries[step[1], step[2].indicator] = step[2]
    elif step[0] == "remove":
        lists.remove(step[2].indicator, step[1], algorithm="pdq")
        entries.pop((step[1], step[2].indicator), None)
    else:
        lists.compact(whole=step[0] == "merge")


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, viewer=st.sampled_from(VIEWERS), radius=st.sampled_from([None, 0, 15, 31]))
def test_it_groups_what_all_pairs_group(steps, viewer, radius):
    with tempfile.TemporaryDirectory() as folder:
        entries, now = {}, clock.now().timestamp()
        with Collection.create(Path(folder) / "lists") as lists:
            for step in steps:
                do(lists, entries, step)
            seen = [
                entry
                for entry, said in entries.items()
                if sees(viewer, Reach(said.reach, said.circle)) and not 0 < said.valid_until <= now
            ]
            expected = plain_groups(seen, 31 if radius is None else radius)
            for each in (lists, Collection.open(Path(folder) / "lists")):
                groups = each.groups(radius=radius, viewer=viewer)
                assert found_groups(groups) == expected
                sizes = [len(group) for group in groups]
                assert sizes == sorted(sizes, reverse=True)
                assert (groups.things, groups.grouped) == (len(seen), sum(sizes))


@pytest.fixture
def lists(tmp_path):
    with Collection.create(tmp_path / "lists") as lists:
        yield lists


def add(lists, number, bits, **more):
    """An entry so many bits from the first centre."""
    lists.add(displaced(CENTRES[0], range(bits)), facts(number, **more), algorithm="pdq")


def numbers(groups):
    return [sorted(e.facts.sequence for e in group) for group in groups]


def test_it_lets_no_hidden_entry_join_two_that_are_seen(lists):
    add(lists, 1, 0)
    add(lists, 2, 20, reach=Level.CIRCLE, circle=7)
    add(lists, 3, 40)
    add(lists, 4, 20, reach=Level.CIRCLE, circle=8)
    lists.compact()
    assert numbers(lists.groups()) == []
    assert numbers(lists.groups(viewer=Viewer.of(Level.MEMBERS, 7))) == [[1, 2, 3]]
    assert numbers(lists.groups(viewer=Viewer.of(Level.MEMBERS, 8))) == [[1, 3, 4]]
    assert numbers(lists.groups(viewer=KEEPER)) == [[1, 2, 3, 4]]


def test_it_gives_out_nothing_that_expires_before_it_is_read(lists, monkeypatch):
    add(lists, 1, 0)
    add(lists, 2, 1, valid_until=1 << 33)
    add(lists, 3, 2)
    groups = lists.groups()
    assert numbers(groups) == [[1, 2, 3]]
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(1 << 33, UTC))
    assert numbers(groups) == [[1, 3]]
    assert numbers(lists.groups()) == [[1, 3]]


def test_it_stays_as_it_was_while_others_change_and_merge(lists):
    for number in range(6):
        add(lists, number, number)
    lists.compact()
    add(lists, 7, 7)
    groups = lists.groups()
    lists.remove(uid(2))
    add(lists, 8, 8)
    lists.compact()
    assert numbers(groups) == [[0, 1, 2, 3, 4, 5, 7]]
    assert numbers(lists.groups()) == [[0, 1, 3, 4, 5, 7, 8]]


@pytest.mark.parametrize("merged", [False, True])
def test_it_sees_a_replacement_whole_or_not_at_all(lists, monkeypatch, merged):
    add(lists, 1, 0)
    add(lists, 2, 1)
    if merged:
        lists.compact()
    kill, seen = Shelf.kill, []

    def look_meanwhile(shelf, *what, **more):
        killed = kill(shelf, *what, **more)
        seen.append(numbers(lists.groups()))
        return killed

    monkeypatch.setattr(Shelf, "kill", look_meanwhile)
    add(lists, 1, 0, source="another list")
    assert seen == [[[1, 2]]]
    assert numbers(lists.groups()) == [[1, 2]]


def test_it_reads_members_with_facts_and_distance_from_the_first(lists):
    add(lists, 1, 0, categories=("scam",), source="a list")
    add(lists, 2, 25)
    add(lists, 3, 50)
    (group,) = lists.groups()
    assert [(e.distance, e.facts.sequence) for e in group] == [(0, 1), (25, 2), (50, 3)]
    assert next(iter(group)).facts == facts(1, categories=("scam",), source="a list")
    assert len(lists.groups()[-1]) == 3
    for number in (1, -2):
        with pytest.raises(IndexError):
            lists.groups()[number]


def test_it_groups_a_crowd_of_twenty_thousand(lists):
    random = np.random.default_rng(3)
    flips = random.random((20_000, 256)) < 0.04
    crowd = CENTRES[0] ^ np.packbits(flips, axis=1)
    strangers = random.integers(0, 256, (300, 32), np.uint8)
    keys = random.permutation(np.concatenate([crowd, strangers]))
    uids, done = random.integers(0, 256, (len(keys), 16), np.uint8), []
    lists.add_keys("pdq", keys[:15_000], uids[:15_000], facts())
    lists.add_keys("pdq", keys[15_000:], uids[15_000:], facts())
    groups = lists.groups(progress=done.append)
    assert [len(group) for group in groups] == [20_000]
    assert (groups.alone, sum(done)) == (300, 20_300)
    listed = {bytes.fromhex(entry.value) for entry in groups[0]}
    assert listed == {key.tobytes() for key in crowd}


def test_it_groups_equal_values_of_what_has_no_distance(lists):
    for number, value in enumerate(
        ["http://xau.example/a", "https://xau.example/a#b", "http://xau.example/b", "xau.example"]
    ):
        lists.add(value, facts(number), algorithm="address")
    lists.compact()
    lists.add("xau.example", facts(9), algorithm="address")
    assert numbers(lists.groups(algorithm="address")) == [[0, 1], [3, 9]]


def test_it_never_takes_one_key_for_one_value(tmp_path):
    with Collection.create(tmp_path / "toys", algorithms=TOYS) as lists:
        words = [f"w:{number}" for number in range(600)]  # under keys of one byte
        lists.add_many([(word, facts(number)) for number, word in enumerate([*words, "w:7"])])
        assert numbers(lists.groups(algorithm="words")) == [[7, 600]]


def test_it_groups_nothing_and_refuses_what_cannot_be_asked(lists):
    groups = lists.groups()
    assert (len(groups), groups.things, list(groups)) == (0, 0, [])
    with pytest.raises(InvalidInput, match="31"):
        lists.groups(radius=32)
    with pytest.raises(InvalidInput, match="no such algorithm"):
        lists.groups(algorithm="nope")


def test_it_groups_nothing_of_altered_rows(lists, tmp_path):
    for number in range(3):
        add(lists, number, number)
    lists.compact()
    (path,) = (tmp_path / "lists/pdq").glob("*.facts")
    raw = bytearray(path.read_bytes())
    raw[4096 + 50] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SegmentCorrupt, match="altered"):
        Collection.open(tmp_path / "lists").groups()
