"""The compiled half of `layers`: what the tables say of a name, for an asker's policy row.

Tables are as many as there are layers, and numba compiles anew for each number of arguments: so they come as one array
of words, a row a layer (`places`), which says where in memory each stands. Whoever fills it in holds them there.
"""

from typing import Any

import numpy as np

from lachan.edge.dns.layout import (
    CODE_WORDS,
    ENDS_BITS,
    F_ENDS,
    F_EVERYTHING,
    F_PAUSE,
    F_RESTRICTED,
    K_ALWAYS,
    K_CHOSEN,
    K_RESTRICTED,
    L_BASE,
    L_DELTA,
    L_K0,
    L_K1,
    P_ENDS,
    P_K0,
    P_K1,
    P_KNOWN,
    P_MARKS,
    P_MASKS,
    P_OWN_TEXTS,
    P_SIZE,
    P_WORDS,
    T_BYTES,
    T_CODES,
    T_COUNT,
    T_EFFECTS,
    T_KINDS,
    T_PROFILES,
    T_SAID,
    T_SIZE,
    T_SLOTS,
    T_TEXTS,
)
from lachan.edge.dns.memory import pointer
from lachan.edge.dns.policy import ALLOW, BLOCK, HELP, PASS, UNKNOWN
from lachan.formats.profiles.compiled import own_at
from lachan.formats.snapshot.compiled import (
    EXACT,
    TOMBSTONE,
    UNTIL,
    entry_sound,
    hash_field,
    hash_finish,
    hash_start,
    read32,
    table_find,
)
from lachan.kernel.jit import carray, njit

U = np.uint64


@njit(cache=True, forceinline=True)
def _means(
    layers: Any, layer: Any, table: Any, number: Any, row: Any, rules: Any, profiles: Any
) -> Any:
    """(effect, place of its text) of an entry's profile number `number`, to a policy's row; where `rules` is no -1, to
    who has that rule set.
    """
    count = np.int64(layers[layer, table + T_PROFILES])
    spot = row * count + number
    if rules < 0:
        effects = carray(pointer(layers[layer, table + T_EFFECTS]), spot + 1, np.uint8)
        effect = np.int64(effects[spot])
        if effect != BLOCK:
            return effect, np.int64(0)
        return effect, carray(pointer(layers[layer, table + T_TEXTS]), spot + 1, np.int64)[spot]
    kind = np.int64(carray(pointer(layers[layer, table + T_KINDS]), spot + 1, np.uint8)[spot])
    if kind == UNKNOWN:
        return np.int64(UNKNOWN), np.int64(0)
    effect = np.int64(PASS)
    if kind & 15 == K_CHOSEN:
        first, asked = number * CODE_WORDS, rules * CODE_WORDS
        codes = carray(pointer(layers[layer, table + T_CODES]), first + CODE_WORDS, np.uint64)
        masks = carray(pointer(profiles[P_MASKS]), asked + CODE_WORDS, np.uint64)
        for i in range(CODE_WORDS):
            if codes[first + i] & masks[asked + i]:
                effect = np.int64(BLOCK)
    elif kind & 15 == K_ALWAYS:
        effect = np.int64(BLOCK)
    else:
        effect = kind & 15
    if effect == BLOCK:
        return effect, carray(pointer(layers[layer, table + T_SAID]), spot + 1, np.int64)[spot]
    if kind & K_RESTRICTED and effect == PASS:
        marks = carray(pointer(profiles[P_MARKS]), rules + 1, np.uint8)
        if marks[rules] & F_RESTRICTED:
            effect = np.int64(UNKNOWN)
    return effect, np.int64(0)


@njit(cache=True)
def _ask(
    layers: Any,
    layer: Any,
    table: Any,
    hashed: Any,
    name: Any,
    mark: Any,
    stop: Any,
    row: Any,
    rules: Any,
    profiles: Any,
    now: Any,
) -> Any:
    """(found, effect, flags, text): what one table says of one suffix; `table` is its place in the layer's row."""
    data = carray(
        pointer(layers[layer, table + T_BYTES]), np.int64(layers[layer, table + T_SIZE]), np.uint8
    )
    slots = carray(
        pointer(layers[layer, table + T_SLOTS]),
        np.int64(layers[layer, table + T_COUNT]),
        np.uint64,
    )
    _, place = table_find(data, slots, hashed, 1, name, mark, stop - mark)
    if place == 0:
        return False, PASS, np.uint8(0), np.int64(0)
    if table == L_DELTA and not entry_sound(data, place, layers[layer, L_K0], layers[layer, L_K1]):
        return False, PASS, np.uint8(0), np.int64(0)
    flags = data[place + 3]
    if flags & TOMBSTONE:
        return True, PASS, flags, np.int64(0)
    if flags & UNTIL and U(read32(data, place + 12)) | U(read32(data, place + 16)) << U(32) <= now:
        return True, PASS, flags, np.int64(0)
    number = read32(data, place + 4)
    if number >= np.int64(layers[layer, table + T_PROFILES]):
        return True, UNKNOWN, flags, np.int64(0)
    effect, text = _means(layers, layer, table, number, row, rules, profiles)
    return True, effect, flags, text


@njit(cache=True)
def _layer_decide(
    layers: Any,
    layer: Any,
    name: Any,
    marks: Any,
    labels: Any,
    stop: Any,
    row: Any,
    rules: Any,
    profiles: Any,
    now: Any,
) -> Any:
    """What one layer says: as `decide`."""
    state = hash_start(layers[layer, L_K0], layers[layer, L_K1], 1)
    decided, label, text = np.int64(PASS), np.int64(0), np.int64(0)
    for j in range(labels - 1, -1, -1):
        mark = marks[j]
        state = hash_field(state, name, mark + 1, np.int64(name[mark]), True)
        hashed = hash_finish(state)
        found, effect, flags, said = _ask(
            layers, layer, L_DELTA, hashed, name, mark, stop, row, rules, profiles, now
        )
        if not found:
            found, effect, flags, said = _ask(
                layers, layer, L_BASE, hashed, name, mark, stop, row, rules, profiles, now
            )
        if not found or effect == PASS or (j and flags & EXACT):
            continue
        if effect == UNKNOWN:
            return np.int64(UNKNOWN), np.int64(0), np.int64(0)
        decided, label, text = np.int64(effect), np.int64(j), np.int64(said)
    return decided, label, text


@njit(cache=True, forceinline=True)
def _everything(place: Any, profiles: Any, now: Any) -> Any:
    """Where all names are blocked: what `decide` says, once the plain path has found out until when."""
    ends = carray(pointer(profiles[P_ENDS]), 3 << ENDS_BITS, np.int64)
    row = 3 * ((place * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - ENDS_BITS))
    if ends[row] == place and np.int64(now) < ends[row + 1]:
        return np.int64(BLOCK), np.int64(0), ends[row + 2]
    return np.int64(UNKNOWN), np.int64(0), np.int64(0)


@njit(cache=True)
def _profile_decide(
    layers: Any,
    name: Any,
    marks: Any,
    labels: Any,
    stop: Any,
    row: Any,
    rules: Any,
    place: Any,
    profiles: Any,
    now: Any,
) -> Any:
    """What comes before the lists, for the profile at `place` (`Layers`): as `decide`."""
    known, label, text = np.int64(PASS), np.int64(0), np.int64(0)
    if profiles[P_KNOWN]:
        known, label, text = _layer_decide(
            layers, 0, name, marks, labels, stop, row, rules, profiles, now
        )
        if known == HELP:
            return np.int64(ALLOW), label, text
    words = carray(pointer(profiles[P_WORDS]), np.int64(profiles[P_SIZE]), np.uint64)
    halves = carray(pointer(profiles[P_WORDS]), 2 * np.int64(profiles[P_SIZE]), np.uint32)
    own, at, until = own_at(
        words, halves, place, profiles[P_K0], profiles[P_K1], name, marks, labels, np.int64(now)
    )
    flags = carray(pointer(profiles[P_MARKS]), rules + 1, np.uint8)[rules]
    if own == BLOCK:
        texts = carray(pointer(profiles[P_OWN_TEXTS]), row + 1, np.int64)
        return np.int64(UNKNOWN if until else BLOCK), at, texts[row]
    if own == ALLOW and not flags & F_PAUSE:
        # An allowed name of an engine is allowed in its restricted mode, of which the plain path knows.
        lifted = flags & F_RESTRICTED and known != PASS
        return np.int64(UNKNOWN) if lifted else own, at, np.int64(0)
    if known != ALLOW and flags & F_EVERYTHING:
        known, label, text = _everything(place, profiles, now)
    elif known == BLOCK and flags & F_ENDS:
        known = np.int64(UNKNOWN)
    return known, label, text


@njit(cache=True)
def decide(
    layers: Any,
    name: Any,
    marks: Any,
    labels: Any,
    stop: Any,
    row: Any,
    rules: Any,
    place: Any,
    profiles: Any,
    now: Any,
) -> Any:
    """(effect, label at which the verdict that decides starts, place of its text) of a name in `name` whose labels
    begin at `marks`, and which ends before `stop`; for the profile at `place` with the rule set `rules`, or for nobody's
    where that is -1.
    """
    first = 0
    if rules >= 0:
        first = 1 if profiles[P_KNOWN] else 0
        decided, label, text = _profile_decide(
            layers, name, marks, labels, stop, row, rules, place, profiles, now
        )
        if decided != PASS:
            return decided, label, text
    for layer in range(first, len(layers)):
        decided, label, text = _layer_decide(
            layers, layer, name, marks, labels, stop, row, rules, profiles, now
        )
        if decided != PASS:
            return decided, label, text
    return np.int64(PASS), np.int64(0), np.int64(0)


@njit(cache=True)
def leads_free(
    layers: Any,
    cached: Any,
    at: Any,
    chain: Any,
    size: Any,
    effect: Any,
    row: Any,
    rules: Any,
    who: Any,
    profiles: Any,
    now: Any,
    marks: Any,
) -> Any:
    """Whether no name that a kept answer leads to is blocked: `size` bytes of names at `at`, the first `chain` those of
    its aliases. `effect` is the asked name's own.

    What an allowed name leads to is its owner's business. What only the guard shelters is left to the plain path.
    """
    place, allowed = at, effect == ALLOW
    while place < at + size and not allowed:
        start, labels = place, 0
        while cached[place] != 0:
            marks[labels] = place
            labels += 1
            place += np.int64(cached[place]) + 1
        found, _, _ = decide(layers, cached, marks, labels, place, row, rules, who, profiles, now)
        place += 1
        if found == ALLOW:
            allowed = start - at < chain
        elif found != PASS:
            return False
    return True
