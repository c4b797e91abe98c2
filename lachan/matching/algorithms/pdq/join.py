"""Many look-ups at once: queries and hashes are sorted alike, and joined bucket by bucket.

One look-up waits for memory; a million of them need not. The queries are sorted by a chunk as the segment
is, then both are walked through in order: the hashes of a bucket, once they are in the cache, meet all
queries of that bucket and of the 16 that differ from it in one bit. Chunk after chunk, so nothing is asked
for twice. The side with more entries lies in the lanes of the vectors, the other comes one by one: it does
not matter which of them holds the queries.

The filters and the proof are those of a single look-up (`lookup`).
"""

from typing import Any

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.chunks import BOUNDS_STEP, BUCKETS
from lachan.matching.algorithms.pdq.lookup import is_first
from lachan.matching.algorithms.pdq.vector import (
    bits,
    load16,
    load32,
    load64,
    lowest,
    near_shorts_store,
    nonzero_ints,
    prefetch,
    store32,
    store64,
)

# One side, sorted by one chunk: 64-bit words, most of them addresses (`pairs.Side` fills them).
DIRECTORY, NEXT, AFTER, ROWS, ROW_BYTES, ROW_MASK, CODES, LAST_ROW = range(0, 64, 8)

# A join's working memory: where they differ, then addresses of what it writes, then masks and singles.
DIFFERENCES, FIRSTS, SECONDS, DISTANCES, USED, CAPACITY, PARENTS = 0, 32, 40, 48, 56, 64, 72
_OTHERS = 512  # 64 masks
_SINGLES = 4096
_SINGLES_LIMIT = 16384
_MASKS = _SINGLES + 4 * _SINGLES_LIMIT
_MASKS_LIMIT = 16384  # 64 KB of masks: within the second cache
WORK_BYTES = _MASKS + 4 * _MASKS_LIMIT + 128

_BLOCK = 2048  # entries in the lanes at once: 64 vectors
_LOW = 0xFFFFFFFF
_FLIPPED, _CROWD = 1 << 31, 1 << 30
_ROW = _CROWD - 1
_DENSE = 256  # entries of a bucket from which on a group is looked for that holds most of them


@njit(cache=True)
def root(parents: int, row: Any) -> Any:
    """Whose group a row is in; the way there is halved for the next who asks (Tarjan, van Leeuwen 1984)."""
    parent = load64(parents + 8 * row)
    while parent != row:
        above = load64(parents + 8 * parent)
        store64(parents + 8 * row, above)
        row, parent = above, load64(parents + 8 * above)
    return row


@njit(cache=True)
def row_at(side: int, place: int) -> int:
    address = load64(side + ROWS) + load64(side + ROW_BYTES) * place
    row: int = load32(address) & load64(side + ROW_MASK)
    last: int = load64(side + LAST_ROW)
    return min(row, last)  # an altered file must not lead outside of it


@njit("void(int64,int64,int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def meet(
    work: int, code: int, other: int, row: int, other_row: int, bounds: int, chunk: int, radius: int
) -> None:
    """Compare two whole hashes; note the pair, or unite their groups where groups are wanted."""
    parents = load64(work + PARENTS)
    if parents != 0:
        row, other_row = root(parents, row), root(parents, other_row)
        if row == other_row:
            return
    distance = 0
    for word in range(0, 32, 8):
        different = load64(code + word) ^ load64(other + word)
        store64(work + DIFFERENCES + word, different)
        distance += bits(different)
    if distance > radius:
        return
    if parents != 0:
        store64(parents + 8 * max(row, other_row), min(row, other_row))
    elif is_first(work + DIFFERENCES, bounds, chunk):
        used = load64(work + USED)
        if used < load64(work + CAPACITY):
            store64(load64(work + FIRSTS) + 8 * used, row)
            store64(load64(work + SECONDS) + 8 * used, other_row)
            store64(load64(work + DISTANCES) + 8 * used, distance)
        store64(work + USED, used + 1)


@njit(cache=True)
def meet_lanes(
    work: int,
    many: int,
    few: int,
    mask: int,
    place: int,
    single: int,
    bounds: int,
    chunk: int,
    radius: int,
) -> None:
    """The lanes of `mask` from `place` on against one single: by the third chunk, then as a whole."""
    other = single & _ROW
    following, third = (
        load16(load64(few + NEXT) + 2 * other),
        load16(load64(few + AFTER) + 2 * other),
    )
    most = load64(bounds + 2 * BOUNDS_STEP + 8 * chunk) - (single >> 31)
    while mask != 0:
        entry = place + lowest(mask)
        mask &= mask - 1
        so_far = bits(load16(load64(many + NEXT) + 2 * entry) ^ following)
        so_far += bits(load16(load64(many + AFTER) + 2 * entry) ^ third)
        if so_far <= most:
            row, other_row = row_at(many, entry), row_at(few, other)
            code, other_code = load64(many + CODES), load64(few + CODES)
            meet(
                work,
                code + 32 * row,
                other_code + 32 * other_row,
                row,
                other_row,
                bounds,
                chunk,
                radius,
            )


@njit("void(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def drain(
    work: int,
    many: int,
    few: int,
    singles: int,
    begin: int,
    end: int,
    vectors: int,
    bounds: int,
    chunk: int,
    radius: int,
) -> None:
    """Go through the masks of `singles` singles, `vectors` each; nearly all of them are 0."""
    total = singles * vectors
    masks = work + _MASKS
    for i in range(total, (total + 15) & -16):
        store32(masks + 4 * i, 0)
    reciprocal = (1 << 32) // vectors + 1  # a division would cost more than all else here
    for start in range(0, total, 16):
        left = nonzero_ints(masks + 4 * start)
        while left != 0:
            i = start + lowest(left)
            left &= left - 1
            single = (i * reciprocal) >> 32
            place = begin + 32 * (i - single * vectors)
            mask = load32(masks + 4 * i) & ((1 << min(end - place, 32)) - 1)
            marked = load32(work + _SINGLES + 4 * single)
            if marked & _CROWD:
                mask &= load32(work + _OTHERS + 4 * (i - single * vectors))
            meet_lanes(work, many, few, mask, place, marked, bounds, chunk, radius)


@njit("int64(int64,int64,int64,int64)", nogil=True, cache=True)
def find_crowd(work: int, many: int, begin: int, end: int) -> int:
    """The group that holds most of a block's entries, if one does; which entries are others' is noted.

    In a crowd of near-duplicates nearly all pairs are of one group already: they are passed over 32 at once.
    """
    parents = load64(work + PARENTS)
    crowd, votes = -1, 0  # the majority, if there is one, outlives all others (Boyer, Moore 1981)
    for entry in range(begin, end):
        group = root(parents, row_at(many, entry))
        if votes == 0:
            crowd = group
        votes += 1 if group == crowd else -1
    for start in range(begin, end, 32):
        others = 0
        for entry in range(start, min(start + 32, end)):
            if root(parents, row_at(many, entry)) != crowd:
                others |= 1 << (entry - start)
        store32(work + _OTHERS + ((start - begin) >> 3), others)
    return crowd


@njit("void(int64,int64,int64,int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def join_block(
    work: int,
    many: int,
    few: int,
    key: int,
    begin: int,
    end: int,
    bounds: int,
    chunk: int,
    radius: int,
) -> None:
    """Entries `begin` … `end` - 1 of one bucket against the other side's bucket and its 16 neighbours."""
    directory, words = load64(few + DIRECTORY), load64(few + NEXT)
    block = load64(many + NEXT) + 2 * begin
    vectors = (end - begin + 31) >> 5
    singles_limit = min(_MASKS_LIMIT // vectors, _SINGLES_LIMIT)
    mask = work + _MASKS
    singles = 0
    flips = 16 if load64(bounds + 8 * chunk) > 0 else 0
    parents, crowd = load64(work + PARENTS), -1
    if parents != 0 and end - begin >= _DENSE:
        crowd = find_crowd(work, many, begin, end)
    for flip in range(-1, flips):
        flipped = 0
        other_key = key
        if flip >= 0:
            flipped = 1
            other_key ^= 1 << flip
            if parents != 0 and other_key < key:
                continue  # a collection joined with itself meets this pair of buckets from the other one
        most = load64(bounds + BOUNDS_STEP + 8 * chunk) - flipped
        ends, count = load64(directory + 4 * other_key), load64(few + LAST_ROW) + 1
        for other in range(ends & _LOW, min((ends >> 32) & _LOW, count)):
            if singles == singles_limit:
                drain(work, many, few, singles, begin, end, vectors, bounds, chunk, radius)
                singles, mask = 0, work + _MASKS
            single = other | (flipped << 31)
            if crowd >= 0 and root(parents, row_at(few, other)) == crowd:
                single |= _CROWD
            store32(work + _SINGLES + 4 * singles, single)
            word = load16(words + 2 * other)
            for vector in range(vectors):
                near_shorts_store(block + 64 * vector, word, most, mask + 4 * vector)
            mask += 4 * vectors
            singles += 1
    drain(work, many, few, singles, begin, end, vectors, bounds, chunk, radius)


@njit("void(int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def join_chunk(work: int, many: int, few: int, bounds: int, chunk: int, radius: int) -> None:
    """All pairs that start at one chunk; counted in `work` even where they no longer fit."""
    directory, words = load64(many + DIRECTORY), load64(many + NEXT)
    after = load64(many + AFTER)
    for key in range(BUCKETS):
        ends = load64(directory + 4 * key)
        begin, end = ends & _LOW, min((ends >> 32) & _LOW, load64(many + LAST_ROW) + 1)
        if begin >= end:
            continue
        for ahead in range(2 * end, 2 * (2 * end - begin) + 64, 64):  # about the next bucket
            prefetch(words + ahead)
            prefetch(after + ahead)
        while begin < end:
            stop = min(begin + _BLOCK, end)
            join_block(work, many, few, key, begin, stop, bounds, chunk, radius)
            begin = stop
