"""Whose questions a batch brings: each asker's profile and the rule set that holds for it now, compiled.

`profiles` are the words of `profile_rows`. A profile is a place in its table, 0 for nobody's; a rule set a number, -1 for
none, `TO_PLAIN` where the plain path is to look.
"""

from typing import Any

import numpy as np

from lachan.edge.dns.asker import PROFILE_SHIFT
from lachan.edge.dns.layout import (
    F_ODD,
    P_IPV4,
    P_IPV6,
    P_K0,
    P_K1,
    P_LAY,
    P_MARKS,
    P_RULE_SETS,
    P_SIZE,
    P_WORDS,
)
from lachan.edge.dns.memory import pointer
from lachan.formats.profiles.compiled import number_find, rule_set_at
from lachan.formats.profiles.compiled_batch import places_find, rule_sets_find
from lachan.formats.profiles.compiled_keys import network_key
from lachan.kernel.jit import carray, njit

U = np.uint64
AF_INET = 2
TO_PLAIN = -2


@njit(cache=True)
def whose_number(row: Any, profiles: Any, now: Any) -> Any:
    """(profile, rule set) of who asks by `row`, the upper part of which is a profile's number."""
    number = row >> PROFILE_SHIFT
    if profiles[P_WORDS] == U(0) or number <= 0:
        return np.int64(0), np.int64(-1)
    words = carray(pointer(profiles[P_WORDS]), np.int64(profiles[P_SIZE]), np.uint64)
    halves = carray(pointer(profiles[P_WORDS]), 2 * np.int64(profiles[P_SIZE]), np.uint32)
    lay = carray(pointer(profiles[P_LAY]), 6, np.int64)
    place = number_find(words, halves, lay, number)
    if place == 0:
        return place, np.int64(-1)
    return place, _known(rule_set_at(words, halves, lay, place, np.int64(now)), profiles)


@njit(cache=True)
def whose_batch(
    received: Any, count: Any, profiles: Any, now: Any, places: Any, rules: Any
) -> None:
    """The same for frames, by the networks that they come from (`received` as in `mmsg`)."""
    several = max(np.int64(profiles[P_IPV4 + 1]), np.int64(profiles[P_IPV6 + 1]))
    words = carray(pointer(profiles[P_WORDS]), np.int64(profiles[P_SIZE]), np.uint64)
    halves = carray(pointer(profiles[P_WORDS]), 2 * np.int64(profiles[P_SIZE]), np.uint32)
    lay = carray(pointer(profiles[P_LAY]), 6, np.int64)
    keys, quarters = np.zeros((count, several), np.uint64), np.empty(count, np.int64)
    for i in range(count):
        raw = carray(pointer(received[i, 0]), 28, np.uint8)
        at, size, first = np.int64(4), np.int64(4), P_IPV4
        if np.int64(raw[0]) | np.int64(raw[1]) << 8 != AF_INET:
            at, size, first = np.int64(8), np.int64(16), P_IPV6
        lengths = carray(pointer(profiles[first]), 256, np.int64)
        for n in range(np.int64(profiles[first + 1])):
            keys[i, n] = network_key(profiles[P_K0], profiles[P_K1], raw, at, size, lengths[n])
    places_find(words, halves, lay, keys, count, places)
    rule_sets_find(words, halves, lay, places, count, np.int64(now), rules, quarters)
    for i in range(count):
        if places[i]:
            rules[i] = _known(rules[i], profiles)


@njit(cache=True)
def _known(rules: Any, profiles: Any) -> Any:
    if rules < 0 or rules >= np.int64(profiles[P_RULE_SETS]):
        return np.int64(TO_PLAIN)
    if carray(pointer(profiles[P_MARKS]), rules + 1, np.uint8)[rules] & F_ODD:
        return np.int64(TO_PLAIN)
    return rules
