"""To which public key is sealed what concerns one device alone: a second mapped file beside the table of profiles.

A device stands here once a child's own pages were opened on it (docs/adr/0026). What the edge remembers for it is sealed
to this key at once; only that browser holds the other half. One process writes, any number read, and see a change at
once. No word of anybody's stands here: ways in as in the table (`keys.way_key`), numbers of profiles, public keys.
"""

import mmap
import os
import struct
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from lachan.formats.profiles.layout import ProfilesCorrupt
from lachan.kernel.errors import InvalidInput
from lachan.kernel.files import file_draft
from lachan.kernel.mapped import HeadForm

NAME = "devices.keys"
LOOK_SECONDS = 1.0
LEAST_SLOTS = 1_024
KEY_BYTES = 64
"""An age recipient has 62 letters; its own checksum tells a reader that it was caught half written."""
_HEAD_SIZE = 64
_FREE, _GONE = 0, 1  # neither is a device's way in: those end in a byte of 0 behind a hash
_HEAD = HeadForm(
    struct.Struct("<8sIIQ"),
    magic=b"LCDEVKEY",
    version=1,
    size=_HEAD_SIZE,
    altered=ProfilesCorrupt,
    other=ProfilesCorrupt,
)


class _Mapped:
    """The file, open: a slot is free, given up, or a way in with its profile's number and its key."""

    def __init__(self, descriptor: int, *, writable: bool = False) -> None:
        """Raises:
        ProfilesCorrupt: it is damaged, or no such file.
        OSError: it cannot be mapped.
        """
        found = os.fstat(descriptor)
        self.inode, size = found.st_ino, found.st_size
        if size < _HEAD_SIZE:
            raise ProfilesCorrupt(f"{NAME}: cut off within its head")
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self.map = mmap.mmap(descriptor, 0, access=access)
        (self.slots,) = _HEAD.read(self.map[:_HEAD_SIZE], NAME)
        if not self.slots or size != _HEAD_SIZE + self.slots * (8 + 4 + KEY_BYTES):
            raise ProfilesCorrupt(f"{NAME} is {size} bytes long: cut off or overwritten")
        at = _HEAD_SIZE
        self.ways: npt.NDArray[np.uint64] = np.frombuffer(self.map, "<u8", self.slots, at)
        at += 8 * self.slots
        self.keys: npt.NDArray[np.bytes_] = np.frombuffer(self.map, f"S{KEY_BYTES}", self.slots, at)
        at += KEY_BYTES * self.slots
        self.numbers: npt.NDArray[np.uint32] = np.frombuffer(self.map, "<u4", self.slots, at)

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Self:
        with path.open("r+b" if writable else "rb") as file:
            return cls(file.fileno(), writable=writable)

    def place(self, way: int) -> tuple[int, int]:
        """(slot of a way in, slot where it would be put); -1 for none."""
        at, room = _slot(way, self.slots), -1
        for _ in range(self.slots):
            found = int(self.ways[at])
            if found == way:
                return at, at
            if found in {_FREE, _GONE} and room < 0:
                room = at
            if found == _FREE:
                break
            at = at + 1 if at + 1 < self.slots else 0
        return -1, room


class DeviceKeys:
    """Reads; never fails because of the file: without one it knows no key, and looks again."""

    def __init__(self, folder: Path | str) -> None:
        self._path = Path(folder) / NAME
        self._mapped: _Mapped | None = None
        self._look_at = 0.0

    def find(self, way: int) -> str:
        """The public key of a device by its way in; empty where it has none."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look()
        if self._mapped is None:
            return ""
        at = self._mapped.place(way)[0]
        return self._mapped.keys[at].decode("ascii", "replace") if at >= 0 else ""

    def _look(self) -> None:
        try:
            if self._mapped is None or self._path.stat().st_ino != self._mapped.inode:
                self._mapped = _Mapped.open(self._path)
        except FileNotFoundError:
            self._mapped = None
        except (OSError, ProfilesCorrupt):
            pass  # the last good one answers


class DeviceKeyWriter:
    """The one writer of the file: whoever holds the table of profiles (`table.ProfileWriter`) in the same folder.

    Attributes:
        is_new: there was none that could be used: put everything (`rebuild`).
    """

    def __init__(self, folder: Path | str) -> None:
        self._path = Path(folder) / NAME
        for draft in self._path.parent.glob(f".{NAME}.*.tmp"):
            draft.unlink(missing_ok=True)
        self.is_new = False
        try:
            self._mapped = _Mapped.open(self._path, writable=True)
        except (OSError, ProfilesCorrupt):
            self.rebuild(())
            self.is_new = True
        self._used = int(np.count_nonzero(self._mapped.ways))

    def put(self, number: int, keys: Mapping[int, str]) -> None:
        """Set which devices of a profile have a key, by their ways in; none of its others has one from now on.

        Raises:
            InvalidInput: a key is longer than any; nothing was changed.
        """
        wanted = {way: _checked(key) for way, key in keys.items() if key}
        mapped = self._mapped
        for at in np.flatnonzero((mapped.numbers == number) & (mapped.ways > _GONE)).tolist():
            way = int(mapped.ways[at])
            if wanted.get(way) == mapped.keys[at]:
                del wanted[way]
            else:
                mapped.ways[at] = _GONE
        for way, key in wanted.items():
            self._put(way, number, key)

    def rebuild(self, rows: Iterable[tuple[int, int, str]]) -> None:
        """Replace everything by these (way in, profile's number, key)."""
        whole = [(way, number, _checked(key)) for way, number, key in rows if key]
        slots = max(LEAST_SLOTS, 2 * len(whole) + 4)  # room for one more, at the least
        size = _HEAD_SIZE + slots * (8 + 4 + KEY_BYTES)
        with file_draft(self._path, size=size) as descriptor:
            os.pwrite(descriptor, _HEAD.pack(slots), 0)
            self._mapped, self._used = _Mapped(descriptor, writable=True), 0
            for way, number, key in whole:
                self._put(way, number, key)
        self.is_new = False

    def close(self) -> None:
        self._mapped.map.flush()

    def _put(self, way: int, number: int, key: bytes) -> None:
        mapped = self._mapped
        found, room = mapped.place(way)
        if found >= 0:
            mapped.ways[found] = _GONE
        at = found if found >= 0 else room
        if found < 0 and mapped.ways[at] == _FREE:
            if 8 * (self._used + 1) > 5 * mapped.slots:
                self._grow()
                self._put(way, number, key)
                return
            self._used += 1
        mapped.keys[at], mapped.numbers[at] = key, number
        mapped.ways[at] = way  # last: readers find the slot by it

    def _grow(self) -> None:
        mapped = self._mapped
        live = np.flatnonzero(mapped.ways > _GONE).tolist()
        self.rebuild(
            [
                (int(mapped.ways[at]), int(mapped.numbers[at]), mapped.keys[at].decode())
                for at in live
            ]
        )


def _slot(way: int, slots: int) -> int:
    return ((way >> 32) * slots) >> 32


def _checked(key: str) -> bytes:
    raw = key.encode("ascii", "replace")
    if len(raw) > KEY_BYTES:
        raise InvalidInput("a device's public key is longer than any")
    return raw
