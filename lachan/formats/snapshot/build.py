"""Building a base segment: entries in, one sorted-out immutable file out."""

import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.formats.observables.record import InvalidKey
from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.entry import entry_encode, tombstone_encode
from lachan.formats.snapshot.keys import DOMAIN, key_encode
from lachan.formats.snapshot.records import Profile, Verdict
from lachan.formats.snapshot.table import Table, frozen, profile_record
from lachan.kernel.files import file_draft

Places = npt.NDArray[np.int64]


class Refusal(msgspec.Struct, frozen=True):
    """A verdict that could not be built in, and why; the rest was."""

    kind: str
    value: str
    why: str


class BuildReport(msgspec.Struct, frozen=True):
    """What a rebuild did. `refused_lines` counts what a bulk text held besides names."""

    entries: int
    refused: tuple[Refusal, ...] = ()
    refused_lines: int = 0


class Block(msgspec.Struct):
    """Encoded entries, the oldest first, with the profiles they number."""

    data: npt.NDArray[np.uint8]
    places: Places
    profiles: list[Profile]


class BlockBuilder:
    """Gathers verdicts into a block; one that cannot be encoded is set aside, the rest stay."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._places: list[int] = []
        self._profiles: dict[Profile, int] = {}
        self.refused: list[Refusal] = []

    def put(self, verdict: Verdict) -> None:
        try:
            code, key = key_encode(verdict.kind, verdict.value)
            body = entry_encode(code, key, self._number(verdict), verdict)
        except InvalidKey as error:
            self.refused.append(Refusal(verdict.kind, verdict.value, str(error)))
            return
        self.append(body)

    def remove(self, code: int, key: bytes) -> None:
        self.append(tombstone_encode(code, key))

    def append(self, body: bytes) -> None:
        self._places.append(len(self._data))
        self._data += body

    def block(self) -> Block:
        data = np.frombuffer(bytes(self._data), np.uint8)
        return Block(data, np.array(self._places, np.int64), list(self._profiles))

    def _number(self, verdict: Verdict) -> int:
        profile = profile_of(verdict)
        return self._profiles.setdefault(profile, len(self._profiles))


def profile_of(verdict: Verdict) -> Profile:
    return Profile(tuple(verdict.categories), verdict.action, verdict.source, verdict.reason)


def block_of_verdicts(verdicts: Iterable[Verdict]) -> tuple[Block, list[Refusal]]:
    builder = BlockBuilder()
    for verdict in verdicts:
        builder.put(verdict)
    return builder.block(), builder.refused


def block_of_domains(text: bytes, like: Verdict) -> tuple[Block, int]:
    """Entries for names, one ASCII name a line, all with the verdict `like`; and the lines refused.

    A million names take about a tenth of a second.
    """
    from lachan.formats.snapshot.compiled import domains_encode

    head = np.frombuffer(_head(like), np.uint8)
    lines = np.frombuffer(text if text.endswith(b"\n") else text + b"\n", np.uint8)
    count = int(np.count_nonzero(lines == ord("\n")))
    data = np.empty(len(lines) + count * (len(head) + 4), np.uint8)
    places = np.empty(count, np.int64)
    kept, refused = domains_encode(lines, head, data, places)
    return Block(data, places[:kept], [profile_of(like)]), int(refused)


def _head(like: Verdict) -> bytes:
    """An entry's bytes up to its key; an identifier of one is not that of a million."""
    alone = msgspec.structs.replace(like, indicator="")
    return entry_encode(DOMAIN, b"", 0, alone)


def block_of_table(table: Table) -> Block:
    """Every entry of a table, whole ones only, in the order in which they lie."""
    if table.checked:
        builder = BlockBuilder()
        for place, entry in sorted(table.live(), key=lambda found: found[0]):
            if entry is not None:
                builder.append(bytes(table.view[place : place + entry.size]))
        block = builder.block()
        block.profiles = table.profiles()
        return block
    used = table.slots[table.slots != 0]
    places = np.sort((used & np.uint64(0xFFFFFFFF)).astype(np.int64) * 4)
    return Block(table.bytes, places, table.profiles())


def base_write(
    path: Path, *, generation: int, key: tuple[int, int], sequence: int, blocks: list[Block]
) -> int:
    """Write a base segment at `path`, durable, from blocks of which the first wins; count its entries.

    Raises:
        OSError: no room on the disk; nothing that readers know of has changed.
    """
    profiles: dict[Profile, int] = {}
    remaps = []
    for block in blocks:
        numbers = [profiles.setdefault(profile, len(profiles)) for profile in block.profiles]
        remaps.append(np.array(numbers or [0], np.int64))
    records = [profile_record(profile) for profile in profiles]
    draft_layout = ly.Layout(
        role=ly.BASE,
        generation=generation,
        key=key,
        slots=ly.slots_for(sum(len(block.places) for block in blocks)),
        profile_capacity=len(records),
        size=0,
    )
    room = draft_layout.arena_at + sum(map(len, records)) + sum(len(b.data) for b in blocks) + 8
    with file_draft(path, mode=0o644, size=room) as descriptor:
        mapped = mmap.mmap(descriptor, room)  # unmapped with its last view, not by close()
        sources = list(zip(blocks, remaps, strict=True))
        used, entries = _fill(mapped, draft_layout, records, sources)
        size = (used + 7) // 8 * 8
        _seal(mapped, msgspec.structs.replace(draft_layout, size=size), sequence, entries)
        os.ftruncate(descriptor, size)
    return entries


def _fill(
    mapped: mmap.mmap,
    layout: ly.Layout,
    records: list[bytes],
    sources: list[tuple[Block, Places]],
) -> tuple[int, int]:
    used = layout.arena_at
    for number, record in enumerate(records):
        mapped[used : used + len(record)] = record
        struct.pack_into("<I", mapped, layout.profiles_at + 4 * number, used // 4)
        used += len(record)
    out = np.frombuffer(mapped, np.uint8)
    slots = np.frombuffer(mapped, np.uint64, layout.slots, layout.slots_at)
    entries = 0
    k0, k1 = (np.uint64(half) for half in layout.key)
    for block, remap in sources:
        if len(block.places):
            # An empty snapshot is made at every first start: it must not wait for the compiler.
            from lachan.formats.snapshot.compiled import table_fill

            data, places = frozen(block.data), frozen(block.places)
            last = block is sources[-1][0]
            used, added = table_fill(out, slots, used, data, places, remap, k0, k1, last)
            entries += added
    return int(used), int(entries)


def _seal(mapped: mmap.mmap, layout: ly.Layout, sequence: int, entries: int) -> None:
    for place, value in (
        (ly.W_SEQUENCE, sequence),
        (ly.W_ARENA_USED, layout.size),
        (ly.W_ENTRIES, entries),
        (ly.W_PROFILES, layout.profile_capacity),
    ):
        struct.pack_into("<Q", mapped, 8 * place, value)
    with memoryview(mapped) as view, view[512 : layout.size] as body:
        checksum = zlib.crc32(body)
    head = msgspec.structs.replace(layout, checksum=checksum).pack()
    mapped[: len(head)] = head
