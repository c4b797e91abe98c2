"""What machines read in the table is what the plain reader reads there."""

import datetime as dt
import ipaddress
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.formats.profiles import compiled, compiled_batch, compiled_keys, keys
from lachan.formats.profiles.records import OwnName, Profile
from lachan.formats.profiles.table import ProfileReader, ProfileWriter
from lachan.formats.profiles.tests import strategies as own
from lachan.kernel import clock

HELD = dt.datetime.fromtimestamp(own.NOW, dt.UTC)
K0, K1 = (np.uint64(int.from_bytes(own.KEY[at : at + 8], "little")) for at in (0, 8))


@settings(max_examples=30)
@given(
    st.lists(own.profiles(), max_size=6),
    own.calendars,
    st.lists(own.moments, min_size=4, max_size=4),
    st.booleans(),
)
def test_it_decides_as_the_plain_reader(profiles, calendar, instants, many):
    with tempfile.TemporaryDirectory() as name, clock.held_at(HELD):
        path = Path(name) / "profiles"
        with ProfileWriter(path, own.KEY) as writer:
            writer.calendar_put("school", calendar)
            for profile in profiles:
                writer.put(_with_many(profile) if many else profile)
        reader = ProfileReader(path)
        table = reader.current()
        assert table is not None
        halves, lay = table.words.view(np.uint32), compiled.numbers(table.layout)
        asked = [(way, wire) for way in own.WAYS for wire in own.NAMES]
        text = b"".join(wire.upper() + b"\0" for _, wire in asked)
        sizes = [len(wire) + 1 for _, wire in asked]
        starts = np.cumsum([0, *sizes[:-1]])
        for instant in instants:
            found = np.zeros((len(asked), 4), np.int64)
            compiled_batch.decide_all(
                table.words, halves, lay, K0, K1, np.array([way for way, _ in asked], np.uint64),
                np.frombuffer(text, np.uint8), starts, instant, 7, found,
            )  # fmt: skip
            for (way, wire), row in zip(asked, found.tolist(), strict=True):
                number = reader.find(way)
                assert row[0] == (number or 0)
                if number is not None:
                    assert table.rule_set(row[1]) == reader.rules_at(number, instant)
                    assert (row[2], row[3]) == reader.own(number, wire, instant)


def _with_many(profile: Profile) -> Profile:
    more = [
        OwnName(keys.own_key(own.KEY, profile.number, b"\5n%04d" % at), allow=True)
        for at in range(50)
    ]
    return Profile(
        number=profile.number,
        ways=profile.ways,
        zone=profile.zone,
        calendar=profile.calendar,
        week=profile.week,
        segments=profile.segments,
        own=(*profile.own, *more),
    )


@given(st.binary(max_size=40), st.ip_addresses(), st.integers(0, 128))
def test_its_keys_are_the_plain_ones(raw, address, length):
    label = raw.hex()
    found = compiled_keys.device_key(K0, K1, np.frombuffer(label.upper().encode(), np.uint8))
    assert found == keys.way_key(own.KEY, "device", label)
    length = min(length, address.max_prefixlen)
    packed = np.frombuffer(b"xx" + address.packed, np.uint8)
    network = ipaddress.ip_network((address, length), strict=False)
    found = compiled_keys.network_key(K0, K1, packed, 2, len(address.packed), length)
    assert found == keys.way_key(own.KEY, "network", str(network))
    assert found == keys.network_key(own.KEY, address.packed, length)
