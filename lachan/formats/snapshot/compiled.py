"""The machine half of the tables: hashing, finding and filling, compiled by numba and cached on disk.

Everything here works on plain arrays, so that the DNS edge's packet loop calls the same functions on the
same mapped bytes. Unsigned and signed words must never meet in one expression: numba would make floats
of them. Hence the explicit np.uint64 and np.int64.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from lachan.formats.snapshot.siphash import CHECK_KIND
from lachan.kernel.jit import njit

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
U = np.uint64
_LOW = U(0xFFFFFFFF)
TOMBSTONE, EXACT, UNTIL, UUID, TEXT = 1, 2, 4, 8, 16


@njit(cache=True)
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


@njit(cache=True)
def hash_word(state: Any, word: Any) -> Any:
    v0, v1, v2, v3 = _round(state[0], state[1], state[2], state[3] ^ word)
    return v0 ^ word, v1, v2, v3


@njit(cache=True)
def hash_start(k0: Any, k1: Any, kind: Any) -> Any:
    state = (
        U(k0) ^ U(0x736F6D6570736575),
        U(k1) ^ U(0x646F72616E646F6D),
        U(k0) ^ U(0x6C7967656E657261),
        U(k1) ^ U(0x7465646279746573),
    )
    return hash_word(state, U(kind))


@njit(cache=True)
def hash_field(state: Any, data: Any, at: Any, length: Any, lower: Any) -> Any:
    """Absorb `length` bytes at `at`, capitals folded where `lower`."""
    word, shift = U(length), U(16)
    for i in range(at, at + length):
        byte = U(data[i])
        if lower and byte - U(65) < U(26):
            byte += U(32)
        word |= byte << shift
        shift += U(8)
        if shift == U(64):
            state = hash_word(state, word)
            word, shift = U(0), U(0)
    if shift > U(0):
        state = hash_word(state, word)
    return state


@njit(cache=True)
def hash_finish(state: Any) -> Any:
    v0, v1, v2, v3 = state[0], state[1], state[2] ^ U(0xFF), state[3]
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@njit(cache=True)
def read16(data: Any, at: Any) -> Any:
    return np.int64(data[at]) | np.int64(data[at + 1]) << 8


@njit(cache=True)
def read32(data: Any, at: Any) -> Any:
    return read16(data, at) | read16(data, at + 2) << 16


@njit(cache=True)
def entry_key_at(data: Any, place: Any) -> Any:
    """Where an entry's key begins."""
    flags = data[place + 3]
    at = place + 12
    if flags & UNTIL:
        at += 8
    if flags & UUID:
        at += 16
    return at


@njit(cache=True)
def entry_size(data: Any, place: Any) -> Any:
    """An entry's bytes, padded, without check word; -1 where it reaches past the end."""
    if place < 0 or place + 12 > len(data):
        return -1
    end = entry_key_at(data, place) + read16(data, place)
    if end + 2 > len(data):
        return -1 if end > len(data) or data[place + 3] & TEXT else end - place + (place - end) % 4
    if data[place + 3] & TEXT:
        end += 2 + read16(data, end)
    end += (place - end) % 4
    return end - place if end <= len(data) else -1


@njit(cache=True)
def entry_sound(data: Any, place: Any, k0: Any, k1: Any) -> Any:
    """Whether a delta's entry is whole, by its check word."""
    size = entry_size(data, place)
    if size < 0 or size > 0xFFFF or place + size + 4 > len(data):
        return False
    state = hash_field(hash_start(k0, k1, CHECK_KIND), data, place, size, False)
    return np.int64(hash_finish(state) & _LOW) == read32(data, place + size)


@njit(cache=True)
def key_equal(data: Any, place: Any, code: Any, probe: Any, at: Any, length: Any) -> Any:
    """Whether an entry's key is the probe's bytes; a domain's capitals are folded in the probe."""
    if place + 12 > len(data) or read16(data, place) != length or data[place + 2] != code:
        return False
    key = entry_key_at(data, place)
    if key + length > len(data):
        return False
    for i in range(length):
        byte = probe[at + i]
        if code == 1 and 65 <= byte <= 90:
            byte += 32
        if data[key + i] != byte:
            return False
    return True


@njit(cache=True)
def table_find(
    data: Any, slots: Any, hashed: Any, code: Any, probe: Any, at: Any, length: Any
) -> Any:
    """(slot, place) of a key; place is 0 where it is not there, and slot then the free one."""
    count = len(slots)
    tag = hashed & _LOW
    slot = np.int64(((hashed >> U(32)) * U(count)) >> U(32))
    for _ in range(count):
        word = slots[slot]
        if word == U(0):
            return slot, np.int64(0)
        if word >> U(32) == tag:
            place = np.int64(word & _LOW) * 4
            if key_equal(data, place, code, probe, at, length):
                return slot, place
        slot = slot + 1 if slot + 1 < count else np.int64(0)
    return np.int64(-1), np.int64(0)


@njit(cache=True)
def hash_key(k0: Any, k1: Any, code: Any, data: Any, at: Any, length: Any, marks: Any) -> Any:
    """The hash of a key of any kind; `marks` is room for 128 label starts."""
    state = hash_start(k0, k1, code)
    if code != 1:
        return hash_finish(hash_field(state, data, at, length, False))
    count = 0
    place = at
    while place < at + length and count < 128:
        marks[count] = place
        count += 1
        place += np.int64(data[place]) + 1
    for i in range(count - 1, -1, -1):
        state = hash_field(state, data, marks[i] + 1, np.int64(data[marks[i]]), True)
    return hash_finish(state)


@njit(cache=True, nogil=True)
def table_fill(
    out: Any,
    slots: Any,
    used: Any,
    source: Any,
    places: Any,
    remap: Any,
    k0: Any,
    k1: Any,
    last: Any,
) -> Any:
    """Copy entries at `places` of `source`, the last first, into `out` where their key is not yet there.

    `remap` turns the source's profile numbers into the new file's. Tombstones of the `last` source have
    nothing left to hide and are dropped. Returns (bytes used, entries added
    that are no tombstones).
    """
    marks = np.empty(128, np.int64)
    added = 0
    for i in range(len(places) - 1, -1, -1):
        place = places[i]
        code, length = source[place + 2], read16(source, place)
        if last and source[place + 3] & TOMBSTONE:
            continue
        key = entry_key_at(source, place)
        hashed = hash_key(k0, k1, code, source, key, length, marks)
        slot, found = table_find(out, slots, hashed, code, source, key, length)
        if found != 0:
            continue
        size = entry_size(source, place)
        out[used : used + size] = source[place : place + size]
        if not source[place + 3] & TOMBSTONE:
            number = remap[read32(source, place + 4)]
            for byte in range(4):
                out[used + 4 + byte] = (number >> (8 * byte)) & 255
            added += 1
        slots[slot] = (hashed & _LOW) << U(32) | U(used // 4)
        used += size
    return used, added


@njit(cache=True)
def _name_check(text: Any, start: Any, end: Any) -> Any:
    if end - start < 1 or end - start > 253:
        return False
    label = 0
    for i in range(start, end):
        if text[i] == 46:
            if label == 0:
                return False
            label = 0
        else:
            label += 1
            if label > 63 or text[i] <= 32 or text[i] >= 127:
                return False
    return label > 0


@njit(cache=True, nogil=True)
def domains_encode(text: Any, head: Any, out: Any, places: Any) -> Any:
    """Entries of a text of names, one a line: `head` is an entry's bytes up to its key.

    Returns (entries, lines refused). `out` needs len(text) + lines * (len(head) + 4) bytes.
    """
    used, count, refused, start = 0, 0, 0, 0
    for end in range(len(text)):
        if text[end] != 10:
            continue
        stop = end
        while stop > start and (text[stop - 1] == 13 or text[stop - 1] == 46):
            stop -= 1
        if not _name_check(text, start, stop):
            refused += 1 if stop > start else 0
            start = end + 1
            continue
        place, at = used, used + len(head)
        out[place:at] = head
        mark, label = at, 0
        at += 1
        for i in range(start, stop):
            byte = text[i]
            if byte == 46:
                out[mark] = label
                mark, label = at, 0
            else:
                out[at] = byte + 32 if 65 <= byte <= 90 else byte
                label += 1
            at += 1
        out[mark] = label
        length = stop - start + 1
        out[place], out[place + 1] = length & 255, length >> 8
        while (at - place) % 4:
            out[at] = 0
            at += 1
        places[count] = place
        count, used, start = count + 1, at, end + 1
    return count, refused
