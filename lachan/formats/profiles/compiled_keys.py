"""The machine half of `keys`, compiled by numba and cached on disk.

Unsigned and signed words must never meet in one expression: numba would make floats of them.
"""

from typing import Any

import numpy as np

from lachan.formats.profiles.keys import DEVICE, IPV4, IPV6
from lachan.formats.profiles.memory import load64
from lachan.kernel.jit import njit

U = np.uint64


@njit(cache=True, forceinline=True)
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    v0 += v1
    v1 = ((v1 << U(13)) | (v1 >> U(51))) ^ v0
    v0 = (v0 << U(32)) | (v0 >> U(32))
    v2 += v3
    v3 = ((v3 << U(16)) | (v3 >> U(48))) ^ v2
    v0 += v3
    v3 = ((v3 << U(21)) | (v3 >> U(43))) ^ v0
    v2 += v1
    v1 = ((v1 << U(17)) | (v1 >> U(47))) ^ v2
    v2 = (v2 << U(32)) | (v2 >> U(32))
    return v0, v1, v2, v3


@njit(cache=True, forceinline=True)
def hash_start(k0: Any, k1: Any) -> Any:
    return (
        U(k0) ^ U(0x736F6D6570736575),
        U(k1) ^ U(0x646F72616E646F6D),
        U(k0) ^ U(0x6C7967656E657261),
        U(k1) ^ U(0x7465646279746573),
    )


@njit(cache=True, forceinline=True)
def absorb(state: Any, word: Any) -> Any:
    v0, v1, v2, v3 = _round(state[0], state[1], state[2], state[3] ^ word)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ word, v1, v2, v3


@njit(cache=True, forceinline=True)
def hash_finish(state: Any) -> Any:
    v0, v1, v2, v3 = state[0], state[1], state[2] ^ U(0xFF), state[3]
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@njit(cache=True, forceinline=True)
def _folded(word: Any) -> Any:
    """Eight bytes with their capitals folded: the bit of 32 is set where a byte is from 65 to 90, and below 128."""
    low = word & U(0x7F7F7F7F7F7F7F7F)
    capitals = (low + U(0x3F3F3F3F3F3F3F3F)) & ~(low + U(0x2525252525252525)) & ~word
    return word | (capitals & U(0x8080808080808080)) >> U(2)


@njit(cache=True, forceinline=True)
def absorb_label(state: Any, name: Any, mark: Any) -> Any:
    """(state, bytes absorbed) after a label with its length, capitals folded."""
    size = np.int64(name[mark]) + 1
    padded = (size + 7) // 8 * 8
    if mark + padded <= len(name):
        base, left = U(name.ctypes.data) + U(mark), size
        while left >= 8:
            state = absorb(state, _folded(load64(base)))
            base += U(8)
            left -= 8
        if left:
            rest = load64(base) & ((U(1) << U(8 * left)) - U(1))
            state = absorb(state, _folded(rest))
        return state, padded
    word, shift = U(0), U(0)
    for at in range(mark, mark + size):
        word |= U(name[at]) << shift
        shift += U(8)
        if shift == U(64):
            state = absorb(state, _folded(word))
            word, shift = U(0), U(0)
    if shift > U(0):
        state = absorb(state, _folded(word))
    return state, padded


@njit(cache=True, forceinline=True)
def device_key(k0: Any, k1: Any, label: Any) -> Any:
    """`keys.way_key` of a device's address, capitals folded."""
    state, word, shift = hash_start(k0, k1), U(1), U(8)
    for i in range(len(label)):
        byte = U(label[i])
        if byte - U(65) < U(26):
            byte += U(32)
        word |= byte << shift
        shift += U(8)
        if shift == U(64):
            state = absorb(state, word)
            word, shift = U(0), U(0)
    word |= U((len(label) + 1) & 255) << U(56)
    return hash_finish(absorb(state, word)) >> U(8) << U(8) | U(DEVICE)


@njit(cache=True, forceinline=True)
def network_key(k0: Any, k1: Any, data: Any, at: Any, size: Any, length: Any) -> Any:
    """`keys.network_key` of the address of `size` bytes at `at`."""
    state, word, shift = hash_start(k0, k1), U(2) | U(length) << U(8), U(16)
    for i in range(size):
        bits = min(np.int64(8), max(np.int64(0), length - 8 * i))
        word |= (U(data[at + i]) & U((0xFF00 >> bits) & 0xFF)) << shift
        shift += U(8)
        if shift == U(64):
            state = absorb(state, word)
            word, shift = U(0), U(0)
    word |= U(size + 2) << U(56)
    code = (IPV4 if size == 4 else IPV6) + length
    return hash_finish(absorb(state, word)) >> U(8) << U(8) | U(code)


@njit(cache=True, forceinline=True)
def own_key(k0: Any, k1: Any, number: Any, name: Any, marks: Any, labels: Any) -> Any:
    """`keys.own_key` of a name whose labels begin at `marks` of `name`."""
    state, size = absorb(hash_start(k0, k1), U(number)), np.int64(8)
    for j in range(labels - 1, -1, -1):
        state, more = absorb_label(state, name, marks[j])
        size += more
    return hash_finish(absorb(state, U(size & 255) << U(56)))
