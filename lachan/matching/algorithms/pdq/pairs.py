"""A batch against a segment, joined or look-up after look-up: what runs `join.join_chunk` and `lookup.find_each`."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lachan.matching.algorithms.pdq import join, lookup, sort
from lachan.matching.algorithms.pdq.chunks import (
    BOUNDS,
    BOUNDS_ADDRESS,
    BOUNDS_RADIUS,
    CHUNKS,
    Numbers,
    Words,
)
from lachan.matching.algorithms.pdq.layout import DIRECTORY_STRIDE, EVEN, MIXED, ODD
from lachan.matching.algorithms.pdq.room import own

Pairs = tuple[Numbers, Numbers, Numbers]
"""(places on the one side, places on the other, distances)."""
_SPARE = 64


class Batch:
    """Hashes in memory, to be sorted by any chunk.

    Attributes:
        count: how many.
        parity: EVEN, ODD or MIXED numbers of set bits.
    """

    def __init__(self, codes: Words) -> None:
        self.count = len(codes)
        self.chunked = np.empty((self.count, 4), np.uint64)
        odd = int(sort.cut(codes.ctypes.data, self.chunked.ctypes.data, self.count))
        self.parity = {0: EVEN, self.count: ODD}.get(odd, MIXED)


class Sorted:
    """A batch sorted by one chunk after the other, in memory that each thread has for itself.

    Attributes:
        side: what `join` needs of it.
    """

    def __init__(self, batch: Batch) -> None:
        n = batch.count
        self._batch = batch
        self._directory = np.zeros(DIRECTORY_STRIDE // 4, np.uint32)
        self._dealt = np.empty(n, np.uint64)
        self._over = np.empty(n if n > sort.OVER else 0, np.uint8)
        self._next, self._after = np.empty(n + _SPARE, np.uint16), np.empty(n + _SPARE, np.uint16)
        self._rows = np.empty(n, np.uint32)
        arrays = self._directory, self._next, self._after, self._rows
        places = (array.ctypes.data for array in arrays)
        self.side = np.array(
            [*places, 4, (1 << 32) - 1, batch.chunked.ctypes.data, n - 1], np.int64
        )

    def by(self, chunk: int) -> None:
        """Sort it by this chunk."""
        index, *targets = self.side[:4].tolist()
        sources = self._dealt.ctypes.data, self._over.ctypes.data if self._over.size else 0
        chunked, n = self._batch.chunked.ctypes.data, self._batch.count
        sort.bound_buckets(chunked, n, chunk, index)
        sort.deal_high(chunked, n, chunk, index, *sources)
        sort.deal_low(index, 0, 256, *sources, *targets, 4)


def side_of(plan: Numbers, chunk: int) -> Numbers:
    """The same of a segment, by its facts: nothing to sort."""
    places = (
        plan[lookup.DIRECTORIES // 8] + DIRECTORY_STRIDE * chunk,
        plan[lookup.NEXT // 8] + plan[lookup.SHORT_STRIDE // 8] * chunk,
        plan[lookup.AFTER // 8] + plan[lookup.SHORT_STRIDE // 8] * chunk,
        plan[lookup.ROWS_AT // 8] + plan[lookup.ROWS_STRIDE // 8] * chunk,
    )
    numbers = plan[[lookup.ROW_BYTES // 8, lookup.ROW_MASK // 8, lookup.CODES // 8]]
    return np.array([*places, *numbers, plan[lookup.COUNT // 8] - 1], np.int64)


def join_batch(plan: Numbers, batch: Batch, radius: int, threads: int = 1) -> Pairs:
    """(places in the batch, rows, distances) of all pairs within the radius: for large batches."""
    if batch.parity != MIXED and plan[lookup.PARITY // 8] != MIXED:
        apart = batch.parity != plan[lookup.PARITY // 8]
        radius -= (radius & 1) != apart  # all distances are odd, or all are even
    if radius < 0:
        return _none()
    larger = batch.count > plan[lookup.COUNT // 8]
    chunks = [chunk for chunk in range(CHUNKS) if BOUNDS[radius, 0, chunk] >= 0]

    def work(first: int) -> list[Pairs]:
        queries, found = Sorted(batch), []
        for chunk in chunks[first::threads]:
            queries.by(chunk)
            hashes = side_of(plan, chunk)
            if larger:
                found.append(_join(queries.side, hashes, chunk, radius))
            else:
                rows, places, distances = _join(hashes, queries.side, chunk, radius)
                found.append((places, rows, distances))
        return found

    if threads == 1:
        found = work(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = [pairs for part in pool.map(work, range(threads)) for pairs in part]
    firsts, seconds, distances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return firsts, seconds, distances


def _none() -> Pairs:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)


class Work:
    """A join's working memory, of which each thread needs its own."""

    def __init__(self, capacity: int = 0, parents: Numbers | None = None) -> None:
        self._bytes = np.empty(join.WORK_BYTES, np.uint8)
        self.address: int = self._bytes.ctypes.data
        self.words = self._bytes[:128].view(np.int64)
        self.words[join.PARENTS // 8] = parents.ctypes.data if parents is not None else 0
        self.room_for(capacity)

    def room_for(self, capacity: int) -> None:
        """Begin anew with room for so many pairs."""
        self.found = np.empty((3, capacity), np.int64)
        for n, place in enumerate((join.FIRSTS, join.SECONDS, join.DISTANCES)):
            self.words[place // 8] = self.found[n].ctypes.data
        self.words[join.CAPACITY // 8] = capacity
        self.words[join.USED // 8] = 0

    @property
    def used(self) -> int:
        return int(self.words[join.USED // 8])


def _join(many: Numbers, few: Numbers, chunk: int, radius: int) -> Pairs:
    bounds = BOUNDS_ADDRESS + radius * BOUNDS_RADIUS
    work = Work(capacity=1 << 16)
    arguments = many.ctypes.data, few.ctypes.data, bounds, chunk, radius
    join.join_chunk(work.address, *arguments)
    if (used := work.used) > len(work.found[0]):
        work.room_for(used)
        join.join_chunk(work.address, *arguments)
    return work.found[0, :used], work.found[1, :used], work.found[2, :used]


def loop_batch(plan: Numbers, codes: Words, radius: int) -> Pairs:
    """The same, look-up after look-up: for small batches."""
    room = own.room
    found = np.empty((3, max(1024, 2 * len(codes))), np.int64)
    state = np.zeros(6, np.int64)
    done = 0
    while True:
        state[:3] = [part.ctypes.data for part in found]
        state[4] = found.shape[1]
        arguments = codes.ctypes.data, done, len(codes), radius, state.ctypes.data
        done = lookup.find_each(plan.ctypes.data, room.address, *arguments)
        used, missing = int(state[3]), int(state[5])
        if done == len(codes):
            room.shrink()
            return found[0, :used], found[1, :used], found[2, :used]
        if missing > room.capacity:
            room.grow(missing)
        if used + missing > found.shape[1]:
            larger = np.empty((3, 2 * (used + missing)), np.int64)
            larger[:, :used] = found[:, :used]
            found = larger
