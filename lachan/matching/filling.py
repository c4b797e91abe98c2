"""Putting a whole list into a collection: what can be read goes in, what cannot is named, all is counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from uuid import NAMESPACE_URL, uuid5

import msgspec

from lachan.matching.collection import Collection
from lachan.matching.records import Facts, InvalidHash
from lachan.matching.scanning.lists import row_read
from lachan.matching.scanning.records import Row, ScanUnreadable

BATCH = 100_000
_SHOWN = 100


class Filled(msgspec.Struct, frozen=True):
    """rows = taken + empty + refused.

    Attributes:
        refused: how many rows, by reason.
        lines: (line, reason) of the first hundred of them.
    """

    rows: int
    taken: int
    empty: int
    refused: dict[str, int]
    lines: tuple[tuple[int, str], ...]


def collection_fill(
    collection: Collection, rows: Iterable[Row], like: Facts,
    progress: Callable[[int], object] = lambda _: None,
) -> Filled:  # fmt: skip
    """Put every row in with the facts of `like`, each under an indicator of its own.

    An indicator's identifier is made of source, algorithm and value (UUIDv5): the same list once more
    replaces what it said before, and a run that was cut off is simply run again.

    Args:
        collection: opened to write.
        rows: of lists (see `scanning.lists`).
        like: the facts; its indicator is not looked at.
        progress: called with the number of rows done since the last call.

    Raises:
        StoreUnwritable: the disk is full; the batches before are in.
    """
    count, taken, empty, refused = 0, 0, 0, Counter[str]()
    lines: list[tuple[int, str]] = []
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        count += len(batch)
        empty += sum(not row.text for row in batch)
        entries: dict[str, list[tuple[str, Facts]]] = {}
        for line, algorithm, value in _read(batch):
            if not algorithm:
                refused[value] += 1
                lines += [(line, value)] if len(lines) < _SHOWN else []
                continue
            name = f"lachan:list:{like.source}:{algorithm}:{value}"
            facts = msgspec.structs.replace(like, indicator=uuid5(NAMESPACE_URL, name))
            entries.setdefault(algorithm, []).append((value, facts))
        for algorithm, mine in entries.items():
            added = collection.add_many(mine, algorithm=algorithm)
            taken += added.taken
            refused.update(each.reason for each in added.refused)
        progress(len(batch))
    return Filled(count, taken, empty, dict(refused), tuple(lines))


def rows_check(rows: Iterable[Row]) -> None:
    """Read a list up to its first value: one that holds none is not taken in.

    Raises:
        ScanUnreadable: it holds none; the reason of its first row is named.
    """
    refused, first = 0, ""
    for line, algorithm, reason in _read(rows):
        if algorithm:
            return
        refused += 1
        first = first or f"line {line}: {reason}"
    if refused:
        raise ScanUnreadable(f"none of its {refused} values can be read; {first}")
    raise ScanUnreadable("no value stands in it")


def _read(rows: Iterable[Row]) -> Iterator[tuple[int, str, str]]:
    """(line, algorithm, value) of each row that is not empty; of a bad one ("" and why)."""
    for row in rows:
        if row.text:
            try:
                algorithm, value = row_read(row)[0]
            except InvalidHash as error:
                yield row.line, "", str(error)
            else:
                yield row.line, algorithm, value
