"""Files cut, flipped and swapped: the right answer or a clear error, nothing else."""

import os
import shutil
import struct

import pytest

from lachan.matching.collection import Collection
from lachan.matching.records import SegmentCorrupt, SegmentVersion
from lachan.matching.store import layout as ly
from lachan.matching.store.tests.copies import (
    ALL,
    VALUES,
    create,
    known,
    outcome,
    read,
    the_log,
    write,
)
from lachan.matching.store.tests.toys import TOYS, facts


def content(raw):
    """Places of a file that hold something."""
    return [place for place, byte in enumerate(raw) if byte]


@pytest.mark.parametrize("pattern", ["log-*", "manifest.json", "bits/*.facts", "bits/*.gone-*"])
def test_it_never_believes_a_flipped_bit(folder, tmp_path, pattern):
    """Each byte of each file in turn. What is beside the point (a boot number, padding) may change."""
    path = max(folder.glob(pattern))
    raw = path.read_bytes()
    seen = []
    for place in content(raw):
        altered = bytearray(raw)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        found = outcome(read, folder)
        assert found in (ALL, SegmentCorrupt, SegmentVersion), place
        seen.append(found)
        if pattern == "log-*":
            shutil.rmtree(tmp_path / "other", ignore_errors=True)
            shutil.copytree(folder, tmp_path / "other")
            assert outcome(write, tmp_path / "other") in (ALL, SegmentCorrupt, SegmentVersion)
    path.write_bytes(raw)
    assert seen.count(ALL) < len(seen) / 5
    assert outcome(write, folder) == ALL


@pytest.mark.parametrize("pattern", ["log-*", "bits/*.facts", "bits/*.index", "bits/*.gone-*"])
@pytest.mark.parametrize("size", [0, 100, 4095, -1])
def test_it_says_that_a_file_is_cut_off(folder, pattern, size):
    path = max(folder.glob(pattern))
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    for open_ in (read, write):
        assert outcome(open_, folder) == SegmentCorrupt


@pytest.mark.parametrize("pattern", ["log-*", "bits/*.facts", "bits/*.index", "bits/*.gone-*"])
def test_it_says_that_a_file_is_missing(folder, pattern):
    max(folder.glob(pattern)).unlink()
    for open_ in (read, write):
        assert outcome(open_, folder) == SegmentCorrupt


@pytest.mark.parametrize("pattern", ["log-*", "bits/*.facts", "bits/*.gone-*"])
@pytest.mark.parametrize(("place", "word"), [(8, 2), (12, 0x0D0C0B0A)], ids=["version", "order"])
def test_it_refuses_another_version_and_byte_order_by_name(folder, pattern, place, word):
    path = max(folder.glob(pattern))
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, place, word)
    path.write_bytes(raw)
    for open_ in (read, write):
        assert outcome(open_, folder) == SegmentVersion


def test_it_refuses_a_manifest_of_another_version(folder):
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    assert outcome(read, folder) == SegmentVersion


def test_it_refuses_files_of_another_collection(folder, tmp_path):
    with create(tmp_path / "other") as other:
        other.add(VALUES[0], facts(1))
        other.compact()
    for pattern in ("log-*", "bits/*.facts"):
        mine, theirs = max(folder.glob(pattern)), max((tmp_path / "other").glob(pattern))
        raw = mine.read_bytes()
        shutil.copy(theirs, mine)
        assert outcome(read, folder) == SegmentCorrupt
        mine.write_bytes(raw)
    assert outcome(read, folder) == ALL


def test_it_refuses_an_algorithm_that_it_does_not_know(folder):
    with pytest.raises(SegmentVersion):
        Collection.open(folder, algorithms={"bits": TOYS["bits"]})


def test_it_tells_a_running_reader_of_damage(folder):
    reader = read(folder)
    with write(folder) as lists:
        assert known(reader) == ALL
        lists.add(VALUES[8], facts(8))
        with the_log(folder).open("r+b") as file:
            end = len(file.read().rstrip(b"\0"))
            file.seek(end - 1)
            file.write(b"\0")
        with pytest.raises(SegmentCorrupt):
            known(reader)
        with pytest.raises(SegmentCorrupt):
            known(reader)


def test_it_does_not_go_on_behind_a_change_that_it_could_not_take_in(folder):
    """A row that a change replaces is damaged: the reader says so at each question, whatever comes next."""
    reader = read(folder)
    path = max(folder.glob("bits/*.facts"))
    with write(folder) as lists:
        lists.add(VALUES[0], facts(0, sequence=77))
        with path.open("r+b") as file:
            file.seek(ly.HEAD_SIZE)
            file.write(b"altered")
        for value in VALUES[8:]:
            with pytest.raises(SegmentCorrupt):
                reader.find(value)
            lists.add(value, facts(60))
