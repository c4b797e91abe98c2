"""Many look-ups at a time, as the DNS edge takes packets in: step by step together.

Each step of a look-up waits a fifth of a microsecond for memory, and leads to the next. So all take the same step, one
after the other, and ask ahead for the lines of their next one. What is decided is what `compiled` decides.
"""

from typing import Any

import numpy as np

from lachan.formats.profiles.compiled import (
    A_DIRECTORY,
    A_DIRECTORY_SIZE,
    A_WAYS,
    A_WAYS_SIZE,
    own_at,
    segment_rule_set,
    way_find,
    week_rule_set,
    week_spot,
)
from lachan.formats.profiles.layout import ITEM_WORDS, PASS
from lachan.formats.profiles.memory import prefetch
from lachan.kernel.jit import njit

U = np.uint64
_LOW = U(0xFFFFFFFF)


@njit(cache=True)
def places_find(words: Any, halves: Any, lay: Any, keys: Any, count: Any, places: Any) -> None:
    """`way_find` for many: where `keys[i]` has several, those of the smallest network first, the first that is known."""
    base, several = U(words.ctypes.data), keys.shape[1]
    size, directory = lay[A_WAYS_SIZE], lay[A_DIRECTORY_SIZE]
    for i in range(count):
        for n in range(several):
            slot = np.int64(((keys[i, n] >> U(32)) * U(size)) >> U(32))
            prefetch(base + U(8 * (lay[A_WAYS] + slot)))
    for step in range(2):
        for i in range(count):
            for n in range(several):
                leads = _way_leads(words, lay, keys[i, n])
                if not 0 <= leads < directory:
                    continue
                spot = lay[A_DIRECTORY] + leads
                if step == 0:
                    prefetch(base + U(8 * spot))
                else:
                    record = base + (words[spot] & _LOW) * U(8)
                    for line in range(3):
                        prefetch(record + U(64 * line))
    for i in range(count):
        places[i] = 0
        for n in range(several):
            if places[i] == 0:
                places[i] = way_find(words, halves, lay, keys[i, n])


@njit(cache=True, forceinline=True)
def _way_leads(words: Any, lay: Any, key: Any) -> Any:
    """The directory's slot to which the first word with a way's tag leads; -1 for none."""
    size, tag = lay[A_WAYS_SIZE], key >> U(8) & _LOW
    slot = np.int64(((key >> U(32)) * U(size)) >> U(32))
    for _ in range(8):
        word = words[lay[A_WAYS] + slot]
        if word == U(0):
            break
        if word >> U(32) == tag:
            return np.int64(word & _LOW) - 1
        slot = slot + 1 if slot + 1 < size else np.int64(0)
    return np.int64(-1)


@njit(cache=True)
def rule_sets_find(
    words: Any, halves: Any, lay: Any, places: Any, count: Any, now: Any, found: Any, quarters: Any
) -> None:
    """`rule_set_at` of many places, step by step as `places_find`; -1 where a place is 0. `quarters` is for its use."""
    base = U(halves.ctypes.data)
    for i in range(count):
        found[i] = -1
        if places[i]:
            found[i], quarters[i] = week_spot(words, halves, lay, places[i], now)
            prefetch(base + U(4 * found[i]))
    for i in range(count):
        if 0 <= found[i] < len(halves):
            prefetch(base + U(8) * U(np.int64(halves[found[i]]) + ITEM_WORDS))
    for i in range(count):
        if places[i]:
            other = segment_rule_set(halves, places[i], now)
            week = week_rule_set(halves, found[i], quarters[i])
            found[i] = other if other >= 0 else week


@njit(cache=True, nogil=True)
def decide_all(
    words: Any,
    halves: Any,
    lay: Any,
    k0: Any,
    k1: Any,
    ways: Any,
    names: Any,
    starts: Any,
    now: Any,
    batch: Any,
    found: Any,
) -> None:
    """Whole decisions, a way and a name each, so many at a time: profile, rule set, own effect and its end into
    `found`; the names, wire form with root, begin at `starts` of `names`.
    """
    marks, keys = np.empty(128, np.int64), np.empty((batch, 1), np.uint64)
    places, rules = np.empty(batch, np.int64), np.empty(batch, np.int64)
    quarters = np.empty(batch, np.int64)
    for first in range(0, len(ways), batch):
        count = min(batch, len(ways) - first)
        for i in range(count):
            keys[i, 0] = ways[first + i]
        places_find(words, halves, lay, keys, count, places)
        rule_sets_find(words, halves, lay, places, count, now, rules, quarters)
        for i in range(count):
            at, labels, row = starts[first + i], 0, first + i
            while names[at] != 0 and labels < 128:
                marks[labels] = at
                labels += 1
                at += np.int64(names[at]) + 1
            found[row, 0], found[row, 1], found[row, 2], found[row, 3] = 0, rules[i], PASS, 0
            if places[i]:
                effect, _, until = own_at(
                    words, halves, places[i], k0, k1, names, marks, labels, now
                )
                found[row, 0] = np.int64(halves[2 * places[i]])
                found[row, 2], found[row, 3] = effect, until
