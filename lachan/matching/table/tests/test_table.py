import struct

import numpy as np
import pytest

from lachan.kernel.errors import InvalidInput
from lachan.matching.records import SegmentCorrupt, SegmentVersion
from lachan.matching.table import build, compiled
from lachan.matching.table import layout as ly
from lachan.matching.table.index import TableIndex


def table(path, keys):
    build.table_build(keys, path, name="test")
    return TableIndex(path, name="test", width=keys.shape[1])


def test_it_keeps_every_row_of_equal_keys(tmp_path):
    keys = np.repeat(np.arange(50, dtype=np.uint8), 200).reshape(-1, 1)
    np.random.default_rng(1).shuffle(keys)
    index = table(tmp_path / "t", keys)
    for value in (0, 49):
        rows, distances = index.find(bytes([value]))
        assert sorted(rows.tolist()) == np.flatnonzero(keys[:, 0] == value).tolist()
        assert not distances.any()
    assert len(index.find(bytes([50]))[0]) == 0
    places, rows, _ = index.find_many(np.array([[50], [3], [3], [7]], np.uint8))
    assert np.bincount(places, minlength=4).tolist() == [0, 200, 200, 200]
    assert (keys[rows, 0] == np.array([50, 3, 3, 7])[places]).all()


def test_it_finds_keys_that_begin_alike(tmp_path):
    """Digests and numbers can be made to begin alike; buckets must not fill by that."""
    keys = np.zeros((20_000, 20), np.uint8)
    keys[:, 18:] = np.arange(20_000, dtype=">u2").view(np.uint8).reshape(-1, 2)
    index = table(tmp_path / "t", keys)
    assert np.diff(index._directory.astype(np.int64)).max() < 20
    places, rows, _ = index.find_many(keys)
    assert (np.sort(places) == np.arange(20_000)).all()
    assert (places == rows).all()


def test_it_takes_another_secret_where_two_keys_share_a_hash(tmp_path, monkeypatch):
    secrets, real = [], compiled.hash_keys

    def hash_keys(keys, width, k0, k1, hashes):
        secrets.append(int(k0))
        real(keys, width, k0, k1, hashes)
        if len(secrets) == 1:
            hashes[:2] = 5

    monkeypatch.setattr(compiled, "hash_keys", hash_keys)
    keys = np.random.default_rng(1).integers(0, 256, (90, 16), dtype=np.uint8)
    index = table(tmp_path / "t", keys)
    assert len(secrets) == 2
    assert index.layout.secret[0] == secrets[1]
    assert [index.find(key.tobytes())[0].tolist() for key in keys[:3]] == [[0], [1], [2]]


def test_it_says_what_is_wrong_with_a_file(tmp_path):
    path = tmp_path / "t"
    table(path, np.zeros((3, 4), np.uint8))
    good = path.read_bytes()
    for at, word, error, says in [
        (8, 2, SegmentVersion, "version 2"),
        (12, 0x0D0C0B0A, SegmentVersion, "byte order"),
        (40, 5, SegmentCorrupt, "checksum"),
    ]:
        path.write_bytes(good[:at] + struct.pack("<I", word) + good[at + 4 :])
        with pytest.raises(error, match=says):
            TableIndex(path, name="test", width=4)
    path.write_bytes(good[:-1])
    with pytest.raises(SegmentCorrupt, match="cut off"):
        TableIndex(path, name="test", width=4)
    path.write_bytes(good)
    with pytest.raises(SegmentCorrupt, match="test where one of md5"):
        TableIndex(path, name="md5", width=4)


def test_it_reads_nothing_outside_even_when_nobody_verified(tmp_path):
    path = tmp_path / "t"
    keys = np.arange(400, dtype=np.uint8).reshape(100, 4)
    table(path, keys)
    data = bytearray(path.read_bytes())
    buckets = (1 << ly.bits_for(100)) + 1
    data[ly.HEAD_SIZE : ly.HEAD_SIZE + 4 * buckets] = b"\xff" * 4 * buckets
    path.write_bytes(data)
    index = TableIndex(path, name="test", width=4, verify=False)
    assert len(index.find_many(keys)[0]) == 0


def test_it_leaves_what_stood_there_when_it_cannot_write(tmp_path, monkeypatch):
    path = tmp_path / "t"
    table(path, np.zeros((3, 4), np.uint8))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        table(path, np.zeros((9, 4), np.uint8))
    assert [file.name for file in tmp_path.iterdir()] == ["t"]
    assert TableIndex(path, name="test", width=4).count == 3


def test_it_refuses_what_it_cannot_count(tmp_path, monkeypatch):
    monkeypatch.setattr(ly, "MAX_COUNT", 2)
    with pytest.raises(InvalidInput, match="several"):
        table(tmp_path / "t", np.zeros((3, 4), np.uint8))


def test_it_refuses_keys_of_another_width(tmp_path):
    index = table(tmp_path / "t", np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match="4 bytes"):
        index.find(b"12345")
