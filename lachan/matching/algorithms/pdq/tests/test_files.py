"""A segment is there as a whole or not at all; whatever else is put in its place is refused by name."""

import resource
import stat
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.mapped import ORDER
from lachan.matching.algorithms.pdq import build as building
from lachan.matching.algorithms.pdq import layout as ly
from lachan.matching.algorithms.pdq.segment import PdqSegment
from lachan.matching.algorithms.pdq.tests.oracle import neighbours, random_codes
from lachan.matching.records import SegmentCorrupt, SegmentVersion

CODES = random_codes(3000, 1)
HEADER = ly._FIXED.size + 4


@pytest.fixture(scope="module", params=[0, 1 << 20], ids=["indexed", "plain"])
def whole(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "segment"
    PdqSegment.build(CODES, path, scan_below=request.param)
    return path


@pytest.fixture
def altered(whole, tmp_path):
    """Writes the segment with some bytes replaced: altered({place: bytes}, length)."""

    def write(changes=None, size=None):
        data = bytearray(whole.read_bytes())
        for place, new in (changes or {}).items():
            data[place : place + len(new)] = new
        path = tmp_path / "altered"
        path.write_bytes(data[:size])
        return path

    return write


def sealed(head):
    """A header with its checksum made right again."""
    fixed = bytes(head[: ly._FIXED.size])
    return fixed + struct.pack("<I", zlib.crc32(fixed))


@pytest.mark.parametrize("size", [0, 1, 7, 8, 100, 4095, 4096, 4097, 50_000, -1, -4096])
def test_it_refuses_a_file_that_is_cut_off(altered, size):
    with pytest.raises(SegmentCorrupt, match=r"cut off|not a segment"):
        PdqSegment.open(altered(size=size))


def test_it_refuses_a_file_that_goes_on(altered):
    path = altered()
    with path.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SegmentCorrupt, match="bytes long instead of"):
        PdqSegment.open(path)


def test_it_refuses_another_version_and_another_byte_order(altered):
    with pytest.raises(SegmentVersion, match="version 2; this program reads 1"):
        PdqSegment.open(altered({8: struct.pack("<I", 2)}))
    with pytest.raises(SegmentVersion, match="another byte order"):
        PdqSegment.open(altered({8: struct.pack(">II", ly.VERSION, ORDER)}))


def test_it_refuses_a_machine_of_another_byte_order(whole, monkeypatch):
    monkeypatch.setattr(sys, "byteorder", "big")
    with pytest.raises(SegmentVersion, match="big-endian machine"):
        PdqSegment.open(whole)


def test_it_notices_any_altered_byte_of_the_header(whole):
    head = whole.read_bytes()[: ly.PAGE]
    size = whole.stat().st_size
    ly.Layout.read(head, size)
    for place in range(HEADER):
        for flip in (1, 0x80):
            wrong = bytearray(head)
            wrong[place] ^= flip
            with pytest.raises((SegmentCorrupt, SegmentVersion)):
                ly.Layout.read(bytes(wrong), size)


def test_it_refuses_a_header_that_contradicts_itself(whole):
    head = whole.read_bytes()[: ly.PAGE]
    for field in range(5, 12):
        words = list(ly._FIXED.unpack_from(head))
        words[field] += 4096
        with pytest.raises(SegmentCorrupt, match=r"contradicts|instead of"):
            ly.Layout.read(sealed(ly._FIXED.pack(*words)) + bytes(ly.PAGE), whole.stat().st_size)


def test_it_notices_any_altered_byte_of_the_body_when_asked_to(altered, whole):
    size = whole.stat().st_size
    rng = np.random.default_rng(2)
    body = np.fromfile(whole, np.uint8)
    for place in rng.integers(ly.PAGE, size, 40).tolist():
        with pytest.raises(SegmentCorrupt):
            PdqSegment.open(altered({place: bytes([body[place] ^ 1])}), verify=True)


def test_it_notices_a_lost_and_a_repeated_page(altered, whole):
    body = whole.read_bytes()
    for new in (bytes(ly.PAGE), body[2 * ly.PAGE : 3 * ly.PAGE]):
        with pytest.raises(SegmentCorrupt):
            PdqSegment.open(altered({ly.PAGE: new}), verify=True)


@given(st.integers(0, 2**32 - 1), st.integers(0, 16 * 65537 - 1))
def test_an_altered_directory_never_leads_out_of_the_file(whole, value, place):
    layout = PdqSegment.open(whole).layout
    if not layout.indexed:
        return
    chunk, number = divmod(place, 65537)
    at = layout.directories_at + chunk * ly.DIRECTORY_STRIDE + 4 * number
    path = whole.with_name("led-astray")
    data = bytearray(whole.read_bytes())
    if data[at : at + 4] == struct.pack("<I", value):
        return
    data[at : at + 4] = struct.pack("<I", value)
    path.write_bytes(data)
    try:
        segment = PdqSegment.open(path)
    except SegmentCorrupt:
        return
    segment.find(
        CODES[0].tobytes(), 31
    )  # a number between its neighbours': only the checksum tells


def test_an_altered_row_never_leads_out_of_the_file(altered, whole):
    layout = PdqSegment.open(whole).layout
    if layout.indexed:
        size = whole.stat().st_size
        segment = PdqSegment.open(altered({layout.rows_at: b"\xff" * (size - layout.rows_at)}))
        rows, _ = segment.find(CODES[-1].tobytes(), 31)
        assert (rows < len(CODES)).all()
        _, rows, _ = segment.find_many(np.repeat(CODES, 3, axis=0), 31)
        assert (rows < len(CODES)).all()


def test_it_reads_what_it_may_not_write_and_shares_it(tmp_path):
    whole, code = tmp_path / "segment", CODES[7].tobytes()
    PdqSegment.build(CODES, whole, scan_below=0)
    whole.chmod(stat.S_IRUSR)
    segment = PdqSegment.open(whole)
    segment.preload()
    assert dict(zip(*(part.tolist() for part in segment.find(code, 31)), strict=True)) == {7: 0}
    program = (
        "import sys; from lachan.matching.algorithms.pdq.segment import PdqSegment;"
        "print(*PdqSegment.open(sys.argv[1]).find(bytes.fromhex(sys.argv[2]), 31)[0])"
    )
    command = [sys.executable, "-c", program, str(whole), code.hex()]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == "7\n"


def test_it_goes_on_with_a_file_that_was_replaced(tmp_path):
    path = tmp_path / "segment"
    PdqSegment.build(CODES[:10], path)
    before = PdqSegment.open(path)
    PdqSegment.build(CODES[10:30], path)
    after = PdqSegment.open(path)
    for segment, codes in ((before, CODES[:10]), (after, CODES[10:30])):
        for row, code in enumerate(codes):
            assert segment.find(code.tobytes(), 0)[0].tolist() == [row]


def test_it_leaves_what_stood_there_when_the_disk_is_full(tmp_path):
    path = tmp_path / "segment"
    PdqSegment.build(CODES[:20], path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            PdqSegment.build(CODES, path, scan_below=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert PdqSegment.open(path, verify=True).count == 20
    assert [left.name for left in tmp_path.iterdir()] == ["segment"]


def test_it_leaves_no_draft_when_it_is_stopped_half_way(tmp_path, monkeypatch):
    path = tmp_path / "segment"
    PdqSegment.build(CODES[:20], path)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "deal_low", stop)
    with pytest.raises(KeyboardInterrupt):
        PdqSegment.build(CODES, path, scan_below=0)
    assert PdqSegment.open(path, verify=True).count == 20
    assert [left.name for left in tmp_path.iterdir()] == ["segment"]


def test_it_says_where_it_may_not_write(tmp_path):
    with pytest.raises(OSError, match="proc"):
        PdqSegment.build(CODES, "/proc/segment")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        PdqSegment.build(CODES, tmp_path / "file" / "segment")
    with pytest.raises(FileNotFoundError):
        PdqSegment.open(tmp_path / "missing")


def test_it_refuses_more_than_rows_can_be_numbered(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "COUNT_LIMIT", 100)
    with pytest.raises(building.SegmentTooLarge, match="100 hashes; one segment holds 99"):
        PdqSegment.build(CODES[:100], tmp_path / "large")


def test_it_says_the_same_however_many_threads_built_it(tmp_path):
    for threads in (1, 3):
        PdqSegment.build(CODES, tmp_path / str(threads), threads=threads, scan_below=0)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "3").read_bytes()


def test_it_sorts_in_pieces_as_it_does_at_once(tmp_path, monkeypatch):
    PdqSegment.build(CODES, tmp_path / "whole", scan_below=0)
    monkeypatch.setattr(building, "_PIECE", 50)
    monkeypatch.setattr(building, "_BLOCK", 64)
    PdqSegment.build(CODES, tmp_path / "pieces", scan_below=0)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()
    assert neighbours(CODES, CODES[0].tobytes(), 31) == {0: 0}
