"""The state and round of SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, section 2.1), in plain
Python; how many rounds a word and an end take is said by whoever hashes.
"""

M = (1 << 64) - 1
State = tuple[int, int, int, int]


def initial(k0: int, k1: int) -> State:
    """The state of a key's two halves."""
    return (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )


def round_of(v0: int, v1: int, v2: int, v3: int) -> State:
    """One SipRound."""
    v0 = (v0 + v1) & M
    v1 = ((v1 << 13 | v1 >> 51) & M) ^ v0
    v0 = (v0 << 32 | v0 >> 32) & M
    v2 = (v2 + v3) & M
    v3 = ((v3 << 16 | v3 >> 48) & M) ^ v2
    v0 = (v0 + v3) & M
    v3 = ((v3 << 21 | v3 >> 43) & M) ^ v0
    v2 = (v2 + v1) & M
    v1 = ((v1 << 17 | v1 >> 47) & M) ^ v2
    v2 = (v2 << 32 | v2 >> 32) & M
    return v0, v1, v2, v3
