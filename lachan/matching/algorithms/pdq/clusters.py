"""Groups of near-duplicates in a collection: whatever is within the radius is of one group, and so on.

So the two ends of a chain may be far apart: right for finding out that a thousand reports are about one
picture, wrong for saying that two pictures are the same.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.pdq.chunks import (
    BOUNDS,
    BOUNDS_ADDRESS,
    BOUNDS_RADIUS,
    CHUNKS,
    RADIUS_LIMIT,
    Numbers,
    Words,
)
from lachan.matching.algorithms.pdq.join import join_chunk
from lachan.matching.algorithms.pdq.pairs import Batch, Sorted, Work

_WEIGHTS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64
)


def groups(
    codes: Words, radius: int, progress: Callable[[int], object] = lambda _: None
) -> Numbers:
    """int64[n]: for each hash the place of the first one of its group.

    The collection is joined with itself, chunk by chunk; a pair whose two are already of one group costs
    two steps up its tree and no comparison, so that a crowd of alike does not cost its square in memory.

    Args:
        codes: uint64[n, 4].
        radius: 0 … 31.
        progress: called with the number of hashes done since the last call.

    Raises:
        InvalidInput: no such radius.
    """
    if not 0 <= radius <= RADIUS_LIMIT:
        raise InvalidInput(f"hashes are grouped within a radius of 0 to {RADIUS_LIMIT} bits")
    codes = np.ascontiguousarray(codes, np.uint64).reshape(-1, 4)
    firsts, members = _distinct(codes)
    chunks = [chunk for chunk in range(CHUNKS) if BOUNDS[radius, 0, chunk] >= 0]
    done = [len(codes) * number // len(chunks) for number in range(len(chunks) + 1)]
    shares = (after - before for before, after in pairwise(done))
    parents = _unite(codes[firsts], radius, chunks, lambda: progress(next(shares)))
    return firsts[parents[members]]


def _distinct(codes: Words) -> tuple[Numbers, Numbers]:
    """(where each different hash first stands, in that order; for each hash, which of them it is).

    Equal hashes are put next to one another by a hash of their own; two different ones that share it may
    hide that others are equal, and the join then unites those.
    """
    if not len(codes):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = ((codes ^ (codes >> np.uint64(29))) * _WEIGHTS).sum(axis=1, dtype=np.uint64)
    order = np.argsort(keys, kind="stable")
    new = np.ones(len(codes), np.bool_)
    new[1:] = (codes[order[1:]] != codes[order[:-1]]).any(axis=1)
    firsts = order[new]
    ranks = np.empty(len(firsts), np.int64)
    by_place = np.argsort(firsts)
    ranks[by_place] = np.arange(len(firsts))
    members = np.empty(len(codes), np.int64)
    members[order] = ranks[np.cumsum(new) - 1]
    return firsts[by_place], members


def _unite(
    codes: Words, radius: int, chunks: list[int], chunk_done: Callable[[], object]
) -> Numbers:
    batch = Batch(codes)
    parents = np.arange(batch.count)
    work = Work(parents=parents)
    bounds = BOUNDS_ADDRESS + radius * BOUNDS_RADIUS
    members = Sorted(batch)
    side = members.side.ctypes.data
    for chunk in chunks:
        members.by(chunk)
        join_chunk(work.address, side, side, bounds, chunk, radius)
        chunk_done()
    while (parents[parents] != parents).any():
        parents = parents[parents]
    return parents
