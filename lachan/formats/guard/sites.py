"""The operator's list of well-known sites: a million names in one mapped file.

A head in JSON, a directory by the hashes' first 16 bits, the names' hashes (64 bits) in order, and the place of each,
in this machine's byte order. Processes share the pages that they touch; nothing is read at start. A name that is
not listed but shares a hash would be held back, which a person mends: one in 18 million million.
"""

import array
import bisect
import hashlib
import mmap
import os
import sys
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from lachan.formats.guard.records import SiteFile, SitesHead, UnusableList
from lachan.formats.observables.names import is_public_suffix, suffixes
from lachan.kernel.files import file_write

_MAGIC = b"LCSITES1"
_START = len(_MAGIC) + 4
_DIRECTORY = 4 * (2**16 + 2)  # one more than it needs: what follows stands at a multiple of eight
# Of a name that stands above a listed one only: what stands below it was never listed.
_ABOVE = 1 << 31
LAST_PLACE = _ABOVE - 1


def sites_path(home: Path) -> Path:
    return home / "guard" / "sites.bin"


class Sites:
    """An open list. A process may hold an old one while a new one is put in its place."""

    def __init__(self, path: Path) -> None:
        """Raises:
        UnusableList: damaged, or made on a machine of another byte order.
        OSError: it cannot be read.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _START:
                raise UnusableList("the file is cut short")
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.head, at = _head_read(self._mapped)
        names = self.head.names
        if size != at + _DIRECTORY + 12 * names or self.head.byteorder != sys.byteorder:
            raise UnusableList("the file is cut short, or of another kind of machine")
        self._body = memoryview(self._mapped)[at:]
        self._starts = self._body[:_DIRECTORY].cast("I")
        self._hashes = self._body[_DIRECTORY : _DIRECTORY + 8 * names].cast("Q")
        self._places = self._body[_DIRECTORY + 8 * names :].cast("I")

    def place(self, name: str) -> int | None:
        """Where a listed name stands, from 1, or 0 where its list gives no places; also of a name above a listed one."""
        found = self._find(name)
        return None if found is None else found & LAST_PLACE

    def place_listed(self, name: str) -> int | None:
        """The same, of what was listed itself."""
        found = self._find(name)
        return None if found is None or found & _ABOVE else found

    def verify(self) -> None:
        """Raises:
        UnusableList: the body is not what was written.
        """
        if zlib.crc32(self._body) != self.head.check:
            raise UnusableList("the file is damaged")

    def _find(self, name: str) -> int | None:
        wanted = _hash(name)
        start, end = self._starts[wanted >> 48], self._starts[(wanted >> 48) + 1]
        at = bisect.bisect_left(self._hashes, wanted, start, end)
        return self._places[at] if at < end and self._hashes[at] == wanted else None


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _head_read(mapped: mmap.mmap) -> tuple[SitesHead, int]:
    if mapped[: len(_MAGIC)] != _MAGIC:
        raise UnusableList("the file is no list of well-known sites")
    end = _START + int.from_bytes(mapped[len(_MAGIC) : _START], "little")
    try:
        return msgspec.json.decode(mapped[_START:end], type=SitesHead), -(-end // 8) * 8
    except msgspec.MsgspecError:
        raise UnusableList("the file's head is damaged") from None


class SitesWriter:
    """Gathers names, then puts them in place at once."""

    def __init__(self) -> None:
        self._hashes = array.array("Q")
        self._places = array.array("I")

    def add(self, name: str, place: int) -> None:
        """A name, and what blocking would block it too: all above it that somebody could own."""
        name = name.removeprefix("www.")
        place = min(place, LAST_PLACE)
        self._put(name, place)
        if name.count(".") > 1:
            for above in _owned_above(name):
                self._put(above, place | _ABOVE)

    def _put(self, name: str, place: int) -> None:
        self._hashes.append(_hash(name))
        self._places.append(place)

    def write(self, path: Path, *, made_at: datetime, files: tuple[SiteFile, ...]) -> SitesHead:
        """Replace the file whole.

        Raises:
            OSError: the disk would not; what stood there stays.
        """
        starts, hashes, places = self._sorted()
        body = starts.tobytes() + hashes.tobytes() + places.tobytes()
        head = SitesHead(made_at, files, len(hashes), zlib.crc32(body), sys.byteorder)
        raw = msgspec.json.encode(head)
        start = _MAGIC + len(raw).to_bytes(4, "little") + raw
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file_write(path, start.ljust(-(-len(start) // 8) * 8, b"\0") + body)
        return head

    def _sorted(self) -> tuple[Any, Any, Any]:
        import numpy as np  # not for every process that only asks

        hashes = np.frombuffer(self._hashes, np.uint64)
        places = np.frombuffer(self._places, np.uint32)
        # Of two places for one name the smaller; one that was listed comes before one that stands above another.
        order = np.lexsort((places, hashes))
        hashes, first = np.unique(hashes[order], return_index=True)
        begins = np.arange(2**16, dtype=np.uint64) << np.uint64(48)
        starts = np.searchsorted(hashes, begins).astype(np.uint32)
        return (
            np.append(starts, np.array([len(hashes)] * 2, np.uint32)),
            hashes,
            places[order][first],
        )


def _owned_above(name: str) -> Iterator[str]:
    for above in suffixes(name):
        if above != name and "." in above and not is_public_suffix(above):
            yield above
