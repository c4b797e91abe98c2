"""The compiled half of `layers`: what the tables say of a name, for an asker's policy row.

Tables are as many as there are layers, and numba compiles anew for each number of arguments: so they come as one array
of words, a row a layer (`places`), which says where in memory each stands. Whoever fills it in holds them there.
"""

from typing import Any

import numpy as np

from lachan.edge.dns.layout import (
    L_BASE,
    L_DELTA,
    L_K0,
    L_K1,
    T_BYTES,
    T_COUNT,
    T_EFFECTS,
    T_PROFILES,
    T_SIZE,
    T_SLOTS,
    T_TEXTS,
)
from lachan.edge.dns.policy import ALLOW, BLOCK, PASS, UNKNOWN
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
from lachan.kernel.jit import carray, intrinsic, njit, voidptr

U = np.uint64


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return voidptr(address), generate


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
    now: Any,
) -> Any:
    """(found, effect, flags, text): what one table says of one suffix; `table` is its place in the layer's row."""
    data = carray(
        _pointer(layers[layer, table + T_BYTES]), np.int64(layers[layer, table + T_SIZE]), np.uint8
    )
    slots = carray(
        _pointer(layers[layer, table + T_SLOTS]),
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
    number, profiles = read32(data, place + 4), np.int64(layers[layer, table + T_PROFILES])
    if number >= profiles:
        return True, UNKNOWN, flags, np.int64(0)
    spot = row * profiles + number
    effects = carray(_pointer(layers[layer, table + T_EFFECTS]), spot + 1, np.uint8)
    effect, text = np.int64(effects[spot]), np.int64(0)
    if effect == BLOCK:
        text = carray(_pointer(layers[layer, table + T_TEXTS]), spot + 1, np.int64)[spot]
    return True, effect, flags, text


@njit(cache=True)
def decide(layers: Any, name: Any, marks: Any, labels: Any, stop: Any, row: Any, now: Any) -> Any:
    """(effect, label at which the verdict that decides starts, place of its text) of a name in `name` whose labels
    begin at `marks`, and which ends before `stop`.
    """
    for layer in range(len(layers)):
        state = hash_start(layers[layer, L_K0], layers[layer, L_K1], 1)
        decided, label, text = PASS, 0, np.int64(0)
        for j in range(labels - 1, -1, -1):
            mark = marks[j]
            state = hash_field(state, name, mark + 1, np.int64(name[mark]), True)
            hashed = hash_finish(state)
            found, effect, flags, said = _ask(
                layers, layer, L_DELTA, hashed, name, mark, stop, row, now
            )
            if not found:
                found, effect, flags, said = _ask(
                    layers, layer, L_BASE, hashed, name, mark, stop, row, now
                )
            if not found or effect == PASS or (j and flags & EXACT):
                continue
            if effect == UNKNOWN:
                return UNKNOWN, 0, np.int64(0)
            decided, label, text = effect, j, said
        if decided != PASS:
            return decided, label, text
    return PASS, 0, np.int64(0)


@njit(cache=True)
def leads_free(
    layers: Any,
    cached: Any,
    at: Any,
    chain: Any,
    size: Any,
    effect: Any,
    row: Any,
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
        found, _, _ = decide(layers, cached, marks, labels, place, row, now)
        place += 1
        if found == ALLOW:
            allowed = start - at < chain
        elif found != PASS:
            return False
    return True
