"""Making a generation: profiles in, one whole file out, durable before it has its name."""

import datetime as dt
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.encode import Encoder
from lachan.formats.profiles.records import Profile
from lachan.kernel.files import file_draft
from lachan.kernel.process import boot_word

Words = npt.NDArray[np.uint64]
ROOM_ITEMS, ROOM_BYTES = 1_024, 2 << 20
"""Room for changes in every new generation, besides an eighth of what it holds."""


class NewGround:
    """An arena that is written from its start to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.used = ly.HEADER_SIZE // 8
        self.last_item = 0
        self.rule_sets: list[int] = []
        self.clocks: dict[int, int] = {}

    def append(self, raw: bytes) -> int:
        place = self.used
        self._file.write(raw)
        self.used += len(raw) // 8
        return place

    def item_publish(self, place: int) -> None:
        self.last_item = place

    def rule_set_publish(self, number: int, place: int) -> None:
        self.rule_sets.append(place)

    def clock_publish(self, number: int, place: int) -> None:
        self.clocks[number] = place


def table_build(
    path: Path,
    *,
    generation: int,
    key: bytes,
    sequence: int,
    profiles: Iterable[Profile],
    calendars: Mapping[str, Mapping[dt.date, int]],
    now: int,
) -> None:
    """Write a table at `path`, durable; of profiles with one number, and of those that claim one way, the last wins.

    Raises:
        InvalidInput: a profile or calendar cannot be taken; nothing that readers know of has changed.
        OSError: no room on the disk; the same.
    """
    with file_draft(path) as descriptor:
        with open(descriptor, "wb", buffering=1 << 20, closefd=False) as file:
            file.write(bytes(ly.HEADER_SIZE))
            ground = NewGround(file)
            encoder = Encoder(ground, now)
            for name, kinds in calendars.items():
                encoder.calendar_put(name, kinds)
            places: dict[int, int] = {}
            owners: dict[int, int] = {}
            for profile in profiles:
                if profile.number in places:
                    owners = {way: one for way, one in owners.items() if one != profile.number}
                places[profile.number] = ground.append(encoder.profile(profile))
                owners.update(dict.fromkeys(profile.ways, profile.number))
        layout = ly.layout_make(
            generation=generation,
            key=key,
            arena_end=ground.used + ground.used // 8 + ROOM_BYTES // 8,
            rule_sets=_roomy(len(ground.rule_sets)),
            clocks=_roomy(len(ground.clocks) + 1),
            directory=ly.slots_for(_roomy(len(places))),
            ways=ly.slots_for(_roomy(len(owners))),
        )
        # Reserved, not sparse: a full disk is an error here and now, not a SIGBUS later.
        os.posix_fallocate(descriptor, 0, 8 * layout.words)
        _write(descriptor, layout.rule_sets_at, np.array(ground.rule_sets, np.uint64))
        clocks = np.zeros(layout.clocks, np.uint64)
        for number, place in ground.clocks.items():
            clocks[number] = place
        _write(descriptor, layout.clocks_at, clocks)
        slots = _directory(places, layout.directory)
        _write(descriptor, layout.directory_at, slots[0])
        _write(descriptor, layout.ways_at, _ways(owners, slots[1], layout.ways))
        head = bytearray(ly.HEADER_SIZE)
        fixed = layout.pack()
        head[: len(fixed)] = fixed
        for word, value in (
            (ly.W_SEQUENCE, sequence),
            (ly.W_ARENA_USED, ground.used),
            (ly.W_ITEMS, ground.last_item),
            (ly.W_RULE_SETS, len(ground.rule_sets)),
            (ly.W_CLOCKS, len(ground.clocks)),
            (ly.W_DIRECTORY, len(places)),
            (ly.W_WAYS, len(owners)),
            (ly.W_BOOT, boot_word()),
        ):
            struct.pack_into("<Q", head, 8 * word, value)
        for code in {way & 0xFF for way in owners}:
            at = 8 * (ly.W_WAY_KINDS + code // 64)
            struct.pack_into("<Q", head, at, struct.unpack_from("<Q", head, at)[0] | 1 << code % 64)
        os.pwrite(descriptor, head, 0)


def _roomy(count: int) -> int:
    return count + count // 8 + ROOM_ITEMS


def _write(descriptor: int, at: int, words: Words) -> None:
    view = memoryview(words.tobytes())
    done = 0
    while done < len(view):
        done += os.pwrite(descriptor, view[done:], 8 * at + done)


def _directory(places: Mapping[int, int], size: int) -> tuple[Words, dict[int, int]]:
    """The directory's words, and the slot of each number."""
    words, slots = [0] * size, {}
    for number, place in places.items():
        slot = ly.directory_slot(number, size)
        while words[slot]:
            slot = slot + 1 if slot + 1 < size else 0
        words[slot] = number << 32 | place
        slots[number] = slot
    return np.array(words, np.uint64), slots


def _ways(owners: Mapping[int, int], slots: Mapping[int, int], size: int) -> Words:
    words = [0] * size
    for way, number in owners.items():
        _, slot = ly.way_tag_and_slot(way, size)
        while words[slot]:
            slot = slot + 1 if slot + 1 < size else 0
        words[slot] = ly.way_word(way, slots[number])
    return np.array(words, np.uint64)
