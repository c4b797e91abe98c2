"""The store against a dictionary: whatever is done in whatever order, both give the same answers."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lachan.formats.sharing import KEEPER, SEVERAL, Reach, Viewer, sees
from lachan.kernel import clock
from lachan.matching.collection import Collection
from lachan.matching.records import Facts, Hit
from lachan.matching.store import log as logs
from lachan.matching.store import writer as writing
from lachan.matching.store.tests.toys import TOYS, uid

BITS = [f"{word:08x}" for word in (0, 1, 3, 7, 15, 0xFF00, 0xFF01, 0xFFFFFFFF, 0xFFFFFFFE)]
WORDS = ["w:a", "w:ab", "w:abc", "w:b", "w:ba", "w:bc", "w:c", "w:Abc"]
VALUES = st.sampled_from(BITS + WORDS)
NUMBERS = st.integers(1, 6)
VIEWERS = [Viewer(), Viewer(1), Viewer.of(2, 7), Viewer.of(1, 7, SEVERAL), KEEPER]
FACTS = st.builds(
    Facts,
    sequence=st.integers(0, 9),
    indicator=NUMBERS.map(uid),
    categories=st.lists(st.sampled_from(["scam", "grooming"]), max_size=2).map(tuple),
    confidence=st.integers(0, 100),
    reach=st.integers(0, 3),
    circle=st.sampled_from([0, 7, SEVERAL]),
    valid_until=st.sampled_from([0, 1, 1 << 40]),
    source=st.sampled_from(["", "a list", "danh sách"]),
)


class Model:
    """(algorithm, key, indicator) → (value, facts)"""

    def __init__(self):
        self.entries = {}

    def add(self, value, facts):
        algorithm = TOYS["words" if value.startswith("w:") else "bits"]
        key = algorithm.parse(value)
        self.entries[algorithm.name, key, facts.indicator] = algorithm.canonical(value), facts

    def remove(self, indicator, value=None):
        algorithm = value and TOYS["words" if value.startswith("w:") else "bits"]
        gone = [
            place
            for place in self.entries
            if place[2] == indicator
            and (value is None or place[:2] == (algorithm.name, algorithm.parse(value)))
        ]
        for place in gone:
            del self.entries[place]
        return len(gone)

    def find(self, asked, viewer, radius):
        moment, hits = clock.now().timestamp(), []
        for (name, key, _), (value, facts) in self.entries.items():
            algorithm = TOYS[name]
            if asked.startswith("w:") != (name == "words"):
                continue
            if name == "words":
                near, distance = asked.lower().startswith(value), 0
            else:
                distance = algorithm.distance(key, algorithm.parse(asked))
                near = distance <= (algorithm.radius if radius is None else radius)
            force = not 0 < facts.valid_until <= moment
            if near and force and sees(viewer, Reach(facts.reach, facts.circle)):
                hits.append(Hit(name, asked, value, distance, facts))
        return sorted(hits, key=lambda hit: (hit.distance, hit.value, hit.facts.indicator.int))

    def groups(self, name, viewer, radius):
        """Every group of two or more, by all pairs."""
        moment, groups = clock.now().timestamp(), []
        for (algorithm, key, _), (value, facts) in self.entries.items():
            force = not 0 < facts.valid_until <= moment
            if algorithm != name or not force or not sees(viewer, Reach(facts.reach, facts.circle)):
                continue
            touched = [
                group
                for group in groups
                if any(
                    value == other if name == "words" else TOYS[name].distance(key, near) <= radius
                    for other, near, _ in group
                )
            ]
            groups = [group for group in groups if group not in touched]
            groups.append([(value, key, facts), *(each for group in touched for each in group)])
        return {
            frozenset((value, facts) for value, _, facts in group)
            for group in groups
            if len(group) > 1
        }


class StoreMachine(RuleBasedStateMachine):
    @initialize()
    def start(self):
        self.home = Path(tempfile.mkdtemp(prefix="lachan-store-"))
        self.folder, self.model, self.sequence = self.home / "lists", Model(), 0
        self.store = Collection.create(self.folder, algorithms=TOYS)
        self.reader = Collection.open(self.folder, algorithms=TOYS)

    @rule(value=VALUES, facts=FACTS)
    def add(self, value, facts):
        self.store.add(value, facts)
        self.model.add(value, facts)

    @rule(entries=st.lists(st.tuples(VALUES, FACTS), max_size=12))
    def add_many(self, entries):
        assert self.store.add_many(entries).taken == len(entries)
        for value, facts in entries:
            self.model.add(value, facts)

    @rule(number=NUMBERS)
    def remove(self, number):
        assert self.store.remove(uid(number)) == self.model.remove(uid(number))

    @rule(number=NUMBERS, value=VALUES)
    def remove_one(self, number, value):
        assert self.store.remove(uid(number), value) == self.model.remove(uid(number), value)

    @rule(more=st.integers(0, 3))
    def commit(self, more):
        self.sequence += more
        self.store.commit(self.sequence)

    @rule(whole=st.booleans())
    def compact(self, whole):
        self.store.compact(whole=whole)

    @rule()
    def open_again(self):
        self.store.close()
        self.store = Collection.open(self.folder, write=True, algorithms=TOYS)

    @rule()
    def die(self):
        """What `kill -9` leaves: nothing is synced, nobody says good-bye."""
        writer = self.store._writer
        writer.wait()
        writer._journal._log.close()
        os.close(writer._journal._lock)
        self.store = Collection.open(self.folder, write=True, algorithms=TOYS)

    @rule()
    def read_anew(self):
        self.reader = Collection.open(self.folder, algorithms=TOYS)

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def it_gives_the_same_answers(self):
        size = len(self.model.entries)
        assert self.reader.sequence == self.store.sequence == self.sequence
        for store in (self.store, self.reader):
            assert sum(shelf.entries for shelf in store.stats().algorithms.values()) == size

    @rule(value=VALUES, viewer=st.sampled_from(VIEWERS), radius=st.sampled_from([None, 0, 8]))
    def find(self, value, viewer, radius):
        expected = self.model.find(value, viewer, radius)
        for store in (self.store, self.reader):
            assert store.find(value, viewer=viewer, radius=radius) == expected

    @rule(viewer=st.sampled_from(VIEWERS))
    def find_all(self, viewer):
        expected = [self.model.find(value, viewer, None) for value in BITS + WORDS]
        assert self.reader.find_many(BITS + WORDS, viewer=viewer) == expected
        assert [self.reader.find(value, viewer=viewer) for value in BITS + WORDS] == expected

    @rule(
        name=st.sampled_from(sorted(TOYS)),
        viewer=st.sampled_from(VIEWERS),
        radius=st.sampled_from([None, 0, 8]),
    )
    def groups(self, name, viewer, radius):
        within = TOYS[name].radius if radius is None else radius
        expected = self.model.groups(name, viewer, within)
        for store in (self.store, self.reader):
            found = store.groups(algorithm=name, viewer=viewer, radius=radius)
            assert {frozenset((e.value, e.facts) for e in group) for group in found} == expected
            assert len(found) == len(expected)
            assert found.grouped == sum(map(len, expected))

    def teardown(self):
        if hasattr(self, "store"):
            self.find_all(KEEPER)
            self.store.close()
            self.reader.verify()
            shutil.rmtree(self.home)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Bulk loads, background merges and new logs after a handful of entries."""
    monkeypatch.setattr(logs, "SIZE", 8192)
    monkeypatch.setattr(writing, "_BULK_ROWS", 8)
    monkeypatch.setattr(writing, "DELTA_ROWS", 10)


StoreMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


class TestStore(StoreMachine.TestCase):
    pass
