"""The mutable delta: inserting an entry so that any reader sees it at once and a crash never half of it."""

import struct

import msgspec
import numpy as np

from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot import siphash
from lachan.formats.snapshot.keys import DOMAIN
from lachan.formats.snapshot.records import Profile
from lachan.formats.snapshot.table import CHECK_SIZE, Table, profile_record
from lachan.kernel.process import boot_word

CAPACITY = 1 << 15
ARENA_SIZE = 8 << 20


class DeltaFull(Exception):
    """No room: compact, then put again."""


def delta_bytes(generation: int, key: tuple[int, int], sequence: int) -> tuple[bytes, int]:
    """The first bytes of an empty delta, and the size of the whole (the rest is a hole of zeros)."""
    draft = ly.Layout(
        role=ly.DELTA,
        generation=generation,
        key=key,
        slots=ly.slots_for(CAPACITY),
        profile_capacity=CAPACITY,
        size=0,
    )
    size = draft.arena_at + ARENA_SIZE
    head = bytearray(ly.HEADER_SIZE)
    fixed = msgspec.structs.replace(draft, size=size).pack()
    head[: len(fixed)] = fixed
    for place, value in (
        (ly.W_SEQUENCE, sequence),
        (ly.W_ARENA_USED, draft.arena_at),
        (ly.W_BOOT, boot_word()),
    ):
        struct.pack_into("<Q", head, 8 * place, value)
    return bytes(head), size


def key_hash(key: tuple[int, int], code: int, raw: bytes) -> int:
    """The hash under which a table files a value of any kind."""
    if code == DOMAIN:
        return siphash.hash_suffixes(key, code, raw)[-1][1]
    return siphash.hash_value(key, code, raw)


class DeltaWriter:
    """The single writer's hand on a delta."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._numbers = {profile: n for n, profile in enumerate(table.profiles())}

    def insert(self, code: int, key: bytes, body: bytes) -> None:
        """Publish `body` under `key`, in place of what stood there.

        Order is everything: room is claimed, the entry's bytes are written, and only then one store of
        one word makes them visible. A crash before it leaves unused bytes in the arena; there is no
        state in between.

        Raises:
            DeltaFull: nothing was changed.
        """
        table = self.table
        slot, found = table.find(code, key, hashed := key_hash(table.layout.key, code, key))
        if found is None and table.entries >= CAPACITY:
            raise DeltaFull
        place = self._claim(len(body) + CHECK_SIZE)
        table.map[place : place + len(body)] = body
        check = struct.pack("<I", table.check_word(body))
        table.map[place + len(body) : place + len(body) + CHECK_SIZE] = check
        table.slots[slot] = np.uint64((hashed & 0xFFFFFFFF) << 32 | place // 4)
        if found is None:
            table.words[ly.W_ENTRIES] += np.uint64(1)
        table.words[ly.W_CHANGES] += np.uint64(1)

    def profile_number(self, profile: Profile) -> int:
        """The number of a profile, added to the directory where it is new.

        Raises:
            DeltaFull: nothing was changed.
        """
        number = self._numbers.get(profile)
        if number is None:
            table, number = self.table, len(self._numbers)
            if number >= table.layout.profile_capacity:
                raise DeltaFull
            record = profile_record(profile)
            place = self._claim(len(record))
            table.map[place : place + len(record)] = record
            directory = table.layout.profiles_at + 4 * number
            struct.pack_into("<I", table.map, directory, place // 4)
            table.words[ly.W_PROFILES] = np.uint64(number + 1)
            self._numbers[profile] = number
        return number

    def _claim(self, size: int) -> int:
        place = self.table.word(ly.W_ARENA_USED)
        if place + size > self.table.layout.size:
            raise DeltaFull
        self.table.words[ly.W_ARENA_USED] = np.uint64(place + size)
        return place
