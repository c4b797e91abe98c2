"""Keyed hashes in the place of addresses and names: what the table knows of a family is told by none of its bytes.

SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) under the table's own key of 128 bits, made
of the instance's secret: the same hash stands in the database and in each table that is made of it. `compiled.py` holds
the functions for machines; a test keeps them equal.

Threat: whoever has the files alone, or writes names for others to be asked, must neither read them off nor choose them
to fall on one slot.
"""

import ipaddress
from typing import Literal

from lachan.kernel.siphash import State, initial, round_of

WayKind = Literal["device", "network"]

DEVICE, IPV4, IPV6 = 0, 1, 64
"""The last byte of a way's key: a device's address; a network of IPv4, IPv6 with its prefix's length added. So a table
knows which lengths are in use, without knowing a network."""
_KINDS = {"device": b"\1", "network": b"\2"}


def table_key(secret: str) -> bytes:
    """The key of an instance's table: HKDF-SHA256 (RFC 5869) of its secret, 16 bytes."""
    from cryptography.hazmat.primitives.hashes import SHA256  # the edge starts without it
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 16, None, b"lachan profiles").derive(secret.encode())


def way_key(key: bytes, kind: WayKind, data: str | bytes) -> int:
    """The hash by which a way in is known.

    Args:
        key: the table's.
        kind: what `data` is: a device's address label, or a network.
        data: the label, in any case; the network in CIDR notation, host bits disregarded.

    Raises:
        ValueError: it is no network.
    """
    text = data if isinstance(data, str) else data.decode("ascii")
    if kind == "device":
        return _way(key, _KINDS[kind] + text.lower().encode(), DEVICE)
    network = ipaddress.ip_network(text.strip(), strict=False)
    return network_key(key, network.network_address.packed, network.prefixlen)


def network_key(key: bytes, packed: bytes, length: int) -> int:
    """`way_key` of the network with the first `length` bits of an address (4 or 16 bytes)."""
    bits = 8 * len(packed)
    masked = int.from_bytes(packed) >> (bits - length) << (bits - length)
    message = _KINDS["network"] + bytes((length,)) + masked.to_bytes(len(packed))
    return _way(key, message, (IPV4 if bits == 32 else IPV6) + length)


def _way(key: bytes, message: bytes, code: int) -> int:
    return siphash(key, message) >> 8 << 8 | code


def own_key(key: bytes, number: int, wire: bytes) -> int:
    """The hash by which profile `number` knows a name of its own (lower-case wire form without root)."""
    return own_keys(key, number, wire)[-1][1]


def own_keys(key: bytes, number: int, wire: bytes) -> list[tuple[int, int]]:
    """(offset, `own_key`) of a name's suffixes, the shortest first.

    The message is the number in 8 bytes, then each label from the right with its length before it, filled up to 8
    bytes: one pass gives the hash of every parent on its way.
    """
    offsets, at = [], 0
    while at < len(wire):
        offsets.append(at)
        at += 1 + wire[at]
    state, size, found = _absorb(_start(key), number), 8, []
    for offset in reversed(offsets):
        label = wire[offset : offset + 1 + wire[offset]]
        label += b"\0" * (-len(label) % 8)
        for word in range(0, len(label), 8):
            state = _absorb(state, int.from_bytes(label[word : word + 8], "little"))
        size += len(label)
        found.append((offset, _finish(_absorb(state, (size & 0xFF) << 56))))
    return found


def siphash(key: bytes, message: bytes) -> int:
    """SipHash-2-4 of any message."""
    state, whole = _start(key), len(message) // 8 * 8
    for at in range(0, whole, 8):
        state = _absorb(state, int.from_bytes(message[at : at + 8], "little"))
    last = int.from_bytes(message[whole:], "little") | (len(message) & 0xFF) << 56
    return _finish(_absorb(state, last))


def _start(key: bytes) -> State:
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    return initial(k0, k1)


def _absorb(state: State, word: int) -> State:
    v0, v1, v2, v3 = round_of(*round_of(state[0], state[1], state[2], state[3] ^ word))
    return v0 ^ word, v1, v2, v3


def _finish(state: State) -> int:
    v0, v1, v2, v3 = state[0], state[1], state[2] ^ 0xFF, state[3]
    for _ in range(4):
        v0, v1, v2, v3 = round_of(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3
