"""To whose key is sealed what concerns one device alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.formats.profiles import device_keys
from lachan.formats.profiles.device_keys import NAME, DeviceKeys, DeviceKeyWriter
from lachan.formats.profiles.keys import way_key
from lachan.kernel.errors import InvalidInput

WAYS = [way_key(bytes(16), "device", f"label{n}") for n in range(12)]
KEYS = [f"age1{n:058d}" for n in range(4)]


def test_it_finds_a_device_s_key_at_once_and_until_it_is_taken_away(tmp_path):
    reader = DeviceKeys(tmp_path)
    assert reader.find(WAYS[0]) == ""
    writer = DeviceKeyWriter(tmp_path)
    assert writer.is_new
    writer.put(7, {WAYS[0]: KEYS[0], WAYS[1]: ""})
    reader = DeviceKeys(tmp_path)
    assert [reader.find(way) for way in WAYS[:2]] == [KEYS[0], ""]
    writer.put(7, {WAYS[0]: KEYS[1], WAYS[1]: KEYS[2]})
    assert [reader.find(way) for way in WAYS[:2]] == [KEYS[1], KEYS[2]]
    writer.put(8, {WAYS[2]: KEYS[3]})
    writer.put(7, {})
    assert [reader.find(way) for way in WAYS[:3]] == ["", "", KEYS[3]]
    assert not DeviceKeyWriter(tmp_path).is_new
    with pytest.raises(InvalidInput):
        writer.put(8, {WAYS[2]: "x" * 65})
    assert reader.find(WAYS[2]) == KEYS[3]


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.dictionaries(st.sampled_from(WAYS), st.sampled_from(KEYS), max_size=6),
    ),
    max_size=12,
)


@given(CHANGES)
@settings(max_examples=30)
def test_it_holds_what_was_put_last_however_often_slots_are_used_again(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device_keys, "LEAST_SLOTS", 4)
        patch.setattr(device_keys, "LOOK_SECONDS", 0.0)
        writer, reader, holds = DeviceKeyWriter(folder), DeviceKeys(folder), {}
        for number, keys in changes:
            writer.put(number, keys)
            holds = {way: one for way, one in holds.items() if one[0] != number}
            holds |= {way: (number, key) for way, key in keys.items()}
            assert {way: reader.find(way) for way in WAYS} == {
                way: holds.get(way, (0, ""))[1] for way in WAYS
            }


def test_it_goes_on_with_what_it_had_where_the_file_is_damaged(tmp_path):
    writer = DeviceKeyWriter(tmp_path)
    writer.put(7, {WAYS[0]: KEYS[0]})
    writer.close()
    whole = (tmp_path / NAME).read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], b"x" * len(whole), whole[:16] + b"\0" * 40):
        (tmp_path / "other").write_bytes(damaged)
        (tmp_path / "other").replace(tmp_path / NAME)
        assert DeviceKeys(tmp_path).find(WAYS[0]) == ""
        again = DeviceKeyWriter(tmp_path)
        assert again.is_new
        again.rebuild([(WAYS[0], 7, KEYS[0])])
        assert not again.is_new
        assert DeviceKeys(tmp_path).find(WAYS[0]) == KEYS[0]
