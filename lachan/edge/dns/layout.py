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
L_K0, L_K1, L_DELTA, L_BASE = 0, 1, 2, 12
# Of a table, counted from there: where its bytes, slots, effects and texts stand in memory, and how many they are.
# For profiles: of which kind an entry is to each policy (`K_…`), the codes by which rules may choose it, the text of its
# block.
T_BYTES, T_SIZE, T_SLOTS, T_COUNT, T_EFFECTS, T_TEXTS, T_PROFILES, T_KINDS, T_CODES, T_SAID = range(
    10
)
LAYER_WORDS = 22

K_PASS, K_CHOSEN, K_ALLOW, K_HELP, K_ALWAYS, K_RESTRICTED = 0, 1, 2, 3, 4, 16
"""What an entry is to a profile: nothing, blocked for whose rules name one of its codes, allowed, help, blocked; the last
is a mark beside these."""
CODE_WORDS = 8
"""Words of 64 bits, one a code that rules may name: categories, services, ways round."""
F_EVERYTHING, F_PAUSE, F_RESTRICTED, F_ENDS, F_ODD = 1, 2, 4, 8, 16
"""Marks of a rule set: everything is blocked; that is a pause; search is restricted; a block of it tells its end, or it
names a code that has no number: both are left to the plain path."""

# Places in the array that says where the table of profiles is; the first is 0 where there is none.
P_WORDS, P_SIZE, P_LAY, P_K0, P_K1, P_MASKS, P_MARKS, P_RULE_SETS, P_OWN_TEXTS, P_KNOWN = range(10)
P_IPV4, P_IPV4_COUNT, P_IPV6, P_IPV6_COUNT, P_ENDS = range(10, 15)
PROFILE_WORDS = 15
ENDS_BITS = 13
"""Of the number of a row among the ends: a profile's place, until when what holds for it holds, the text that says so."""

# Places in the array of counts.
C_QUERIES, C_BLOCKED, C_CACHED, C_LEFT = range(4)

CACHED_HEAD = 32
"""Bytes before a kept answer's key: u16 key length, TTL count, body length, rcode, answers, authorities,
additionals, 0; u32 stored, expires; u16 bytes of the chain's names, of all names; u32 0. After it: key, the names that
the answer leads to (the chain's first, each with its root), places of TTLs, body."""
EXPIRES_LIMIT = (1 << 32) - 1
