"""The bytes of a table file: keys of one width, in order of a secret hash, with a directory of buckets.

    0      head, and its checksum
    128    directory: u32[2**bits + 1], where each bucket begins among the keys
           keys: u8[count, width], in order of their hashes
           rows: u32[count], each key's place in the order that the table was built from

A bucket holds the keys whose hashes begin with the same `bits` bits, three or four of them: a look-up
touches one line of the directory and one or two of keys. Each part begins on 64 bytes, a cache line.
Little-endian throughout; another byte order or version is refused by name.
"""

import struct

import msgspec

from lachan.kernel.mapped import HeadForm
from lachan.matching.records import SegmentCorrupt, SegmentVersion

MAGIC = b"LCTABLE\0"
VERSION = 1
HEAD_SIZE = 128
MAX_COUNT = (1 << 32) - 1
_HEAD = HeadForm(
    struct.Struct("<8sII16sIIQQQQI"),
    magic=MAGIC,
    version=VERSION,
    size=HEAD_SIZE,
    altered=SegmentCorrupt,
    other=SegmentVersion,
    check_at=HEAD_SIZE - 4,
)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a head says.

    Attributes:
        name: of the algorithm whose keys these are: equal widths do not make keys comparable.
        width: bytes of a key.
        bits: of a hash that choose its bucket.
        count: keys.
        secret: of the hash (`compiled.py`).
        body_check: CRC-32 of everything after the head.
    """

    name: str
    width: int
    bits: int
    count: int
    secret: tuple[int, int]
    body_check: int = 0

    @property
    def directory_at(self) -> int:
        return HEAD_SIZE

    @property
    def keys_at(self) -> int:
        return _line(self.directory_at + 4 * ((1 << self.bits) + 1))

    @property
    def rows_at(self) -> int:
        return _line(self.keys_at + self.width * self.count)

    @property
    def size(self) -> int:
        return self.rows_at + 4 * self.count

    def pack(self) -> bytes:
        return _HEAD.pack(
            self.name.encode(),
            self.width,
            self.bits,
            self.count,
            *self.secret,
            self.size,
            self.body_check,
        )


def bits_for(count: int) -> int:
    """So many buckets that each holds two to four keys."""
    return max(1, (count // 2).bit_length() - 1)


def layout_read(head: bytes, *, name: str, width: int, size: int) -> Layout:
    """The layout that a file's first bytes declare.

    Raises:
        SegmentCorrupt: no table, one of another algorithm, altered, or not `size` bytes long.
        SegmentVersion: of another version or byte order.
    """
    own, key_width, bits, count, k0, k1, whole, body_check = _HEAD.read(head, "the table")
    found = Layout(
        name=own.rstrip(b"\0").decode(),
        width=key_width,
        bits=bits,
        count=count,
        secret=(k0, k1),
        body_check=body_check,
    )
    if (found.name, found.width) != (name, width):
        raise SegmentCorrupt(f"a table of {found.name} where one of {name} belongs")
    if not found.size == whole == size:
        raise SegmentCorrupt(f"{size} bytes long instead of {found.size}: cut off or overwritten")
    return found


def _line(place: int) -> int:
    return (place + 63) // 64 * 64
