"""A segment: an algorithm's immutable index, the facts of its rows, and which rows are gone."""

import mmap
import os
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lachan.matching.algorithms.algorithm import Algorithm, Index
from lachan.matching.records import SegmentCorrupt, SegmentVersion
from lachan.matching.store import layout as ly
from lachan.matching.store.facts import FactsFile
from lachan.matching.store.folder import Folder, SegmentName


def head_check(path: Path) -> int:
    """A checksum of an index's beginning, where its own checksum stands: it ties the two files."""
    with path.open("rb") as file:
        return zlib.crc32(file.read(4096))


class Segment:
    """Opened and mapped; many manifests may share it.

    Attributes:
        index: the algorithm's own.
        facts: by the same rows.
    """

    def __init__(
        self, folder: Folder, collection: bytes, algorithm: Algorithm, name: SegmentName,
        *, verify: bool = False,
    ) -> None:  # fmt: skip
        """Map both files.

        Raises:
            SegmentCorrupt, SegmentVersion: one is damaged, of another version, or they do not fit.
            FileNotFoundError: one is not there.
        """
        path = folder.index(algorithm.name, name.number)
        self.number, self.algorithm = name.number, algorithm
        self.facts = FactsFile(folder.facts(algorithm.name, name.number), collection=collection)
        self.index = _index_open(algorithm, path, verify=verify)
        head = self.facts.head
        if not (self.facts.rows == name.rows == self.index.count):
            raise SegmentCorrupt(f"{path.name} does not have the rows that the manifest names")
        if head.width != algorithm.width or head.number != name.number:
            raise SegmentCorrupt(f"{path.name} is not the segment that the manifest names")
        if self.facts.index_check != head_check(path):
            raise SegmentCorrupt(f"{path.name} is not the index of its segment")
        if verify:
            self.facts.verify()


def _index_open(algorithm: Algorithm, path: Path, *, verify: bool) -> Index:
    """An algorithm knows nothing of collections: here its error gets the file's name."""
    try:
        return algorithm.index_open(path, verify=verify)
    except (SegmentCorrupt, SegmentVersion) as error:
        raise type(error)(f"{algorithm.name}/{path.name}: {error}") from None


_ALL = 1 << 62


class Held:
    """A segment as one manifest and the logs since see it.

    Attributes:
        gone: rows that went since the manifest, and from which count of the delta on (see `Delta`).
    """

    def __init__(self, segment: Segment, name: SegmentName, before: memoryview | None) -> None:
        self.segment, self.name = segment, name
        self.entry, self.value = segment.facts.entry, segment.facts.value
        self.gone: dict[int, int] = {}
        self._before = before

    def is_gone(self, row: int, count: int) -> bool:
        """Whether a row was gone when the delta had `count` places."""
        before = self._before
        if before is not None and before[row >> 3] >> (row & 7) & 1:
            return True
        return self.gone.get(row, count + 1) <= count

    def rows_of(self, uid: bytes, hashed: int) -> list[int]:
        """An indicator's rows that are not gone."""
        rows = self.segment.facts.rows_of(uid, hashed)
        return [row for row in rows if not self.is_gone(row, _ALL)] if rows else rows

    def bits(self, gone: set[int]) -> npt.NDArray[np.uint8]:
        """One bit a row, those of `gone` added: what `gone_bytes` files."""
        size = -(-self.segment.facts.rows // 8)
        bits = np.zeros(size, np.uint8)
        if self._before is not None:
            bits |= np.frombuffer(self._before, np.uint8)
        rows = np.fromiter(gone, np.int64, len(gone))
        np.bitwise_or.at(bits, rows >> 3, (1 << (rows & 7)).astype(np.uint8))
        return bits

    @property
    def gone_count(self) -> int:
        before = 0 if self._before is None else int.from_bytes(self._before, "little").bit_count()
        return before + len(self.gone)


def gone_bytes(bits: npt.NDArray[np.uint8], *, collection: bytes, number: int, rows: int) -> bytes:
    """A file that says which rows of a segment are gone."""
    raw = bits.tobytes()
    head = ly.Head(
        role=ly.GONE, collection=collection, number=number, rows=rows,
        size=ly.HEAD_SIZE + len(raw), places=(zlib.crc32(raw), *[0] * (ly.PLACES - 1)),
    )  # fmt: skip
    return head.pack() + raw


def gone_open(path: Path, *, collection: bytes, number: int) -> memoryview:
    """The bits of such a file, mapped.

    Raises:
        SegmentCorrupt, SegmentVersion: damaged, of another version, or another segment's.
        FileNotFoundError: no such file.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        head = ly.head_read(descriptor, path.name, role=ly.GONE, collection=collection)
        view = memoryview(mmap.mmap(descriptor, head.size, access=mmap.ACCESS_READ))
    finally:
        os.close(descriptor)
    bits = view[ly.HEAD_SIZE :]
    if head.number != number or len(bits) != -(-head.rows // 8):
        raise SegmentCorrupt(f"{path.name} belongs to another segment")
    if zlib.crc32(bits) != head.places[0]:
        raise SegmentCorrupt(f"{path.name}: its checksum is wrong")
    return bits
