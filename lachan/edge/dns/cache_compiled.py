"""The compiled half of the answer cache: finding, putting, and replying from it."""

from typing import Any

import numpy as np

from lachan.edge.dns.layout import CACHED_HEAD, N_CACHE_K0, N_CACHE_K1, N_NOW
from lachan.edge.dns.wire import append_bytes, read_be16, write_be32, write_head
from lachan.formats.snapshot.compiled import (
    hash_field,
    hash_finish,
    hash_start,
    hash_word,
    read16,
    read32,
)
from lachan.kernel.jit import njit

U = np.uint64


@njit(cache=True)
def cache_find(
    slots: Any, cached: Any, key: Any, start: Any, size: Any, last: Any, hashed: Any
) -> Any:
    """(slot, place) of a cached answer; place -1 where there is none.

    The key's name and type are `size` bytes at `start`, capitals folded in the name; `last` is its last
    byte, the flags.
    """
    count = len(slots)
    slot = np.int64(((hashed >> U(32)) * U(count)) >> U(32))
    for _ in range(count):
        word = slots[slot]
        if word == U(0):
            return slot, np.int64(-1)
        if word >> U(32) == hashed & U(0xFFFFFFFF):
            place = np.int64(word & U(0xFFFFFFFF)) * 4
            if read16(cached, place) == size + 1 and cached[place + CACHED_HEAD + size] == last:
                equal = True
                for i in range(size):
                    byte = key[start + i]
                    if 65 <= byte <= 90 and i < size - 4:
                        byte += 32
                    if cached[place + CACHED_HEAD + i] != byte:
                        equal = False
                        break
                if equal:
                    return slot, place
        slot = slot + 1 if slot + 1 < count else np.int64(0)
    return np.int64(-1), np.int64(-1)


@njit(cache=True)
def cache_hash(k0: Any, k1: Any, key: Any, start: Any, size: Any, last: Any) -> Any:
    """Keyed by the process: who asks chooses the names that land in this table."""
    state = hash_field(hash_start(k0, k1, 2), key, start, size - 4, True)
    state = hash_field(state, key, start + size - 4, 4, False)
    return hash_finish(hash_word(state, U(last)))


@njit(cache=True)
def cache_put(slots: Any, cached: Any, used: Any, entry: Any, k0: Any, k1: Any, now: Any) -> Any:
    """Copy an answer to the end of `cached` and publish it; the new end, or -1 where there is no room.
    The same answer, still alive there, is left as it is.

    Bytes first, the slot's one word last: the packet path may be reading.
    """
    size = read16(entry, 0) - 1
    last = entry[CACHED_HEAD + size]
    hashed = cache_hash(k0, k1, entry, CACHED_HEAD, size, last)
    slot, place = cache_find(slots, cached, entry, CACHED_HEAD, size, last, hashed)
    if place >= 0 and read32(cached, place + 20) > now:
        same = True
        for i in (16, 24):
            same = same and read32(cached, place + i) == read32(entry, i)
        if same:
            return np.int64(used)
    if slot < 0 or used + len(entry) + 4 > len(cached):
        return np.int64(-1)
    cached[used : used + len(entry)] = entry
    slots[slot] = (hashed & U(0xFFFFFFFF)) << U(32) | U(used // 4)
    return np.int64(used + (len(entry) + 3) // 4 * 4)


@njit(cache=True)
def cache_live(
    frames: Any, at: Any, stop: Any, dnssec: Any, slots: Any, cached: Any, numbers: Any
) -> Any:
    """The place of the answer kept for a question, still fresh; -1 where there is none."""
    last = (2 if dnssec else 0) | (1 if frames[at + 3] & 0x10 else 0)
    size = stop - at - 12
    hashed = cache_hash(numbers[N_CACHE_K0], numbers[N_CACHE_K1], frames, at + 12, size, last)
    _, place = cache_find(slots, cached, frames, at + 12, size, last, hashed)
    if place >= 0 and read32(cached, place + 20) <= np.int64(numbers[N_NOW]):
        return np.int64(-1)
    return place


@njit(cache=True)
def cache_reply(
    frames: Any,
    at: Any,
    stop: Any,
    room: Any,
    edns: Any,
    dnssec: Any,
    cached: Any,
    place: Any,
    numbers: Any,
) -> Any:
    """Write the reply that is kept at `place`; its end, or 0 where it does not fit."""
    now = np.int64(numbers[N_NOW])
    ttls, length = read16(cached, place + 2), read16(cached, place + 4)
    offsets = place + CACHED_HEAD + read16(cached, place) + read16(cached, place + 26)
    if stop - at + length + (11 if edns else 0) > room:
        return np.int64(0)
    end = append_bytes(frames, stop, cached, offsets + 2 * ttls, length)
    age = max(np.int64(0), now - read32(cached, place + 16))
    for i in range(ttls):
        spot = stop + read16(cached, offsets + 2 * i)
        ttl = read_be16(frames, spot) << 16 | read_be16(frames, spot + 2)
        write_be32(frames, spot, max(np.int64(0), ttl - age))
    extras = read16(cached, place + 12)
    if edns:
        for i in range(11):
            frames[end + i] = 0
        frames[end + 2], frames[end + 3], frames[end + 4] = 41, 1232 >> 8, 1232 & 255
        frames[end + 7] = 0x80 if dnssec else 0
        end += 11
        extras += 1
    write_head(
        frames,
        at,
        read16(cached, place + 6),
        read16(cached, place + 8),
        read16(cached, place + 10),
        extras,
    )
    return end
