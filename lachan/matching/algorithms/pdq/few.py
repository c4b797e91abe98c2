"""Hashes that no segment holds yet: added one by one, compared with all at once."""

import struct

import numpy as np

from lachan.matching.algorithms.algorithm import Numbers
from lachan.matching.algorithms.pdq.scan import check, scan_at

_FIRST = 1024
_words = struct.Struct("<4Q").unpack


class PdqFew:
    """Word by word, as `scan` asks for it; see `FewKeys`."""

    def __init__(self) -> None:
        self._count = 0
        self._hold(np.zeros((4, _FIRST), np.uint64))

    def add(self, key: bytes) -> None:
        place, room = self._count, self._room
        if place == room:
            # Another table, not a longer one: threads may be looking at the old.
            larger = np.zeros((4, 2 * room), np.uint64)
            larger[:, :room] = self._held[0]
            self._hold(larger)
            room *= 2
        flat = self._flat
        flat[place], flat[room + place], flat[2 * room + place], flat[3 * room + place] = _words(
            key
        )
        self._count = place + 1

    def find(self, key: bytes, radius: int) -> tuple[Numbers, Numbers]:
        check(key, radius)
        count = self._count
        table, address, stride = self._held
        found = scan_at(address, stride, count, key, radius)
        del table  # it had to live until here
        return found

    def _hold(self, table: "np.ndarray[tuple[int, int], np.dtype[np.uint64]]") -> None:
        self._room = table.shape[1]
        self._flat = memoryview(table.reshape(-1))  # type: ignore[arg-type]  # a numpy array is a buffer
        self._held = table, table.ctypes.data, table.strides[0]
