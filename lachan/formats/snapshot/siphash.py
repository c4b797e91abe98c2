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

from lachan.kernel.siphash import State, initial, round_of

CHECK_KIND = 0xFF
"""Kind byte of the check word that closes a delta's entry; no key has it."""


def _absorb(state: State, word: int) -> State:
    v0, v1, v2, v3 = round_of(state[0], state[1], state[2], state[3] ^ word)
    return v0 ^ word, v1, v2, v3


def start(key: tuple[int, int], kind: int) -> State:
    return _absorb(initial(*key), kind)


def field(state: State, data: bytes) -> State:
    message = len(data).to_bytes(2, "little") + data
    for at in range(0, len(message), 8):
        state = _absorb(state, int.from_bytes(message[at : at + 8], "little"))
    return state


def finish(state: State) -> int:
    v0, v1, v2, v3 = state
    v2 ^= 0xFF
    for _ in range(3):
        v0, v1, v2, v3 = round_of(v0, v1, v2, v3)
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
