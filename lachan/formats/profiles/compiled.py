"""The machine half of the table: which profile, what holds for it now, what its own names say; compiled by numba and
cached on disk.

Everything here works on the mapped bytes as `words` of 64 and `halves` of 32 bits, so that the DNS edge's packet loop
calls the same functions. `lay` holds the numbers of the header that a look-up needs (`numbers`). Unsigned and signed
words must never meet in one expression: numba would make floats of them. Nothing is read that does not lie within the
file, whatever a damaged one says.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from lachan.formats.profiles.compiled_keys import absorb, absorb_label, hash_finish, hash_start
from lachan.formats.profiles.layout import (
    GONE,
    ITEM_WORDS,
    NO_KIND,
    OWN_EPOCH,
    PASS,
    RECORD_WORDS,
    Layout,
)
from lachan.formats.profiles.records import DAY_KINDS
from lachan.kernel.jit import njit

U = np.uint64
_LOW = U(0xFFFFFFFF)
A_DIRECTORY, A_DIRECTORY_SIZE, A_WAYS, A_WAYS_SIZE, A_CLOCKS, A_CLOCKS_SIZE = range(6)
FEW = 32
"""Own names up to which they are looked through one by one: they lie on a few cache lines."""


def numbers(layout: Layout) -> npt.NDArray[np.int64]:
    """`lay` of the functions below."""
    return np.array(
        [
            layout.directory_at,
            layout.directory,
            layout.ways_at,
            layout.ways,
            layout.clocks_at,
            layout.clocks,
        ],
        np.int64,
    )


@njit(cache=True, forceinline=True)
def _record_fits(words: Any, halves: Any, place: Any) -> Any:
    if place <= 0 or place + RECORD_WORDS > len(words):
        return False
    ways, segments = _pair(halves, 2 * place + 4)
    own = np.int64(halves[2 * place + 5])
    return place + RECORD_WORDS + ways + own + (own + 3 * segments + 1) // 2 <= len(words)


@njit(cache=True, forceinline=True)
def _pair(halves: Any, at: Any) -> Any:
    value = np.int64(halves[at])
    return value & 0xFFFF, value >> 16


@njit(cache=True, forceinline=True)
def number_find(words: Any, halves: Any, lay: Any, number: Any) -> Any:
    """The place of the record of a profile by its number; 0 where there is none."""
    size = lay[A_DIRECTORY_SIZE]
    slot = ((number * 0x9E3779B1 & 0xFFFFFFFF) * size) >> 32
    for _ in range(size):
        word = words[lay[A_DIRECTORY] + slot]
        if word == U(0):
            return np.int64(0)
        if np.int64(word >> U(32)) == number:
            place = np.int64(word & _LOW)
            return place if _record_fits(words, halves, place) else np.int64(0)
        slot = slot + 1 if slot + 1 < size else np.int64(0)
    return np.int64(0)


@njit(cache=True, forceinline=True)
def way_find(words: Any, halves: Any, lay: Any, key: Any) -> Any:
    """The place of the record of the profile that is known by a way in; 0 where none is."""
    size, directory = lay[A_WAYS_SIZE], lay[A_DIRECTORY_SIZE]
    tag = key >> U(8) & _LOW
    slot = np.int64(((key >> U(32)) * U(size)) >> U(32))
    for _ in range(size):
        word = words[lay[A_WAYS] + slot]
        if word == U(0):
            return np.int64(0)
        leads = np.int64(word & _LOW) - 1
        if word >> U(32) == tag and leads != GONE - 1 and leads < directory:
            place = np.int64(words[lay[A_DIRECTORY] + leads] & _LOW)
            if _record_fits(words, halves, place):
                ways, _ = _pair(halves, 2 * place + 4)
                for i in range(ways):
                    if words[place + RECORD_WORDS + i] == key:
                        return place
        slot = slot + 1 if slot + 1 < size else np.int64(0)
    return np.int64(0)


@njit(cache=True, forceinline=True)
def _clock(words: Any, lay: Any, number: Any, each: Any) -> Any:
    """(first word of a clock's body, its count), or 0 where there is none; an entry takes `each` bytes."""
    if number == 0 or number >= lay[A_CLOCKS_SIZE]:
        return np.int64(0), np.int64(0)
    body = np.int64(words[lay[A_CLOCKS] + number]) + ITEM_WORDS
    if body == ITEM_WORDS or body + 3 > len(words):
        return np.int64(0), np.int64(0)
    count = np.int64(words[body + 2])
    if count < 0 or body + 4 + count * each // 8 > len(words):
        return np.int64(0), np.int64(0)
    return body, count


@njit(cache=True, forceinline=True)
def _offset(words: Any, lay: Any, zone: Any, now: Any) -> Any:
    body, count = _clock(words, lay, zone, 16)
    if count == 0:
        return np.int64(0)
    at = count - 1
    while at > 0 and np.int64(words[body + 3 + at]) > now:
        at -= 1
    return np.int64(words[body + 3 + count + at])


@njit(cache=True, forceinline=True)
def _kind(words: Any, halves: Any, body: Any, count: Any, day: Any) -> Any:
    if body:
        at = day - np.int64(words[body + 1])
        if 0 <= at < count:
            spot = 2 * (body + 3) + at // 4
            kind = np.int64(halves[spot]) >> (8 * (at % 4)) & 255
            if kind != NO_KIND:
                return kind
    return (day + 3) % 7


@njit(cache=True, forceinline=True)
def week_spot(words: Any, halves: Any, lay: Any, place: Any, now: Any) -> Any:
    """(half where the week of the profile at `place` names its day, quarter of an hour) at Unix second `now`."""
    zone, calendar = _pair(halves, 2 * place + 3)
    local = now + _offset(words, lay, zone, now)
    day = local // 86_400
    quarter = (local - day * 86_400) // 900
    body, count = _clock(words, lay, calendar, 1)
    before = _kind(words, halves, body, count, day - 1)
    pair = before * DAY_KINDS + _kind(words, halves, body, count, day)
    return 2 * (np.int64(halves[2 * place + 2]) + ITEM_WORDS) + pair, quarter


@njit(cache=True, forceinline=True)
def week_rule_set(halves: Any, spot: Any, quarter: Any) -> Any:
    if spot >= len(halves):
        return np.int64(-1)
    day = 2 * (np.int64(halves[spot]) + ITEM_WORDS)
    if day + 97 > len(halves):
        return np.int64(-1)
    runs, found = np.int64(halves[day]), np.int64(-1)
    for i in range(min(runs, np.int64(96))):
        run = np.int64(halves[day + 1 + i])
        if run & 255 > quarter:
            break
        found = run >> 8
    return found


@njit(cache=True, forceinline=True)
def segment_rule_set(halves: Any, place: Any, now: Any) -> Any:
    """The rule set of what departs from the week now; -1 where nothing does."""
    ways, segments = _pair(halves, 2 * place + 4)
    if segments:
        own = np.int64(halves[2 * place + 5])
        at = 2 * (place + RECORD_WORDS + ways + own) + own
        for _ in range(segments):
            if np.int64(halves[at]) <= now < np.int64(halves[at + 1]):
                return np.int64(halves[at + 2])
            at += 3
    return np.int64(-1)


@njit(cache=True, forceinline=True)
def rule_set_at(words: Any, halves: Any, lay: Any, place: Any, now: Any) -> Any:
    """The number of the rule set that holds for the profile at `place` at Unix second `now`; -1 where the table does
    not say.
    """
    found = segment_rule_set(halves, place, now)
    if found < 0:
        spot, quarter = week_spot(words, halves, lay, place, now)
        found = week_rule_set(halves, spot, quarter)
    return found


@njit(cache=True, forceinline=True)
def _own_word(words: Any, halves: Any, first: Any, count: Any, key: Any) -> Any:
    """What the own names whose keys begin at word `first` say under `key`; 0 for nothing."""
    low = np.int64(0)
    if count <= FEW:
        while low < count and words[first + low] != key:
            low += 1
    else:
        high = count
        while low < high:
            middle = (low + high) // 2
            if words[first + middle] < key:
                low = middle + 1
            else:
                high = middle
    if low >= count or words[first + low] != key:
        return np.int64(0)
    return np.int64(halves[2 * (first + count) + low])


@njit(cache=True, forceinline=True)
def own_at(
    words: Any,
    halves: Any,
    place: Any,
    k0: Any,
    k1: Any,
    name: Any,
    marks: Any,
    labels: Any,
    now: Any,
) -> Any:
    """(effect, label at which the name that decides starts, its end or 0): what the profile's own names say of a name
    whose labels begin at `marks` of `name`, or of the nearest parent of which they say something.
    """
    effect, label, until = np.int64(PASS), np.int64(0), np.int64(0)
    count = np.int64(halves[2 * place + 5])
    if count == 0:
        return effect, label, until
    ways, _ = _pair(halves, 2 * place + 4)
    first = place + RECORD_WORDS + ways
    state, size = absorb(hash_start(k0, k1), U(halves[2 * place])), np.int64(8)
    for j in range(labels - 1, -1, -1):
        state, more = absorb_label(state, name, marks[j])
        size += more
        key = hash_finish(absorb(state, U(size & 255) << U(56)))
        word = _own_word(words, halves, first, count, key)
        if word:
            end = word & 0x3FFFFFFF
            if end == 0 or now < end + OWN_EPOCH:
                effect, label = word >> 30, np.int64(j)
                until = end + OWN_EPOCH if end else np.int64(0)
    return effect, label, until
