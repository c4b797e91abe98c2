"""The machine half of the tables, compiled by numba and cached on disk.

The hash is the house's SipHash-1-3 under each table's own secret (`formats/snapshot/siphash.py` says why):
MD5 and SHA-1 digests can be made to begin alike, and so can addresses and numbers, but nobody who does not
hold the file can make them fall into one bucket.
"""

from typing import Any

import numpy as np

from lachan.formats.snapshot.compiled import hash_field, hash_finish, hash_start
from lachan.kernel.jit import njit

U = np.uint64
_GROUP = 64
"""Queries that go through each step together, so that the memory fetches many lines at a time."""


@njit(cache=True, nogil=True)
def hash_keys(keys: Any, width: Any, k0: Any, k1: Any, hashes: Any) -> None:
    for i in range(len(hashes)):
        state = hash_field(hash_start(k0, k1, 0), keys, i * width, width, False)
        hashes[i] = hash_finish(state)


@njit(cache=True, nogil=True)
def table_fill(
    keys: Any,
    width: Any,
    hashes: Any,
    order: Any,
    bits: Any,
    directory: Any,
    out_keys: Any,
    out_rows: Any,
) -> Any:
    """Write the three parts; False where two different keys share one hash (try another secret)."""
    shift = U(64 - bits)
    bucket = 0
    before = -1
    for at in range(len(order)):
        row = order[at]
        here = np.int64(hashes[row] >> shift)
        while bucket <= here:
            directory[bucket] = at
            bucket += 1
        if (
            before >= 0
            and hashes[row] == hashes[before]
            and not _equal(keys, row * width, keys, before * width, width)
        ):
            return False
        for byte in range(width):
            out_keys[at * width + byte] = keys[row * width + byte]
        out_rows[at] = row
        before = row
    while bucket < len(directory):
        directory[bucket] = len(order)
        bucket += 1
    return True


@njit(cache=True)
def _equal(one: Any, at: Any, other: Any, place: Any, width: Any) -> Any:
    for byte in range(width):  # noqa: SIM110  numba compiles no generators
        if one[at + byte] != other[place + byte]:
            return False
    return True


@njit(cache=True, nogil=True)
def table_find(
    directory: Any,
    bits: Any,
    keys: Any,
    width: Any,
    count: Any,
    k0: Any,
    k1: Any,
    asked: Any,
    first: Any,
    found: Any,
) -> None:
    """Where each asked key's run of equals begins, and how many there are.

    Step by step over a group rather than query by query: the lines that a step needs do not depend on one
    another, so the processor waits for dozens at once instead of one. No place beyond `count` is ever
    read, whatever an altered directory says.
    """
    shift = U(64 - bits)
    begin = np.empty(_GROUP, np.int64)
    end = np.empty(_GROUP, np.int64)
    buckets = np.empty(_GROUP, np.int64)
    for base in range(0, len(first), _GROUP):
        group = min(_GROUP, len(first) - base)
        for i in range(group):
            state = hash_field(hash_start(k0, k1, 0), asked, (base + i) * width, width, False)
            buckets[i] = np.int64(hash_finish(state) >> shift)
        for i in range(group):
            begin[i] = min(np.int64(directory[buckets[i]]), count)
            end[i] = min(np.int64(directory[buckets[i] + 1]), count)
        for i in range(group):
            place = (base + i) * width
            at = begin[i]
            while at < end[i] and not _equal(keys, at * width, asked, place, width):
                at += 1
            first[base + i] = at
            while at < end[i] and _equal(keys, at * width, asked, place, width):
                at += 1
            found[base + i] = at - first[base + i]
