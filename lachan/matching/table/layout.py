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
import sys
import zlib

import msgspec

from lachan.matching.records import SegmentCorrupt, SegmentVersion

MAGIC = b"LCTABLE\0"
VERSION = 1
ORDER = 0x0A0B0C0D
HEAD_SIZE = 128
MAX_COUNT = (1 << 32) - 1
_HEAD = struct.Struct("<8sII16sIIQQQQI")


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
        head = _HEAD.pack(
            MAGIC,
            VERSION,
            ORDER,
            self.name.encode(),
            self.width,
            self.bits,
            self.count,
            *self.secret,
            self.size,
            self.body_check,
        )
        head = head.ljust(HEAD_SIZE - 4, b"\0")
        return head + struct.pack("<I", zlib.crc32(head))


def bits_for(count: int) -> int:
    """So many buckets that each holds two to four keys."""
    return max(1, (count // 2).bit_length() - 1)


def layout_read(head: bytes, *, name: str, width: int, size: int) -> Layout:
    """The layout that a file's first bytes declare.

    Raises:
        SegmentCorrupt: no table, one of another algorithm, altered, or not `size` bytes long.
        SegmentVersion: of another version or byte order.
    """
    if len(head) < HEAD_SIZE or head[:8] != MAGIC:
        raise SegmentCorrupt("not a table of keys")
    version, order = struct.unpack_from("<II", head, 8)
    if order != ORDER or sys.byteorder != "little":
        raise SegmentVersion(f"of another byte order than this {sys.byteorder}-endian machine's")
    if version != VERSION:
        raise SegmentVersion(f"table version {version}; this program reads {VERSION}")
    if struct.unpack_from("<I", head, HEAD_SIZE - 4)[0] != zlib.crc32(head[: HEAD_SIZE - 4]):
        raise SegmentCorrupt("the head's checksum is wrong")
    words = _HEAD.unpack_from(head)
    found = Layout(
        name=words[3].rstrip(b"\0").decode(),
        width=words[4],
        bits=words[5],
        count=words[6],
        secret=(words[7], words[8]),
        body_check=words[10],
    )
    if (found.name, found.width) != (name, width):
        raise SegmentCorrupt(f"a table of {found.name} where one of {name} belongs")
    if not found.size == words[9] == size:
        raise SegmentCorrupt(f"{size} bytes long instead of {found.size}: cut off or overwritten")
    return found


def _line(place: int) -> int:
    return (place + 63) // 64 * 64
