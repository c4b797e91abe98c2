"""The bytes of a profile table, a file a generation.

    0     fixed words and their checksum
    512   words that the writer changes, each group on a cache line of its own
    4096  arena: shared items and profiles' records, none ever changed once it can be seen
          rule sets: one word a number, the place of its item
          clocks: the same of zones and calendars
          directory: open addressing, one word a profile: number << 32 | its record's place, 0 where it was removed
          ways: open addressing, one word a way in: tag << 32 | 1 + its profile's slot in the directory

A place is counted in 8 bytes. Whatever changes for readers is one store of one aligned word: a profile with its ways,
its week, its own names is written anew, whole, and then its word in the directory is set. A word among the ways decides
nothing: the record to which it leads says whether that way is its own. Little-endian, as the machines are on which the
compiled path runs; a table of another order or version is made anew from the database.

An item: u32 kind, bytes of its body, place of the item before, CRC-32; body.
  rule set   MessagePack
  day        u32 count; runs, u32 each: rule set << 8 | first quarter of an hour
  week       100 u32: the place of the day for kind of the day before * 10 + kind of the day
  zone       i64 number, moment up to which it is reckoned, count; moments (UTC) from which each offset holds; the
             offsets, seconds east; name
  calendar   i64 number, first day (since 1970), count; a byte a day, its kind or 255; name
A record: u32 number, CRC-32, week, zone | calendar << 16, ways | segments << 16, count of own names; ways, u64 each; keys
of own names, sorted, u64 each; what they mean, u32 each (`own_pack`); segments: u32 start, until, rule set each.
"""

import os
import re
import struct
from pathlib import Path

import msgspec

from lachan.kernel.errors import Conflict, Unavailable
from lachan.kernel.mapped import HeadForm

VERSION = 1
HEADER_SIZE = 4096

# Places of the changing words, counted in 64-bit words from the file's start.
W_SEQUENCE, W_SUPERSEDED, W_CHANGES = 64, 72, 80
W_ARENA_USED, W_ITEMS, W_RULE_SETS, W_CLOCKS, W_DIRECTORY, W_WAYS = 88, 89, 90, 91, 92, 93
W_BOOT, W_CLEAN = 96, 97
W_WAY_KINDS = 104
"""Four words, a bit for each last byte of a way's key that is in use (`keys`)."""

RULE_SET, DAY, WEEK, ZONE, CALENDAR = 1, 2, 3, 4, 5
ITEM_WORDS, RECORD_WORDS = 2, 3
"""Words before an item's body, before a record's ways."""
GONE = 0xFFFFFFFF
"""In a way's word: it leads nowhere any more."""
NO_KIND = 255

PASS, BLOCK, ALLOW = 0, 1, 2
BLOCK_THEN_ALLOW, ALLOW_THEN_BLOCK = 0, 3
OWN_EPOCH = 1_704_067_200
"""2024-01-01: ends of own names are counted from here, in 30 bits: up to 2058."""
RULE_SETS_LIMIT = 1 << 24


class ProfilesLocked(Conflict):
    """Another process writes this folder."""

    code = "profiles-locked"


class ProfilesCorrupt(Unavailable):
    """The table cannot be used: make it anew from the database."""

    code = "profiles-corrupt"


_HEAD = HeadForm(
    struct.Struct("<8sII13Q"),
    magic=b"LCPROF\x00\x01",
    version=VERSION,
    size=HEADER_SIZE,
    altered=ProfilesCorrupt,
    other=ProfilesCorrupt,
)


class Layout(msgspec.Struct, frozen=True):
    """The fixed words of a header. Places are counted in words from the file's start."""

    generation: int
    k0: int
    k1: int
    arena_end: int
    rule_sets_at: int
    rule_sets: int
    clocks_at: int
    clocks: int
    directory_at: int
    directory: int
    ways_at: int
    ways: int
    words: int

    def pack(self) -> bytes:
        return _HEAD.pack(*msgspec.structs.astuple(self))

    @property
    def key(self) -> bytes:
        return struct.pack("<QQ", self.k0, self.k1)


def layout_make(
    *,
    generation: int,
    key: bytes,
    arena_end: int,
    rule_sets: int,
    clocks: int,
    directory: int,
    ways: int,
) -> Layout:
    """The layout of a file with an arena up to word `arena_end` and so many words of each sort behind it."""
    k0, k1 = struct.unpack("<QQ", key)
    clocks_at = arena_end + rule_sets
    directory_at = clocks_at + clocks
    ways_at = directory_at + directory
    return Layout(
        generation=generation,
        k0=k0,
        k1=k1,
        arena_end=arena_end,
        rule_sets_at=arena_end,
        rule_sets=rule_sets,
        clocks_at=clocks_at,
        clocks=clocks,
        directory_at=directory_at,
        directory=directory,
        ways_at=ways_at,
        ways=ways,
        words=ways_at + ways,
    )


def layout_read(head: bytes, size: int) -> Layout:
    """The layout that a file's first bytes declare.

    Raises:
        ProfilesCorrupt: not such a file, of another version or byte order, or not `size` bytes long.
    """
    layout = Layout(*_HEAD.read(head, "the table of profiles"))
    ends = (
        layout.rule_sets_at + layout.rule_sets,
        layout.clocks_at + layout.clocks,
        layout.directory_at + layout.directory,
        layout.ways_at + layout.ways,
    )
    starts = (layout.clocks_at, layout.directory_at, layout.ways_at, layout.words)
    if ends != starts or 8 * layout.words != size:
        raise ProfilesCorrupt(f"the table of profiles is {size} bytes long: cut off or overwritten")
    return layout


def slots_for(entries: int) -> int:
    """Five entries on eight slots, as in the names' snapshot."""
    return entries * 8 // 5 + 8


def directory_slot(number: int, slots: int) -> int:
    """Where the search for a profile begins (Fibonacci hashing, Knuth 6.4: numbers come one after the other)."""
    return ((number * 0x9E3779B1 & 0xFFFFFFFF) * slots) >> 32


def way_tag_and_slot(key: int, slots: int) -> tuple[int, int]:
    """A way's tag, and where the search for it begins."""
    return key >> 8 & 0xFFFFFFFF, ((key >> 32) * slots) >> 32


def way_word(key: int, slot: int | None) -> int:
    """What stands in a slot of the ways: the way's tag, and the directory's slot to which it leads; None for nowhere."""
    return (key >> 8 & 0xFFFFFFFF) << 32 | (GONE if slot is None else slot + 1)


def own_pack(until: int, *, allow: bool, then: bool | None = None) -> int:
    """Effect, end, and what is after it in 32 bits: above the end stands BLOCK or ALLOW where that is nothing, else
    `BLOCK_THEN_ALLOW` or `ALLOW_THEN_BLOCK`. An end past 2058 is that year's.
    """
    if until == 0 or then == allow:
        return (ALLOW if allow else BLOCK) << 30
    end = min(max(until - OWN_EPOCH, 1), (1 << 30) - 1)
    if then is None:
        return (ALLOW if allow else BLOCK) << 30 | end
    return (ALLOW_THEN_BLOCK if allow else BLOCK_THEN_ALLOW) << 30 | end


def own_unpack(word: int) -> tuple[int, int, int]:
    """(effect, end in Unix seconds or 0, effect after that); PASS thrice where there is no word."""
    kind, end = word >> 30, word & ((1 << 30) - 1)
    if not end:
        return kind, 0, PASS
    effect, then = {
        BLOCK_THEN_ALLOW: (BLOCK, ALLOW),
        ALLOW_THEN_BLOCK: (ALLOW, BLOCK),
    }.get(kind, (kind, PASS))
    return effect, end + OWN_EPOCH, then


_NAME = re.compile(r"profiles-(\d{8})\.table")


def table_path(folder: Path, generation: int) -> Path:
    return folder / f"profiles-{generation:08d}.table"


def generations(folder: Path) -> list[int]:
    """Every generation with a file here, newest first. A file has its name only once it is whole."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    return sorted(
        (int(match[1]) for name in names if (match := _NAME.fullmatch(name))), reverse=True
    )


def supersede(folder: Path, current: int) -> None:
    """Tell whoever maps an older generation to open the current one."""
    for generation in generations(folder):
        if generation >= current:
            continue
        try:
            descriptor = os.open(table_path(folder, generation), os.O_RDWR)
        except OSError:
            continue
        try:
            if os.fstat(descriptor).st_size >= HEADER_SIZE:
                os.pwrite(descriptor, struct.pack("<Q", 1), 8 * W_SUPERSEDED)
        finally:
            os.close(descriptor)


def sweep(folder: Path, keep: set[int]) -> None:
    """Delete drafts and the generations that nobody needs; readers keep what they have mapped."""
    for draft in folder.glob(".profiles-*.tmp"):
        draft.unlink(missing_ok=True)
    for generation in generations(folder):
        if generation not in keep:
            table_path(folder, generation).unlink(missing_ok=True)
