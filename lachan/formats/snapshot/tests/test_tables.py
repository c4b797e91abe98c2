import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lachan.formats.observables.record import InvalidKey
from lachan.formats.observables.wire import domain_to_wire, wire_to_domain
from lachan.formats.snapshot import compiled, keys, siphash
from lachan.formats.snapshot.delta import key_hash
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.tests.strategies import domains, values, verdict, verdicts
from lachan.formats.snapshot.writer import SnapshotWriter

NOW = 1_700_000_000


class Interleaved(RuleBasedStateMachine):
    """A writer and an open reader against a dict, through every kind of change."""

    def __init__(self):
        super().__init__()
        import tempfile

        self.home = tempfile.TemporaryDirectory()
        self.writer = SnapshotWriter(self.home.name)
        self.reader = SnapshotReader(self.home.name)
        self.oracle = {}
        self.sequence = 0

    def teardown(self):
        self.writer.close()
        self.home.cleanup()

    @rule(found=verdicts)
    def put(self, found):
        self.writer.put(found.kind, found.value, found)
        self.oracle[found.kind, found.value] = found

    @rule(many=st.lists(verdicts, max_size=5))
    def put_all(self, many):
        assert self.writer.put_all(many).refused == ()
        self.oracle.update({(one.kind, one.value): one for one in many})

    @rule(pair=values)
    def remove(self, pair):
        assert self.writer.remove(*pair) == (pair in self.oracle)
        self.oracle.pop(pair, None)

    @rule()
    def compact(self):
        self.writer.compact()

    @rule()
    def reopen_writer(self):
        self.writer.close()
        self.writer = SnapshotWriter(self.home.name)
        assert not self.writer.needs_rebuild

    @rule(many=st.lists(verdicts, max_size=5))
    def rebuild(self, many):
        self.sequence += 1
        self.writer.rebuild(many, self.sequence)
        self.oracle = {(one.kind, one.value): one for one in many}

    @rule()
    def commit(self):
        self.sequence += 1
        self.writer.commit(self.sequence)

    @rule(pair=values)
    def look_up(self, pair):
        expected = self.oracle.get(pair)
        live = expected is not None and expected.holds_at(NOW)
        assert self.reader.get(*pair) == (expected if live else None)

    @rule(name=domains)
    def walk(self, name):
        labels = name.split(".")
        parents = [".".join(labels[at:]) for at in range(len(labels) - 1, -1, -1)]
        found = [self.oracle.get(("domain", parent)) for parent in parents]
        expected = [
            one
            for one in found
            if one and one.holds_at(NOW) and (not one.exact or one.value == name)
        ]
        assert self.reader.covering(name) == expected
        assert self.reader.check_domain(name) == (expected[-1] if expected else None)

    @invariant()
    def the_sequence_is_seen(self):
        assert self.reader.sequence == self.sequence == self.writer.sequence


Interleaved.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
test_it_answers_like_a_dict = Interleaved.TestCase


@given(st.binary(max_size=70), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_it_hashes_alike_in_both_halves(data, k0, k1):
    raw = np.frombuffer(data or b"\0", np.uint8)
    marks = np.empty(128, np.int64)
    machine = compiled.hash_key(np.uint64(k0), np.uint64(k1), 2, raw, 0, len(data), marks)
    assert int(machine) == siphash.hash_value((k0, k1), 2, data)


def _capitals(wire: bytes) -> bytes:
    return bytes(byte - 32 if 97 <= byte <= 122 else byte for byte in wire)


@given(domains)
@settings(deadline=None)
def test_it_walks_a_name_alike_in_both_halves(name):
    wire = domain_to_wire(name)
    raw = np.frombuffer(_capitals(wire), np.uint8)
    marks = np.empty(128, np.int64)
    machine = compiled.hash_key(np.uint64(5), np.uint64(6), 1, raw, 0, len(raw), marks)
    assert int(machine) == key_hash((5, 6), keys.DOMAIN, wire)


@given(values)
def test_it_keeps_values_of_every_kind(pair):
    code, key = keys.key_encode(*pair)
    assert keys.key_decode(code, key) == pair[1]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("domain", ""),
        ("domain", "."),
        ("domain", "a..test"),
        ("domain", "x" * 64 + ".test"),
        ("domain", ".".join(["x" * 63] * 4) + ".test"),
        ("ipv4", "192.0.2.256"),
        ("ipv6", "2001:db8::g"),
        ("md5", "zz"),
        ("sha256", "00" * 31),
        ("url", ""),
        ("url", "\ud800"),
        ("url", "x" * 9000),
        ("colour", "red"),
    ],
)
def test_it_refuses_a_value_that_is_not_of_its_kind(kind, value):
    with pytest.raises(InvalidKey):
        keys.key_encode(kind, value)


def test_it_understands_vietnamese_names():
    wire = domain_to_wire("Lá-Chắn.test.")
    name = wire_to_domain(wire)
    assert name.startswith("xn--")
    assert domain_to_wire(name.upper()) == wire


def test_it_builds_bulk_names_like_single_ones(tmp_path):
    like = verdict("domain", "x.test", categories=("gambling",), reason="list", exact=True)
    text = b"One.test\r\ntwo.one.test.\n\n..bad\n" + b"y" * 64 + b".test\nthree.test"
    with SnapshotWriter(tmp_path) as writer:
        report = writer.rebuild_domains(text, like, 9)
        assert (report.entries, report.refused_lines) == (3, 2)
        reader = SnapshotReader(tmp_path)
        assert reader.get("domain", "one.test").reason == "list"
        assert reader.get("domain", "TWO.one.test").exact
        assert reader.get("domain", "three.test").categories == ("gambling",)
        assert reader.check_domain("sub.three.test") is None
        assert reader.sequence == 9


def test_it_takes_a_large_batch_and_an_overflowing_delta(tmp_path):
    like = verdict("domain", "x.test", categories=("scam",))
    names = [f"n{number}.test" for number in range(40_000)]
    with SnapshotWriter(tmp_path) as writer:
        reader = SnapshotReader(tmp_path)
        many = [verdict("domain", name, categories=("scam",)) for name in names[:20_000]]
        assert writer.put_all([*many, verdict("md5", "zz")]).refused[0].kind == "md5"
        for name in names[20_000:]:
            writer.put("phone", name, like)
        assert 0 < writer.fill <= 1
        for name in names[20_000:34_000]:
            assert writer.remove("phone", name)
        assert reader.get("domain", "n19999.test") is not None
        assert reader.get("phone", "n39999.test") is not None
        assert reader.get("phone", "n20001.test") is None
