"""Writing a segment: facts and index, whole and durable before anybody hears of them."""

import mmap
import os
import zlib
from collections.abc import Sequence

import msgspec
import numpy as np

from lachan.kernel.files import file_draft, folder_sync
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.store import layout as ly
from lachan.matching.store.facts import FactsFile, Label
from lachan.matching.store.folder import Folder, SegmentName
from lachan.matching.store.row_sources import RowSource
from lachan.matching.store.segment import head_check


def segment_build(
    folder: Folder, collection: bytes, algorithm: Algorithm, number: int, parts: Sequence[RowSource]
) -> SegmentName:
    """Write the files of a segment that holds the rows of all parts; there must be one at least.

    Raises:
        SegmentCorrupt: a part is damaged.
        OSError: no room on the disk; nothing was left behind.
    """
    index, facts = folder.index(algorithm.name, number), folder.facts(algorithm.name, number)
    index.parent.mkdir(exist_ok=True)
    writer = _FactsWriter(collection, algorithm, number, parts)
    try:
        with file_draft(facts, mode=0o644, size=writer.size) as writer.descriptor:
            keys = writer.write(parts)
            algorithm.index_build(keys, index)
            writer.finish(head_check(index))
    except BaseException:
        for path in (index, facts):
            path.unlink(missing_ok=True)
        raise
    folder_sync(folder.path)
    return SegmentName(number, len(keys))


class _FactsWriter:
    """A facts file in the making. Attributes: size: bytes that it will have; descriptor: of the file."""

    descriptor = -1

    def __init__(
        self, collection: bytes, algorithm: Algorithm, number: int, parts: Sequence[RowSource]
    ) -> None:
        self._collection, self._algorithm, self._number = collection, algorithm, number
        self._rows = rows = sum(part.rows for part in parts)
        self._labels: dict[Label, int] = {}
        for part in parts:
            for label in part.labels:
                self._labels.setdefault(label, len(self._labels))
        self._raw_labels = msgspec.msgpack.encode(list(self._labels))
        values_size = sum(part.values_size for part in parts)
        place = ly.aligned(ly.HEAD_SIZE + rows * ly.stride(algorithm.width))
        self._offsets_at = 0 if algorithm.reversible else place
        place += 0 if algorithm.reversible else 8 * (rows + 1)
        self._values_at = place
        self._labels_at = ly.aligned(place + values_size)
        self._blocks_at = ly.aligned(self._labels_at + len(self._raw_labels))
        self._uids_at = ly.aligned(self._blocks_at + 4 * -(-rows // ly.BLOCK_ROWS))
        self.size = self._uids_at + 8 * rows

    def write(
        self, parts: Sequence[RowSource]
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
        """All rows, their values and the identifiers' directory; gives back the keys."""
        keys = np.empty((self._rows, self._algorithm.width), np.uint8)
        hashes = np.empty(self._rows, np.uint32)
        row, value_at = 0, 0
        for part in parts:
            numbers = np.array([self._labels[label] for label in part.labels] or [0], np.uint32)
            for records, values in part.chunks():
                records["label"] = numbers[records["label"]]
                keys[row : row + len(records)] = records["key"]
                hashes[row : row + len(records)] = ly.uid_hashes(records["uid"])
                at = ly.HEAD_SIZE + row * ly.stride(self._algorithm.width)
                self._put(records.tobytes(), at)
                if values is not None:
                    value_at = self._put_values(values, row, value_at)
                row += len(records)
        if row != self._rows:
            raise ValueError("a part does not have the rows that it names")
        order = np.argsort(hashes).astype(np.uint32)
        self._put(hashes[order].tobytes() + order.tobytes(), self._uids_at)
        self._put(self._raw_labels, self._labels_at)
        return keys

    def _put_values(self, values: list[bytes], row: int, value_at: int) -> int:
        """The values of the rows from `row` on, and where each begins; the place after them."""
        ends = value_at + np.cumsum([0, *map(len, values)], dtype=np.uint64)
        self._put(ends.tobytes(), self._offsets_at + 8 * row)
        self._put(b"".join(values), self._values_at + value_at)
        return int(ends[-1])

    def finish(self, index_check: int) -> None:
        """Checksums and head."""
        view = memoryview(mmap.mmap(self.descriptor, self.size, access=mmap.ACCESS_READ))
        places = ly.stride(self._algorithm.width), self._offsets_at, self._values_at
        checks = np.array(
            [
                FactsFile.block_check(view, first, min(first + ly.BLOCK_ROWS, self._rows), places)
                for first in range(0, self._rows, ly.BLOCK_ROWS)
            ],
            np.uint32,
        ).tobytes()
        self._put(checks, self._blocks_at)
        labels_end = self._labels_at + len(self._raw_labels)
        head = ly.Head(
            role=ly.FACTS,
            collection=self._collection,
            number=self._number,
            width=self._algorithm.width,
            rows=self._rows,
            size=self.size,
            places=(
                self._offsets_at,
                self._values_at,
                self._labels_at,
                labels_end,
                self._blocks_at,
                self._uids_at,
                index_check << 32 | zlib.crc32(self._raw_labels),
                zlib.crc32(view[self._uids_at :]) << 32 | zlib.crc32(checks),
            ),
        )
        self._put(head.pack(), 0)

    def _put(self, data: bytes, place: int) -> None:
        done = os.pwrite(self.descriptor, data, place)
        while done < len(data):
            done += os.pwrite(self.descriptor, data[done:], place + done)
