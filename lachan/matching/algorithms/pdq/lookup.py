"""One look-up: all hashes of a segment within a radius of one query, in microseconds. docs/matching.md shows it.

A neighbour starts somewhere on the ring of chunks with at most `BOUNDS` differing bits in its first chunk,
its first two and its first three. So, for each chunk:

1. ask the directory for the buckets of the query's own chunk and of the 16 that differ in one bit (`aim`);
2. compare all entries of a bucket, 32 at once, by the chunk that follows (`sift`): of 41,500 entries in
   10 million, 110 are left, and no hash has been touched yet;
3. compare those by the chunk after (`settle`): less than one is left. Now look at whole hashes.

Nearly all the time goes into waiting for memory: at 10 million hashes about 1,900 cache lines that nobody
looked at lately. So every stage asks for the lines of the next one (`prefetch`) before it does its own
work, and dozens are on their way at the same time. A neighbour that passes from several starting chunks is
given out at the first of them only: no list of those already seen.
"""

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.chunks import BOUNDS_RADIUS, BOUNDS_STEP, diagonal
from lachan.matching.algorithms.pdq.layout import DIRECTORY_STRIDE, MIXED
from lachan.matching.algorithms.pdq.room import (
    CAPACITY,
    DIFFERENCES,
    DISTANCES,
    PROBE,
    PROBES,
    QUERY,
    ROWS,
    SURVIVORS,
    SURVIVORS_LIMIT,
)
from lachan.matching.algorithms.pdq.vector import (
    bits,
    load16,
    load32,
    load64,
    lowest,
    near_shorts,
    prefetch,
    store64,
)

# What a kernel knows of a segment: 64-bit words, most of them addresses (`segment.PdqSegment` fills them).
COUNT, PARITY, BOUNDS_AT, CODES, DIRECTORIES, NEXT, AFTER, SHORT_STRIDE = range(0, 64, 8)
ROWS_AT, ROWS_STRIDE, ROW_BYTES, ROW_MASK, LINES = range(64, 104, 8)
PLAN_WORDS = 13

_AHEAD = 16  # probes between asking for a bucket's further lines and reading them; 8 and 32 are no faster
_LOW = 0xFFFFFFFF
_ADDRESS = (1 << 48) - 1


@njit(cache=True)
def foresee(plan: int, query: int, bounds: int) -> None:
    """Ask for the directory's lines: buckets that differ in one of the 4 low bits share the own one's line."""
    directory = load64(plan + DIRECTORIES)
    for chunk in range(16):
        most = load64(bounds + 8 * chunk)
        if most >= 0:
            key = load16(query + 2 * chunk)
            prefetch(directory + 4 * key)
            if most > 0:
                for bit in range(4, 16):
                    prefetch(directory + 4 * (key ^ (1 << bit)))
        directory += DIRECTORY_STRIDE


@njit(cache=True)
def aim_at(bucket: int, words: int, count: int, mark: int, probe: int) -> int:
    ends = load64(bucket)  # two numbers of 32 bits: where this bucket begins, and the next
    begin = words + 2 * min(ends & _LOW, count)  # an altered file must not lead outside of it
    store64(probe, begin)
    store64(probe + 8, words + 2 * min((ends >> 32) & _LOW, count))
    store64(probe + 16, mark)
    prefetch(begin)
    return probe + PROBE


@njit(cache=True)
def aim(plan: int, room: int, bounds: int) -> int:
    """Read where the buckets begin and end, and ask for the first line of each; returns their number."""
    directory, words = load64(plan + DIRECTORIES), load64(plan + NEXT)
    stride, count = load64(plan + SHORT_STRIDE), load64(plan + COUNT)
    probe = first = room + PROBES
    for chunk in range(16):
        most = load64(bounds + 8 * chunk)
        if most >= 0:
            key = load16(room + QUERY + 2 * chunk)
            probe = aim_at(directory + 4 * key, words, count, chunk, probe)
            if most > 0:
                for bit in range(16):
                    bucket = directory + 4 * (key ^ (1 << bit))
                    probe = aim_at(bucket, words, count, chunk + 16, probe)
        directory += DIRECTORY_STRIDE
        words += stride
    for ahead in range(_AHEAD):  # `sift` looks so far ahead: harmless ones
        store64(probe + PROBE * ahead, words - stride)
        store64(probe + PROBE * ahead + 8, words - stride)
    return (probe - first) // PROBE


@njit(cache=True)
def compare(code: int, room: int) -> int:
    """The distance of a hash to the query; where they differ is left in the room."""
    distance = 0
    for word in range(0, 32, 8):
        different = load64(code + word) ^ load64(room + QUERY + word)
        store64(room + DIFFERENCES + word, different)
        distance += bits(different)
    return distance


@njit(cache=True)
def is_first(differences: int, bounds: int, chunk: int) -> bool:
    """Whether no chunk before `chunk` is one to start at: else the hit was given out there."""
    for earlier in range(chunk):
        passes = True
        so_far = 0
        for step in range(3):
            so_far += bits(load16(differences + 2 * ((earlier + step) & 15)))
            if so_far > load64(bounds + BOUNDS_STEP * step + 8 * earlier):
                passes = False
                break
        if passes:
            return False
    return True


@njit("int64(int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def settle(plan: int, room: int, bounds: int, waiting: int, radius: int, found: int) -> int:
    """Compare the survivors by their third chunk, then as a whole; returns the hits so far."""
    words, stride = load64(plan + NEXT), load64(plan + SHORT_STRIDE)
    gap = load64(plan + AFTER) - words
    rows, rows_stride = load64(plan + ROWS_AT), load64(plan + ROWS_STRIDE)
    row_bytes, row_mask = load64(plan + ROW_BYTES), load64(plan + ROW_MASK)
    codes, last = load64(plan + CODES), load64(plan + COUNT) - 1
    left = 0
    for i in range(
        waiting
    ):  # all at once: one by one, as they are found, they would hold up the sifting
        prefetch((load64(room + SURVIVORS + 8 * i) & _ADDRESS) + gap)
    for i in range(waiting):
        survivor = load64(room + SURVIVORS + 8 * i)
        chunk, entry = (survivor >> 48) & 15, survivor & _ADDRESS
        third = load16(entry + gap)
        so_far = (survivor >> 56) + bits(third ^ load16(room + QUERY + 2 * ((chunk + 2) & 15)))
        if so_far <= load64(bounds + 2 * BOUNDS_STEP + 8 * chunk):
            place = (entry - words - stride * chunk) >> 1
            row_at = rows + rows_stride * chunk + row_bytes * place
            prefetch(row_at)
            store64(room + SURVIVORS + 8 * left, (chunk << 48) | row_at)
            left += 1
    for i in range(left):
        survivor = load64(room + SURVIVORS + 8 * i)
        row = min(load32(survivor & _ADDRESS) & row_mask, last)  # nor an altered row
        prefetch(codes + 32 * row)
        store64(room + SURVIVORS + 8 * i, (survivor & ~_ADDRESS) | row)
    for i in range(left):
        survivor = load64(room + SURVIVORS + 8 * i)
        row = survivor & _ADDRESS
        distance = compare(codes + 32 * row, room)
        if distance <= radius and is_first(room + DIFFERENCES, bounds, survivor >> 48):
            if found < load64(room + CAPACITY):
                store64(load64(room + ROWS) + 8 * found, row)
                store64(load64(room + DISTANCES) + 8 * found, distance)
            found += 1
    return found


@njit(cache=True)
def keep(
    room: int, mask: int, line: int, following: int, chunk: int, flipped: int, waiting: int
) -> int:
    """Note the entries in `mask`: address, chunk and differing bits so far; returns how many wait now."""
    while mask != 0:
        entry = line + 2 * lowest(mask)
        mask &= mask - 1
        so_far = flipped + bits(load16(entry) ^ following)
        store64(room + SURVIVORS + 8 * waiting, (so_far << 56) | (chunk << 48) | entry)
        waiting += 1
    return waiting


@njit(cache=True)
def ask(probe: int, lines: int) -> None:
    """Ask for a bucket's lines after the first, which `aim` asked for."""
    begin, last = load64(probe), load64(probe + 8) - 1
    for line in range(1, lines):
        prefetch(min(begin + 64 * line, last))


@njit(cache=True)
def sift(plan: int, room: int, bounds: int, probes: int, radius: int) -> tuple[int, int]:
    """Compare every bucket's entries by their second chunk; returns (hits so far, survivors that wait)."""
    lines, first = load64(plan + LINES), room + PROBES
    for i in range(_AHEAD):
        ask(first + PROBE * i, lines)
    found = waiting = 0
    for i in range(probes):
        probe = first + PROBE * i
        ask(probe + PROBE * _AHEAD, lines)
        begin, end, mark = load64(probe), load64(probe + 8), load64(probe + 16)
        chunk, flipped = mark & 15, mark >> 4
        following = load16(room + QUERY + 2 * ((chunk + 1) & 15))
        most = load64(bounds + BOUNDS_STEP + 8 * chunk) - flipped
        line = begin & -64
        lanes = _LOW << ((begin - line) >> 1)
        while True:
            lanes &= (1 << min((end - line) >> 1, 32)) - 1
            mask = near_shorts(line, following, most) & lanes
            waiting = keep(room, mask, line, following, chunk, flipped, waiting)
            if waiting > SURVIVORS_LIMIT - 32:
                found = settle(plan, room, bounds, waiting, radius, found)
                waiting = 0
            line += 64
            if line >= end:
                break
            lanes = _LOW
    return found, waiting


@njit("int64(int64,int64,int64)", nogil=True, cache=True)
def find_one(plan: int, room: int, radius: int) -> int:
    """Search for the query in `room`; the first hits, as many as fit, are written there.

    Returns how many there are: where more than fit, make room and ask again.
    """
    query = room + QUERY
    a, b, c, d = load64(query), load64(query + 8), load64(query + 16), load64(query + 24)
    parity = load64(plan + PARITY)
    odd = (bits(a) + bits(b) + bits(c) + bits(d)) & 1
    if parity != MIXED and (odd ^ parity) != (radius & 1):
        radius -= 1  # all distances are even, or all are odd
        if radius < 0:
            return 0
    a, b, c, d = diagonal(a, b, c, d)
    store64(query, a)
    store64(query + 8, b)
    store64(query + 16, c)
    store64(query + 24, d)
    bounds = load64(plan + BOUNDS_AT) + radius * BOUNDS_RADIUS
    foresee(plan, query, bounds)
    probes = aim(plan, room, bounds)
    found, waiting = sift(plan, room, bounds, probes, radius)
    total: int = settle(plan, room, bounds, waiting, radius, found)
    return total


@njit("int64(int64,int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def find_each(
    plan: int, room: int, codes: int, first: int, last: int, radius: int, out: int
) -> int:
    """Look up the queries `first` … `last` - 1; returns the first that no longer fitted, or `last`.

    `out` holds addresses of queries, rows, distances found, how many there are and how many fit.
    """
    queries, rows, distances = load64(out), load64(out + 8), load64(out + 16)
    used, capacity = load64(out + 24), load64(out + 32)
    for query in range(first, last):
        for word in range(0, 32, 8):
            store64(room + QUERY + word, load64(codes + 32 * query + word))
        found = find_one(plan, room, radius)
        if found > load64(room + CAPACITY) or used + found > capacity:
            store64(out + 24, used)
            store64(out + 40, found)
            return query
        for i in range(found):
            store64(queries + 8 * used, query)
            store64(rows + 8 * used, load64(load64(room + ROWS) + 8 * i))
            store64(distances + 8 * used, load64(load64(room + DISTANCES) + 8 * i))
            used += 1
    store64(out + 24, used)
    return last
