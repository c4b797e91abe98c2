"""The compiled packet path: a batch of queries in, replies in place, the rest handed back by number.

It answers what is plain, blocked names and cached answers, byte for byte as `responder.py` would (a test
holds the two together), and leaves everything else to it: errors, odd classes, truncation, unknown
profiles, cache misses. Called once a batch: a call from Python costs as much as several packets.
"""

from typing import Any

import numpy as np

from lachan.edge.dns.kept import cache_reply
from lachan.edge.dns.places import (
    C_BLOCKED,
    C_CACHED,
    C_LEFT,
    C_QUERIES,
    N_FRAMES,
    N_K0,
    N_K1,
    N_NOW,
    N_RCODE,
    N_SERIAL,
    STRIDE,
)
from lachan.edge.dns.wire import append_bytes, read_be16, write_be16, write_be32, write_head
from lachan.formats.snapshot.compiled import (
    EXACT,
    TOMBSTONE,
    UNTIL,
    entry_sound,
    hash_field,
    hash_finish,
    hash_start,
    read16,
    read32,
    table_find,
)
from lachan.kernel.jit import njit

U = np.uint64


@njit(cache=True)
def _question(frames: Any, at: Any, end: Any, marks: Any) -> Any:  # noqa: PLR0911  each line is one way of not being plain
    """(labels, end of question, room, EDNS present, DO), or labels 0 for what is not plain.

    Plain: one question of class IN below type 128, recursion desired, at most one OPT of version 0.
    """
    odd = (0, np.int64(0), np.int64(0), False, False)
    if end - at < 17 or frames[at + 2] & 0xF9 != 1:
        return odd
    if read_be16(frames, at + 4) != 1 or read_be16(frames, at + 6) or read_be16(frames, at + 8):
        return odd
    place, labels = at + 12, 0
    while place < end and frames[place] != 0:
        if frames[place] > 63 or labels >= 127:
            return odd
        marks[labels] = place
        labels += 1
        place += np.int64(frames[place]) + 1
    stop = place + 5
    if stop > end or place - at > 12 + 254 or labels == 0:
        return odd
    kind = read_be16(frames, place + 1)
    if read_be16(frames, place + 3) != 1 or kind in (0, 41) or kind > 127:
        return odd
    extras = read_be16(frames, at + 10)
    if extras == 0:
        return (labels, stop, np.int64(512), False, False) if stop == end else odd
    if extras > 1 or stop + 11 > end or frames[stop] or read_be16(frames, stop + 1) != 41:
        return odd
    if frames[stop + 6] or stop + 11 + read_be16(frames, stop + 9) != end:
        return odd
    room = min(np.int64(1232), max(np.int64(512), read_be16(frames, stop + 3)))
    return labels, stop, room, True, frames[stop + 7] & 0x80 != 0


@njit(cache=True)
def _effect(
    data: Any,
    slots: Any,
    effects: Any,
    hashed: Any,
    frames: Any,
    mark: Any,
    stop: Any,
    numbers: Any,
    delta: Any,
) -> Any:
    """(found, effect, place): what one table says of one suffix."""
    _, place = table_find(data, slots, hashed, 1, frames, mark, stop - mark)
    if place == 0:
        return False, 0, place
    if delta and not entry_sound(data, place, numbers[N_K0], numbers[N_K1]):
        return False, 0, place
    flags = data[place + 3]
    if flags & TOMBSTONE:
        return True, 0, place
    if (
        flags & UNTIL
        and U(read32(data, place + 12)) | U(read32(data, place + 16)) << U(32) <= numbers[N_NOW]
    ):
        return True, 0, place
    number = read32(data, place + 4)
    effect = effects[number] if number < len(effects) else 255
    return True, np.int64(effect), place


@njit(cache=True)
def _verdict(
    base: Any,
    base_slots: Any,
    base_effects: Any,
    delta: Any,
    delta_slots: Any,
    delta_effects: Any,
    frames: Any,
    marks: Any,
    labels: Any,
    stop: Any,
    numbers: Any,
) -> Any:
    """(effect, label at which it starts, profile, in delta) of the most specific verdict that counts."""
    state = hash_start(numbers[N_K0], numbers[N_K1], 1)
    blocking, label, profile, in_delta = 0, 0, np.int64(0), False
    for j in range(labels - 1, -1, -1):
        mark = marks[j]
        state = hash_field(state, frames, mark + 1, np.int64(frames[mark]), True)
        hashed = hash_finish(state)
        data, from_delta = delta, True
        found, effect, place = _effect(
            delta, delta_slots, delta_effects, hashed, frames, mark, stop, numbers, True
        )
        if not found:
            data, from_delta = base, False
            found, effect, place = _effect(
                base, base_slots, base_effects, hashed, frames, mark, stop, numbers, False
            )
        if not found or effect == 0 or (j and data[place + 3] & EXACT):
            continue
        if effect == 255:
            return 255, 0, profile, False
        blocking, label, in_delta = effect, j, from_delta
        profile = read32(data, place + 4)
    return blocking, label, profile, in_delta


@njit(cache=True)
def _blocked(
    frames: Any,
    at: Any,
    stop: Any,
    owner: Any,
    edns: Any,
    dnssec: Any,
    kit: Any,
    kit_places: Any,
    text: Any,
    numbers: Any,
) -> Any:
    """Write the reply to a blocked name; its end. `kit` holds the pieces, `kit_places` where they are:
    SOA, A records, AAAA records, as (place, size, count).
    """
    kind = read_be16(frames, stop - 4)
    row = 1 if kind == 1 else (2 if kind == 28 else 0)
    if row and kit_places[row, 2] == 0:
        row = 0
    end = append_bytes(frames, stop, kit, kit_places[row, 0], kit_places[row, 1])
    if row == 0:
        write_be16(frames, stop, 0xC000 | owner)
        write_be32(frames, stop + 14, np.int64(numbers[N_SERIAL] & U(0xFFFFFFFF)))
    if edns:
        start = end
        size = read16(kit, text)
        end = append_bytes(frames, end, kit, text + 2, size)
        if dnssec:
            frames[start + 7] |= 0x80
    answers = kit_places[row, 2] if row else 0
    write_head(frames, at, np.int64(numbers[N_RCODE]), answers, 0 if row else 1, 1 if edns else 0)
    return end


@njit(cache=True, nogil=True)
def answer_batch(
    count: Any,
    frames: Any,
    received: Any,
    sending: Any,
    pieces: Any,
    base: Any,
    base_slots: Any,
    base_effects: Any,
    base_texts: Any,
    delta: Any,
    delta_slots: Any,
    delta_effects: Any,
    delta_texts: Any,
    kit: Any,
    kit_places: Any,
    slots: Any,
    cached: Any,
    numbers: Any,
    left: Any,
    counts: Any,
) -> Any:
    """Answer `count` received frames; (replies ready in `sending`, frames left over in `left`).

    `received` and `sending` are arrays of mmsghdr as 64-bit words (see `mmsg.py`), `pieces` the iovecs
    of `sending`.
    """
    marks = np.empty(128, np.int64)
    replies, rest = 0, 0
    for i in range(count):
        at = i * STRIDE
        length = np.int64(received[i, 7] & U(0xFFFFFFFF))
        labels, stop, room, edns, dnssec = _question(frames, at, at + length, marks)
        end = np.int64(0)
        if labels and np.int64(received[i, 6]) & 0x20 == 0:
            effect, label, profile, in_delta = _verdict(
                base,
                base_slots,
                base_effects,
                delta,
                delta_slots,
                delta_effects,
                frames,
                marks,
                labels,
                stop - 5,
                numbers,
            )
            if effect == 1:
                text = delta_texts[profile] if in_delta else base_texts[profile]
                owner = marks[label] - at
                end = _blocked(
                    frames, at, stop, owner, edns, dnssec, kit, kit_places, text, numbers
                )
                counts[C_BLOCKED] += 1
            elif effect != 255:
                end = cache_reply(frames, at, stop, room, edns, dnssec, slots, cached, numbers)
                counts[C_CACHED] += 1 if end else 0
        if end == 0:
            left[rest] = i
            rest += 1
            continue
        sending[replies, 0], sending[replies, 1] = received[i, 0], received[i, 1] & U(0xFFFFFFFF)
        pieces[replies, 0] = numbers[N_FRAMES] + U(at)
        pieces[replies, 1] = U(end - at)
        replies += 1
    counts[C_QUERIES] += count
    counts[C_LEFT] += rest
    return replies, rest
