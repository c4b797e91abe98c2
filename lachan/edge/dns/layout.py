"""The layout of arrays that the compiled path and its callers share. No numba here: the process starts without
it.
"""

STRIDE = 1600
"""Bytes a frame: an odd number of cache lines, so that headers do not fall on the same cache sets."""

STREAM_QUERY, STREAM_ROOM = 2048, 4096
"""In a stream: bytes of a query that the compiled path looks at, and that it needs free for one reply, padded."""

# Places in the array of numbers that a batch is answered by.
N_CACHE_K0, N_CACHE_K1, N_NOW, N_SERIAL, N_FRAMES = range(5)
NUMBERS = 5

# Places in a layer's row of words: its hash key, then its two tables.
L_K0, L_K1, L_DELTA, L_BASE = 0, 1, 2, 9
# Of a table, counted from there: where its bytes, slots, effects and texts stand in memory, and how many they are.
T_BYTES, T_SIZE, T_SLOTS, T_COUNT, T_EFFECTS, T_TEXTS, T_PROFILES = range(7)
LAYER_WORDS = 16

# Places in the array of counts.
C_QUERIES, C_BLOCKED, C_CACHED, C_LEFT = range(4)

CACHED_HEAD = 32
"""Bytes before a kept answer's key: u16 key length, TTL count, body length, rcode, answers, authorities,
additionals, 0; u32 stored, expires; u16 bytes of the chain's names, of all names; u32 0. After it: key, the names that
the answer leads to (the chain's first, each with its root), places of TTLs, body."""
EXPIRES_LIMIT = (1 << 32) - 1
