"""SipHash-1-3 over length-prefixed fields: the keyed hash of every table.

Threat: whoever may have names published or asked can choose them so that they fall on one slot, and
turn each look-up into a walk over the table. Every generation therefore hashes under its own random
128-bit key with the short SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012;
1-3 is what language runtimes use for hash tables). `compiled.py` holds the same function for machines;
a test keeps the two equal.

A message is a kind byte and one field (for domains: one field a label, from the right, so that one pass
over a name yields the hash of every parent on its way). A field is absorbed as 8-byte little-endian
words, its 16-bit length first, zero-padded at its end.
"""

M = (1 << 64) - 1
State = tuple[int, int, int, int]
CHECK_KIND = 0xFF
"""Kind byte of the check word that closes a delta's entry; no key has it."""


def _round(v0: int, v1: int, v2: int, v3: int) -> State:
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


def _absorb(state: State, word: int) -> State:
    v0, v1, v2, v3 = _round(state[0], state[1], state[2], state[3] ^ word)
    return v0 ^ word, v1, v2, v3


def start(key: tuple[int, int], kind: int) -> State:
    k0, k1 = key
    return _absorb(
        (
            k0 ^ 0x736F6D6570736575,
            k1 ^ 0x646F72616E646F6D,
            k0 ^ 0x6C7967656E657261,
            k1 ^ 0x7465646279746573,
        ),
        kind,
    )


def field(state: State, data: bytes) -> State:
    message = len(data).to_bytes(2, "little") + data
    for at in range(0, len(message), 8):
        state = _absorb(state, int.from_bytes(message[at : at + 8], "little"))
    return state


def finish(state: State) -> int:
    v0, v1, v2, v3 = state
    v2 ^= 0xFF
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def hash_value(key: tuple[int, int], kind: int, data: bytes) -> int:
    """64-bit hash of any value but a domain."""
    return finish(field(start(key, kind), data))


def hash_suffixes(key: tuple[int, int], kind: int, wire: bytes) -> list[tuple[int, int]]:
    """(offset, hash) of every suffix of a wire name without root, the shortest first."""
    offsets = []
    at = 0
    while at < len(wire):
        offsets.append(at)
        at += 1 + wire[at]
    state = start(key, kind)
    found = []
    for offset in reversed(offsets):
        state = field(state, wire[offset + 1 : offset + 1 + wire[offset]])
        found.append((offset, finish(state)))
    return found
