"""From a frozen view to new segments: what is merged with what, and what stays.

Segments grow like a ladder: new rows are merged with each next older segment that is at most four times as
large as all merged so far. So a collection of any size has few segments, each row is rewritten a few times
in its life, and a segment of ten millions is left alone until a quarter of it has changed.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from lachan.kernel.files import file_write
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.store import layout as ly
from lachan.matching.store.build import segment_build
from lachan.matching.store.delta import Delta
from lachan.matching.store.facts import Label
from lachan.matching.store.folder import Folder, Manifest, SegmentName, Shelved
from lachan.matching.store.row_sources import (
    ArraySource,
    DeltaSource,
    Records,
    RowSource,
    SegmentSource,
)
from lachan.matching.store.segment import Held, gone_bytes
from lachan.matching.store.shelf import Shelf

_RATIO = 4
_GONE_SHARE = 0.25


class Frozen:
    """A shelf at one moment, while others go on changing it."""

    def __init__(self, shelf: Shelf) -> None:
        self.algorithm: Algorithm = shelf.algorithm
        self.held = [(held, set(held.gone)) for held in shelf.held]
        self._delta, self._count = shelf.delta, shelf.delta.count
        self._gone = set(shelf.delta.gone)
        self.extra: list[RowSource] = []

    def take(self, delta: Delta) -> None:
        """Add entries from outside, in place of what the same indicators have here under the same keys."""
        self.extra.append(DeltaSource(delta, delta.count, set(delta.gone)))
        uids = np.frombuffer(b"".join(record[:16] for record in delta.records), "V16")
        for place in self._perhaps_here(uids):
            if place not in delta.gone:
                self._kill(delta.records[place][:16], delta.keys[place])

    def take_records(self, part: ArraySource, records: Records) -> None:
        """The same for records in an array."""
        self.extra.append(part)
        for row in self._perhaps_here(records["uid"]):
            self._kill(records["uid"][row].tobytes(), records["key"][row].tobytes())

    def _perhaps_here(self, uids: Records) -> list[int]:
        """Which of many indicators have a hash that occurs here: only those need looking at one by one."""
        here = [held.segment.facts.hashes()[0] for held, _ in self.held]
        mine = [self._delta.records[place][:16] for place in range(self._count)]
        here.append(np.fromiter(map(ly.uid_hash, mine), np.uint32, len(mine)))
        found = np.isin(ly.uid_hashes(uids), np.concatenate(here))
        return list(np.flatnonzero(found).tolist())

    def _kill(self, uid: bytes, key: bytes) -> None:
        delta = self._delta
        self._gone.update(place for place in delta.places_of(uid) if delta.keys[place] == key)
        hashed = ly.uid_hash(uid)
        for held, gone in self.held:
            rows = held.rows_of(uid, hashed)
            gone.update(row for row in rows if held.segment.facts.key(row) == key)

    def fresh(self) -> list[RowSource]:
        """What no segment holds yet."""
        parts: list[RowSource] = [DeltaSource(self._delta, self._count, self._gone), *self.extra]
        return [part for part in parts if part.rows]

    def older(self, held: Held, gone: set[int]) -> SegmentSource:
        bits = held.bits(gone)
        return SegmentSource(held.segment.facts, bits, with_values=not self.algorithm.reversible)


def merge(
    folder: Folder, manifest: Manifest, frozen: Mapping[str, Frozen], *, whole: bool
) -> dict[str, Shelved]:
    """Write new segments where there is something new; the shelves of the manifest to come.

    Args:
        folder: where to.
        manifest: in force, or a younger one than that of `frozen`.
        frozen: by algorithm.
        whole: make one segment of each shelf.

    Raises:
        SegmentCorrupt: a segment is damaged.
        OSError: no room on the disk.
    """
    number = folder.next_number(manifest)
    shelves = {}
    for name, shelf in frozen.items():
        shelves[name] = _merge_shelf(folder, manifest, shelf, number, whole=whole)
        number += 1
    return shelves


def _merge_shelf(
    folder: Folder, manifest: Manifest, frozen: Frozen, number: int, *, whole: bool
) -> Shelved:
    parts, kept = frozen.fresh(), []
    rows = sum(part.rows for part in parts)
    for held, gone in reversed(frozen.held):
        size = held.segment.facts.rows
        live = size - held.gone_count - len(gone - held.gone.keys())
        # A whole merge of a single untouched segment would only copy it.
        alone = len(frozen.held) == 1 and live == size and not rows
        if alone or not (
            whole or live <= _RATIO * rows or (size - live) > _GONE_SHARE * size or not live
        ):
            kept.append(_keep(folder, manifest, frozen.algorithm, held, gone))
        elif live:
            parts.append(frozen.older(held, gone))
            rows += live
    kept.reverse()
    if rows:
        # Oldest first, as they came.
        parts.reverse()
        kept.append(segment_build(folder, manifest.key, frozen.algorithm, number, parts))
    return Shelved(frozen.algorithm.width, tuple(kept))


def _keep(
    folder: Folder, manifest: Manifest, algorithm: Algorithm, held: Held, gone: set[int]
) -> SegmentName:
    """The segment as it is, with a new file of its gone rows where there are more than before."""
    name = held.name
    if not gone:
        return name
    name = SegmentName(name.number, name.rows, manifest.generation)
    raw = gone_bytes(held.bits(gone), collection=manifest.key, number=name.number, rows=name.rows)
    file_write(folder.gone(algorithm.name, name), raw, mode=0o644)
    return name


def records_of(uids: Records, keys: Records, like: bytes) -> Records:
    """Records of many keys that share all facts but the indicator; of equal pairs only the last.

    Args:
        uids: uint8[n, 16].
        keys: uint8[n, width].
        like: a packed record.
    """
    width = keys.shape[1]
    records = np.zeros(len(keys), ly.record_type(width))
    raw = records.view(np.uint8).reshape(len(keys), -1)
    raw[:, : ly.RECORD.size] = np.frombuffer(like, np.uint8)
    raw[:, :16], raw[:, ly.RECORD.size : ly.RECORD.size + width] = uids, keys
    hashes = ly.uid_hashes(records["uid"])
    order = np.argsort(hashes, kind="stable")
    twins = np.zeros(len(keys), np.bool_)
    same = hashes[order][1:] == hashes[order][:-1]
    twins[order[1:][same]] = twins[order[:-1][same]] = True
    last: dict[tuple[bytes, bytes], int] = {}
    drop = []
    for row in np.flatnonzero(twins).tolist():
        pair = uids[row].tobytes(), keys[row].tobytes()
        if pair in last:
            drop.append(last[pair])
        last[pair] = row
    return np.delete(records, drop) if drop else records


def delta_of(algorithm: Algorithm, entries: Iterable[tuple[bytes, Label, bytes, str]]) -> Delta:
    """A delta of its own from (record, label, key, value); of equal pairs the last is live."""
    shelf = Shelf(algorithm, [])
    for record, label, key, value in entries:
        shelf.add(record, label, key, value, fresh=False)
    return shelf.delta
