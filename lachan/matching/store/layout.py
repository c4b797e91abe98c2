"""The bytes of a store's files: one head for all of them, and the record that keeps an entry's facts.

    0     head: magic, version, byte order, role, collection, number, width, rows, size, places; CRC-32
    512   log only: words that the writer changes, each on a cache line of its own
    4096  what the head's places say

Everything is little-endian. A file of another version or byte order is refused by name: whoever keeps a
ledger fills the collection anew from it; nothing is ever guessed.
"""

import os
import struct
from typing import Any

import msgspec
import numpy as np

from lachan.kernel.mapped import HeadForm
from lachan.matching.records import SegmentCorrupt, SegmentVersion

MAGIC = b"LCMATCH\x00"
VERSION = 1
HEAD_SIZE = 4096
FACTS, GONE, LOG = 1, 2, 3
PLACES = 8
BLOCK_ROWS = 16

_HEAD = HeadForm(
    struct.Struct(f"<8sIII16sQIQQ{PLACES}Q"),
    magic=MAGIC,
    version=VERSION,
    size=HEAD_SIZE,
    altered=SegmentCorrupt,
    other=SegmentVersion,
)

# uid, sequence, valid_until, circle, label, confidence, reach; six bytes are spare.
RECORD = struct.Struct("<16sqqIIBB6x")
LABEL = slice(36, 40)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself.

    Attributes:
        role: FACTS, GONE or LOG.
        collection: 16 random bytes that all files of a collection share.
        number: of the segment or log.
        width: bytes of a key; 0 in a log.
        rows: of the segment.
        size: of the whole file in bytes.
        places: where its parts begin, or sizes and checksums of them; each role says which.
    """

    role: int
    collection: bytes
    number: int
    width: int = 0
    rows: int = 0
    size: int
    places: tuple[int, ...] = (0,) * PLACES

    def pack(self) -> bytes:
        head = _HEAD.pack(
            self.role,
            self.collection,
            self.number,
            self.width,
            self.rows,
            self.size,
            *self.places,
        )
        return head.ljust(HEAD_SIZE, b"\0")


def head_read(descriptor: int, name: str, *, role: int, collection: bytes) -> Head:
    """The head of an opened file.

    Raises:
        SegmentVersion: of another version or byte order.
        SegmentCorrupt: not such a file, of another collection, cut off or altered.
    """
    size, raw = os.fstat(descriptor).st_size, os.pread(descriptor, HEAD_SIZE, 0)
    own, key, number, width, rows, whole, *places = _HEAD.read(raw, name)
    head = Head(
        role=own,
        collection=key,
        number=number,
        width=width,
        rows=rows,
        size=whole,
        places=tuple(places),
    )
    if head.role != role or head.collection != collection:
        raise SegmentCorrupt(f"{name} belongs to something else")
    if head.size != size:
        raise SegmentCorrupt(f"{name} has {size} bytes instead of {head.size}")
    return head


def stride(width: int) -> int:
    """Bytes of a record with its key, a multiple of eight."""
    return (RECORD.size + width + 7) // 8 * 8


def record_type(width: int) -> np.dtype[Any]:
    """The same record for whole columns at once."""
    return np.dtype(
        {
            "names": [
                "uid", "sequence", "valid_until", "circle", "label", "confidence", "reach",
                "key",
            ],
            "formats": ["V16", "<i8", "<i8", "<u4", "<u4", "u1", "u1", (np.uint8, (width,))],
            "offsets": [0, 16, 24, 32, 36, 40, 41, RECORD.size],
            "itemsize": stride(width),
        }
    )  # fmt: skip


def aligned(place: int) -> int:
    """The next place that starts a cache line."""
    return (place + 63) // 64 * 64


_PRIME = 4294967291  # the largest below 2**32


def uid_hash(uid: bytes) -> int:
    """32 bits of an indicator's identifier, under which a segment files its rows: its remainder by a prime."""
    return int.from_bytes(uid, "big") % _PRIME


def uid_hashes(uids: "np.ndarray[Any, np.dtype[Any]]") -> "np.ndarray[Any, np.dtype[np.uint32]]":
    """`uid_hash` of many, 16 bytes each."""
    words = np.ascontiguousarray(uids).view(">u4").reshape(-1, 4)
    rest = words[:, 0].astype(np.uint64) % np.uint64(_PRIME)
    for place in range(1, 4):
        rest = ((rest << np.uint64(32)) + words[:, place]) % np.uint64(_PRIME)
    return rest.astype(np.uint32)
