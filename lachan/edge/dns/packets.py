"""The compiled packet path: a batch of queries in, replies in place, the rest handed back by number.

It answers what is plain, blocked names and cached answers, byte for byte as `responder.py` would (a test
holds the two together), and leaves everything else to it: errors, odd classes, truncation, unknown
profiles, cache misses. Called once a batch: a call from Python costs as much as several packets.
"""

from typing import Any

import numpy as np

from lachan.edge.dns.asker import PROFILE_SHIFT, TELLS
from lachan.edge.dns.cache_compiled import cache_live, cache_reply
from lachan.edge.dns.layout import (
    C_BLOCKED,
    C_CACHED,
    C_LEFT,
    C_QUERIES,
    CACHED_HEAD,
    N_FRAMES,
    N_NOW,
    N_SERIAL,
    P_IPV4,
    P_IPV6,
    P_WORDS,
    STREAM_QUERY,
    STREAM_ROOM,
    STRIDE,
)
from lachan.edge.dns.policy import ALLOW, BLOCK, PASS
from lachan.edge.dns.question import ERROR, PADDING
from lachan.edge.dns.verdicts import decide, leads_free
from lachan.edge.dns.whose import TO_PLAIN, whose_batch, whose_number
from lachan.edge.dns.wire import append_bytes, read_be16, write_be16, write_be32, write_head
from lachan.formats.snapshot.compiled import read16
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
def _blocked(
    frames: Any,
    at: Any,
    stop: Any,
    owner: Any,
    edns: Any,
    dnssec: Any,
    kit: Any,
    kit_places: Any,
    rcode: Any,
    text: Any,
    numbers: Any,
) -> Any:
    """Write the reply to a blocked name; its end. `kit` holds the pieces, `kit_places` where those of the asker's
    policy are: SOA, A records, AAAA records, as (place, size, count).
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
    write_head(frames, at, rcode, answers, 0 if row else 1, 1 if edns else 0)
    return end


@njit(cache=True)
def _cached(
    frames: Any,
    at: Any,
    stop: Any,
    room: Any,
    edns: Any,
    dnssec: Any,
    slots: Any,
    cached: Any,
    layers: Any,
    effect: Any,
    row: Any,
    rules: Any,
    who: Any,
    profiles: Any,
    numbers: Any,
    marks: Any,
) -> Any:
    """Write the reply that is kept, where it leads to nothing blocked; its end, or 0 where none will do."""
    place = cache_live(frames, at, stop, dnssec, slots, cached, numbers)
    if place < 0:
        return np.int64(0)
    leads = read16(cached, place + 26)
    if leads:
        names, chain = place + CACHED_HEAD + read16(cached, place), read16(cached, place + 24)
        if not leads_free(
            layers, cached, names, chain, leads, effect, row, rules, who, profiles,
            numbers[N_NOW], marks,
        ):  # fmt: skip
            return np.int64(0)
    return cache_reply(frames, at, stop, room, edns, dnssec, cached, place, numbers)


@njit(cache=True)
def _answer(
    frames: Any,
    at: Any,
    length: Any,
    most: Any,
    block: Any,
    row: Any,
    who: Any,
    rules: Any,
    tells: Any,
    layers: Any,
    profiles: Any,
    kit: Any,
    kit_places: Any,
    rcodes: Any,
    slots: Any,
    cached: Any,
    numbers: Any,
    marks: Any,
    counts: Any,
) -> Any:
    """Answer the query at `at` in its place; the reply's end, or 0 where it is left over.

    `most`: bytes that the reply may have, 0 for what the asker's UDP buffer takes. `block`: of what length's multiples a
    reply is made, for who asks for padding; 0 for none. `tells`: what is blocked is left over (`asker.TELLS`). `row`,
    `who`, `rules`: the asker's policy, profile and rule set (`whose`).
    """
    labels, stop, room, edns, dnssec = _question(frames, at, at + length, marks)
    if labels == 0 or not 0 <= row < len(rcodes) or rules == TO_PLAIN:
        return np.int64(0)
    pads = block and edns and _asks_for_padding(frames, stop)
    effect, label, text = decide(
        layers, frames, marks, labels, stop - 5, row, rules, who, profiles, numbers[N_NOW]
    )
    end = np.int64(0)
    opt = np.int64(11)
    if effect == BLOCK:
        if tells or (edns and _asks_for_structure(frames, stop)):
            return np.int64(0)
        end = _blocked(
            frames, at, stop, marks[label] - at, edns, dnssec,
            kit, kit_places[row], rcodes[row], text, numbers,
        )  # fmt: skip
        opt = read16(kit, text)
        counts[C_BLOCKED] += 1
    elif effect in (PASS, ALLOW):
        end = _cached(
            frames, at, stop, most or room, edns, dnssec,
            slots, cached, layers, effect, row, rules, who, profiles, numbers, marks,
        )  # fmt: skip
        counts[C_CACHED] += 1 if end else 0
    if end and pads:
        end = _padded(frames, at, end - opt, end, block)
    return end


@njit(cache=True)
def _asks_for_padding(frames: Any, opt: Any) -> Any:
    """Whether the OPT at `opt` has the option of RFC 7830."""
    place, end = opt + 11, opt + 11 + read_be16(frames, opt + 9)
    while place + 4 <= end:
        if read_be16(frames, place) == PADDING:
            return True
        place += 4 + read_be16(frames, place + 2)
    return False


@njit(cache=True)
def _asks_for_structure(frames: Any, opt: Any) -> Any:
    """Whether the OPT at `opt` has an error without text (`structured`)."""
    place, end = opt + 11, opt + 11 + read_be16(frames, opt + 9)
    while place + 6 <= end:
        size = read_be16(frames, place + 2)
        if read_be16(frames, place) == ERROR and size == 2 and read_be16(frames, place + 4) == 0:
            return True
        place += 4 + size
    return False


@njit(cache=True)
def _padded(frames: Any, at: Any, opt: Any, end: Any, block: Any) -> Any:
    """Lengthen the OPT at `opt`, the last record of a reply, until that is as long as some blocks; its end."""
    size = (block - (end - at + 4) % block) % block
    write_be16(frames, opt + 9, read_be16(frames, opt + 9) + 4 + size)
    write_be16(frames, end, PADDING)
    write_be16(frames, end + 2, size)
    for place in range(end + 4, end + 4 + size):
        frames[place] = 0
    return end + 4 + size


@njit(cache=True, nogil=True)
def answer_batch(
    count: Any,
    frames: Any,
    received: Any,
    sending: Any,
    pieces: Any,
    rows: Any,
    layers: Any,
    profiles: Any,
    kit: Any,
    kit_places: Any,
    rcodes: Any,
    slots: Any,
    cached: Any,
    numbers: Any,
    left: Any,
    counts: Any,
) -> Any:
    """Answer `count` received frames; (replies ready in `sending`, frames left over in `left`).

    `received` and `sending` are arrays of mmsghdr as 64-bit words (see `mmsg.py`), `pieces` the iovecs of `sending`,
    `rows` the policy row of each frame's asker; `kit_places` and `rcodes` have a row a policy.
    """
    marks = np.empty(128, np.int64)
    who, rules = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    if profiles[P_WORDS] and profiles[P_IPV4 + 1] + profiles[P_IPV6 + 1]:
        whose_batch(received, count, profiles, numbers[N_NOW], who, rules)
    replies, rest = 0, 0
    for i in range(count):
        at, end = i * STRIDE, np.int64(0)
        length = np.int64(received[i, 7] & U(0xFFFFFFFF))
        if np.int64(received[i, 6]) & 0x20 == 0:
            end = _answer(
                frames, at, length, 0, 0, rows[i], who[i], rules[i], False, layers, profiles, kit, kit_places, rcodes,
                slots, cached, numbers, marks, counts,
            )  # fmt: skip
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


@njit(cache=True, nogil=True)
def answer_stream(
    data: Any,
    size: Any,
    out: Any,
    block: Any,
    row: Any,
    layers: Any,
    profiles: Any,
    kit: Any,
    kit_places: Any,
    rcodes: Any,
    slots: Any,
    cached: Any,
    numbers: Any,
    left: Any,
    counts: Any,
) -> Any:
    """Answer the whole queries in the first `size` bytes of a stream (RFC 1035, section 4.2.2), all of one asker:
    (bytes used up, questions, bytes of replies in `out`, questions left over as (place, length) in `left`).

    It ends early where `out` or `left` has no room for one more.
    """
    marks = np.empty(128, np.int64)
    at, filled, rest, asked = np.int64(0), np.int64(0), 0, 0
    tells = row & TELLS != 0
    who, rules = whose_number(row & ~TELLS, profiles, numbers[N_NOW])
    row &= (1 << PROFILE_SHIFT) - 1
    while at + 2 <= size and rest < len(left) and filled + STREAM_ROOM <= len(out):
        length = read_be16(data, at)
        if at + 2 + length > size:
            break
        start, end = filled + 2, np.int64(0)
        if length <= STREAM_QUERY:
            append_bytes(out, start, data, at + 2, length)
            end = _answer(
                out, start, length, 65_535, block, row, who, rules, tells, layers, profiles, kit, kit_places, rcodes,
                slots, cached, numbers, marks, counts,
            )  # fmt: skip
        if end:
            write_be16(out, filled, end - start)
            filled = end
        else:
            left[rest, 0], left[rest, 1] = at + 2, length
            rest += 1
        at += 2 + length
        asked += 1
    counts[C_QUERIES] += asked
    counts[C_LEFT] += rest
    return at, asked, filled, rest
