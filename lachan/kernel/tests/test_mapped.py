import struct
import zlib

import pytest

from lachan.kernel.mapped import ORDER, HeadForm


class Altered(Exception):
    pass


class Other(Exception):
    pass


def form(**how):
    return HeadForm(
        struct.Struct("<8sIIQ4s"), magic=b"EXAMPLE\0", version=3, size=64, altered=Altered,
        other=Other, **how,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("how", "length"), [({}, 32), ({"check": "<Q"}, 36), ({"check_at": 60}, 64)]
)
def test_it_reads_what_it_packed_and_nothing_that_was_altered(how, length):
    head = form(**how).pack(7, b"word")
    assert len(head) == length
    whole = head.ljust(64, b"\0")
    assert form(**how).read(whole, "it") == (7, b"word")
    for place in range(length):
        wrong = bytearray(whole)
        wrong[place] ^= 0x10
        with pytest.raises((Altered, Other), match=r"^it"):
            form(**how).read(bytes(wrong), "it")
    for size in (0, 7, 8, 63):
        with pytest.raises(Altered, match="cut off"):
            form(**how).read(whole[:size], "it")


def test_it_packs_the_same_bytes_as_ever():
    fixed = struct.pack("<8sIIQ4s", b"EXAMPLE\0", 3, ORDER, 7, b"word")
    assert form().pack(7, b"word") == fixed + struct.pack("<I", zlib.crc32(fixed))


def test_it_names_another_version_and_order():
    head = bytearray(form().pack(7, b"word").ljust(64, b"\0"))
    struct.pack_into("<I", head, 8, 4)
    with pytest.raises(Other, match="it is of version 4; this program reads 3"):
        form().read(bytes(head), "it")
    struct.pack_into(">II", head, 8, 3, ORDER)
    with pytest.raises(Other, match="byte order"):
        form().read(bytes(head), "it")
