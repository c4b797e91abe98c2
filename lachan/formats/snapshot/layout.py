"""The bytes of a table file: one form for the immutable base and for the small mutable delta.

    0     fixed words and their checksum
    512   words that a delta's writer changes, each on a cache line of its own
    4096  slots: one 64-bit word each, 0 = free, else tag << 32 | entry's place / 4
          profile directory: one u32 a profile, its record's place / 4
          arena: profile records and entries, each starting on 4 bytes

A slot is one aligned word, so publishing an entry is a single store: a reader in another process sees
the old word or the new one, never half. Everything is little-endian, as the machines are on which the
compiled path runs; another order or version is refused by name (the ledger rebuilds it in seconds).
"""

import os
import struct

import msgspec

from lachan.formats.snapshot.records import SnapshotCorrupt
from lachan.kernel.mapped import HeadForm

MAGIC = b"LCSNAP\x00\x01"
VERSION = 1
HEADER_SIZE = 4096
BASE, DELTA = 1, 2

# Places of the changing words, counted in 64-bit words from the file's start.
W_SEQUENCE, W_SUPERSEDED, W_CHANGES = 64, 72, 80
W_ARENA_USED, W_ENTRIES, W_PROFILES, W_BOOT, W_CLEAN = 88, 89, 90, 96, 97

_HEAD = HeadForm(
    struct.Struct("<8sIIQQQQQQQQQQQ"),
    magic=MAGIC,
    version=VERSION,
    size=HEADER_SIZE,
    altered=SnapshotCorrupt,
    other=SnapshotCorrupt,
    check="<Q",
)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed words of a header. Places are in bytes from the file's start."""

    role: int
    generation: int
    key: tuple[int, int]
    slots: int
    profile_capacity: int
    size: int
    checksum: int = 0

    @property
    def slots_at(self) -> int:
        return HEADER_SIZE

    @property
    def profiles_at(self) -> int:
        return HEADER_SIZE + 8 * self.slots

    @property
    def arena_at(self) -> int:
        return self.profiles_at + (4 * self.profile_capacity + 7) // 8 * 8

    def pack(self) -> bytes:
        return _HEAD.pack(
            self.role,
            self.generation,
            *self.key,
            self.slots,
            self.slots_at,
            self.profiles_at,
            self.profile_capacity,
            self.arena_at,
            self.size,
            self.checksum,
        )


def new_key() -> tuple[int, int]:
    return int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little")


def slots_for(entries: int) -> int:
    """Five entries on eight slots: 12.8 bytes an entry, and 2.4 slots seen by a miss on average."""
    return entries * 8 // 5 + 8


def layout_read(head: bytes, *, role: int, size: int) -> Layout:
    """The layout that a file's first bytes declare.

    Raises:
        SnapshotCorrupt: not such a file, of another version or byte order, or not `size` bytes long.
    """
    own, generation, k0, k1, slots, _, _, profile_capacity, _, whole, checksum = _HEAD.read(
        head, "the snapshot's file"
    )
    layout = Layout(
        role=own,
        generation=generation,
        key=(k0, k1),
        slots=slots,
        profile_capacity=profile_capacity,
        size=whole,
        checksum=checksum,
    )
    if layout.role != role:
        raise SnapshotCorrupt("a base where a delta belongs, or the other way round")
    if layout.size != size:
        raise SnapshotCorrupt(
            f"{size} bytes long instead of {layout.size}: truncated or overwritten"
        )
    return layout


def tag_and_slot(hashed: int, slots: int) -> tuple[int, int]:
    """A hash's low half as tag, and its first slot from the high half (no division: Lemire 2019)."""
    return hashed & 0xFFFFFFFF, ((hashed >> 32) * slots) >> 32
