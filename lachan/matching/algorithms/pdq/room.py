"""The working memory of a search: one for each thread, shared by all segments, never by two threads.

Kernels see only its address. What lies where, in bytes from the start:

    0      the query, 32 bytes as the caller gave it; a kernel replaces them by its chunks
    32     differences: a found hash xor the query, chunk by chunk
    64     address of the rows found; 72 address of their distances; 80 how many there is room for
    4096   probes: where a bucket begins and ends, its chunk, and 16 more where a bit is flipped
    16384  survivors: 8 bytes each
"""

import threading

import numpy as np

QUERY, DIFFERENCES, ROWS, DISTANCES, CAPACITY = 0, 32, 64, 72, 80
PROBES, PROBE, SURVIVORS = 4096, 24, 16384
SURVIVORS_LIMIT = 12000  # 96 KB: within the second cache
_SIZE = SURVIVORS + 8 * SURVIVORS_LIMIT + 4096
_FIRST, _KEPT = 1024, 1 << 16


class Room:
    """Attributes: address: for the kernels; query: the 32 bytes to write a query to; capacity: hits that fit."""

    def __init__(self) -> None:
        self._bytes = np.zeros(_SIZE + 64, np.uint8)
        spare = -self._bytes.ctypes.data % 64
        place = self._bytes[spare:]
        self.address: int = place.ctypes.data
        self.query = memoryview(place[:32])  # type: ignore[arg-type]  # a numpy array is a buffer
        self._words = place[:128].view(np.int64)
        self.grow(_FIRST)

    def grow(self, hits: int) -> None:
        """Make room for that many hits."""
        self.capacity = hits
        self._rows, self._distances = np.empty(hits, np.int64), np.empty(hits, np.int64)
        self._words[ROWS // 8] = self._rows.ctypes.data
        self._words[DISTANCES // 8] = self._distances.ctypes.data
        self._words[CAPACITY // 8] = hits

    def take(self, hits: int) -> tuple[np.ndarray, np.ndarray]:
        """A copy of what was found: (rows, distances)."""
        found = self._rows[:hits].copy(), self._distances[:hits].copy()
        self.shrink()
        return found

    def shrink(self) -> None:
        """Give back the room of an unusual number of hits."""
        if self.capacity > _KEPT:
            self.grow(_FIRST)


class _Own(threading.local):
    def __init__(self) -> None:
        self.room = Room()


own = _Own()
"""`own.room`: the calling thread's."""
