"""Directories of zip files: weighed before zipfile makes anything of them."""

import io
import struct
import zipfile

import pytest

from lachan.matching.scanning import archives
from lachan.matching.scanning.directory import zip_fits
from lachan.matching.scanning.records import Limits
from lachan.matching.scanning.tests.scans import BAD, accounted, look, zipped

TOO_MUCH = "the archive holds more than the limits allow"
LARGE = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 0, 0, 0, 0)


def directory(count, *, comment=b""):
    """A zip file that is a directory alone: `count` entries, of which it declares one."""
    entry = b"PK\1\2" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"x"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, count * 47, 0, len(comment))
    return entry * count + end + comment


def as_zip64(data):
    """The same, with the length of its directory in ZIP64's record alone."""
    at = len(data) - 22
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, at, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + record + locator + end


@pytest.mark.parametrize(
    "shape", [directory, as_zip64, lambda data: data + b"behind", lambda data: b"before" + data]
)
@pytest.mark.parametrize(("count", "fits"), [(100, True), (101, False)])
def test_it_counts_entries_whatever_the_file_declares(shape, count, fits):
    data = directory(count) if shape is directory else shape(directory(count))
    assert zip_fits(io.BytesIO(data), 100, 1 << 20) is fits
    assert zip_fits(io.BytesIO(data), 1000, 47 * 100) is fits
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.infolist()) == count  # zipfile finds the same


def test_it_finds_the_directory_before_a_comment():
    for data in (directory(3, comment=b"c" * 65_535), directory(3, comment=b"\0\0")):
        assert not zip_fits(io.BytesIO(data), 2, 1 << 20)
        assert zip_fits(io.BytesIO(data), 3, 1 << 20)


def test_it_weighs_every_directory_that_a_reader_could_believe_in():
    """A harmless record of ZIP64 before the locator, another where the locator points; and the reverse."""
    for near, far in ((0, 9), (9, 0)):
        elsewhere = directory(far)[:-22] if far else b""
        record = LARGE[:40] + struct.pack("<2Q", len(elsewhere), 0)
        data = elsewhere + record + directory(near)[:-22]
        data += LARGE[:40] + struct.pack("<2Q", near * 47, 0)
        data += struct.pack("<4sLQL", b"PK\6\7", 0, len(elsewhere), 1) + directory(0)
        assert zip_fits(io.BytesIO(data), 9, 1 << 20)
        assert not zip_fits(io.BytesIO(data), 8, 1 << 20)


@pytest.mark.parametrize(
    "data", [b"", b"PK\5\6", b"PK\3\4" * 9, directory(5)[40:], as_zip64(directory(2))[30:]]
)
def test_it_leaves_to_zipfile_what_has_no_directory(data):
    assert zip_fits(io.BytesIO(data), 0, 0)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(data))


def test_it_refuses_a_directory_before_zipfile_makes_anything_of_it(monkeypatch):
    data = io.BytesIO(directory(20))
    monkeypatch.setattr(archives.zipfile, "ZipFile", None)
    with pytest.raises(archives.TooMuch):
        archives.zip_shares(data, Limits(members=19))
    with pytest.raises(archives.TooMuch):
        next(archives.members_of("zip", data, archives.Budget(Limits(members=19))))


def test_a_scan_refuses_a_directory_within_another_archive(tmp_path):
    inner = zipped({f"{number}/": b"" for number in range(20)})
    outer = zipped({"a.zip": inner, "b.zip": inner, "known": BAD})
    (tmp_path / "outer.zip").write_bytes(outer)
    summary, findings = look(tmp_path, limits=Limits(members=40))
    assert summary.reasons == {TOO_MUCH: 1}
    # Folders are paid for too: what the first one held is not there for the second.
    assert [found.path.partition("outer.zip")[2] for found in findings] == ["!/b.zip!/", "!/known"]
    assert accounted(summary.counts)
