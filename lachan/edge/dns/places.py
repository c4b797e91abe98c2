"""Numbers that the compiled path and its callers share. No numba here: the process starts without it."""

STRIDE = 1600
"""Bytes a frame: an odd number of cache lines, so that headers do not fall on the same cache sets."""

# Places in the array of numbers that a batch is answered by.
N_K0, N_K1, N_CACHE_K0, N_CACHE_K1, N_NOW, N_RCODE, N_SERIAL, N_STAMP, N_FRAMES = range(9)
NUMBERS = 9

# Places in the array of counts.
C_QUERIES, C_BLOCKED, C_CACHED, C_LEFT = range(4)

CACHED_HEAD = 32
"""Bytes before a kept answer's key: u16 key length, TTL count, body length, rcode, answers, authorities,
additionals, 0; u32 stored, expires; u64 stamp. After it: key, places of TTLs, body."""
EXPIRES_LIMIT = (1 << 32) - 1
