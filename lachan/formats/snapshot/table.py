"""A mapped table file: opening, checking, finding. Used by readers and, for its delta, by the writer."""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot import siphash
from lachan.formats.snapshot.entry import Entry, entry_decode
from lachan.formats.snapshot.records import Profile, SnapshotCorrupt

CHECK_SIZE = 4
_profile_decoder = msgspec.msgpack.Decoder(Profile)


class Table:
    """One mapped file. Words are read from the map each time: another process may be writing them."""

    def __init__(self, path: Path, *, role: int, writable: bool = False) -> None:
        """Map `path` and check it.

        Raises:
            SnapshotCorrupt: see `layout_read`; for a base also when its checksum is wrong.
            FileNotFoundError: no such file.
        """
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        try:
            size = os.fstat(descriptor).st_size
            head = os.pread(descriptor, ly.HEADER_SIZE, 0)
            self.layout = ly.layout_read(head, role=role, size=size)
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self.map = mmap.mmap(descriptor, size, access=access)
        finally:
            os.close(descriptor)
        self.path = path
        self.checked = role == ly.DELTA
        self.view = memoryview(self.map)
        self.bytes: npt.NDArray[np.uint8] = np.frombuffer(self.map, np.uint8)
        self.words: npt.NDArray[np.uint64] = np.frombuffer(self.map, np.uint64, size // 8)
        first = self.layout.slots_at // 8
        self.slots = self.words[first : first + self.layout.slots]
        self._profiles: dict[int, Profile] = {}
        if role == ly.BASE and zlib.crc32(self.view[512:]) != self.layout.checksum:
            raise SnapshotCorrupt("the segment's checksum is wrong")

    def word(self, place: int) -> int:
        return int(self.words[place])

    @property
    def sequence(self) -> int:
        return self.word(ly.W_SEQUENCE)

    @property
    def superseded(self) -> bool:
        return bool(self.words[ly.W_SUPERSEDED])

    @property
    def entries(self) -> int:
        return self.word(ly.W_ENTRIES)

    def find(self, code: int, key: bytes, hashed: int) -> tuple[int, Entry | None]:
        """(slot, entry) of a key; the slot is the free one, and the entry None, where there is none.

        A slot that a power cut left pointing at nothing sound is passed over.
        """
        tag, slot = ly.tag_and_slot(hashed, self.layout.slots)
        for _ in range(self.layout.slots):
            word = int(self.slots[slot])
            if word == 0:
                return slot, None
            if word >> 32 == tag:
                entry = self.sound_entry((word & 0xFFFFFFFF) * 4)
                if entry is not None and entry.key == key and entry.code == code:
                    return slot, entry
            slot = slot + 1 if slot + 1 < self.layout.slots else 0
        return -1, None

    def sound_entry(self, at: int) -> Entry | None:
        """The entry at `at`, or None where its bytes are not whole."""
        try:
            entry = entry_decode(self.view, at)
        except SnapshotCorrupt:
            return None
        if self.checked:
            end = at + entry.size
            if end + CHECK_SIZE > len(self.view):
                return None
            if entry.size > 0xFFFF:
                return None
            check = self.check_word(bytes(self.view[at:end]))
            if check != struct.unpack_from("<I", self.view, end)[0]:
                return None
        return entry

    def check_word(self, body: bytes) -> int:
        hashed = siphash.hash_value(self.layout.key, siphash.CHECK_KIND, body)
        return hashed & 0xFFFFFFFF

    def live(self) -> Iterator[tuple[int, Entry | None]]:
        """(place, entry) of every used slot; the entry is None where it is damaged."""
        for slot in np.flatnonzero(self.slots):
            place = (int(self.slots[slot]) & 0xFFFFFFFF) * 4
            yield place, self.sound_entry(place)

    def profile(self, number: int) -> Profile:
        """The profile that entries of this file call `number`.

        Raises:
            SnapshotCorrupt: there is none, or its record is not whole.
        """
        known = self._profiles.get(number)
        if known is None:
            if number >= min(self.word(ly.W_PROFILES), self.layout.profile_capacity):
                raise SnapshotCorrupt("an entry names a profile that is not there")
            known = self._profiles[number] = self._profile_read(number)
        return known

    def _profile_read(self, number: int) -> Profile:
        at = struct.unpack_from("<I", self.view, self.layout.profiles_at + 4 * number)[0] * 4
        try:
            size, check = struct.unpack_from("<II", self.view, at)
            record = self.view[at + 8 : at + 8 + size]
            if zlib.crc32(record) != check:
                raise SnapshotCorrupt("a profile's record is not whole")
            return _profile_decoder.decode(record)
        except (struct.error, msgspec.DecodeError):
            raise SnapshotCorrupt("a profile's record is not whole") from None

    def profiles(self) -> list[Profile]:
        count = min(self.word(ly.W_PROFILES), self.layout.profile_capacity)
        return [self.profile(number) for number in range(count)]


def profile_record(profile: Profile) -> bytes:
    """u32 size, u32 CRC-32, MessagePack; padded to 4."""
    raw = msgspec.msgpack.encode(profile)
    body = struct.pack("<II", len(raw), zlib.crc32(raw)) + raw
    return body + b"\0" * (-len(body) % 4)


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view that numba types like a reader's, so that every kernel compiles once."""
    view = array.view()
    view.flags.writeable = False
    return view
