"""The write-ahead log: changes in order, each under a checksum that includes all before it.

A writer appends with one write and then publishes the new end in one word of the mapped head: a reader in
any process sees the whole change or nothing of it. What is published outlives the writer (the page cache is
the machine's), what was synced outlives the machine. After a crash of the machine the log counts as far as
its checksums hold together; they must hold at least as far as it was synced, or the log is damaged and says
so. The room is reserved when the log is made, so a full disk is met there and not in the middle of a change.

    CRC-32 of all until here | length of the payload u16 | what u8 | number u8 | payload | to eight bytes

Changes that were appended together carry a mark, all but the last: they count together or not at all.
"""

import contextlib
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from lachan.kernel.files import file_draft
from lachan.kernel.process import boot_word
from lachan.matching.records import SegmentCorrupt
from lachan.matching.store import layout as ly

SIZE = 8 << 20
ALGORITHM, LABEL, ADD, REPLACE, REMOVE, COMMIT = range(1, 7)
_MORE = 0x80  # another change belongs to this one: both or neither

# Words of the head that change, counted in eight bytes from the file's start. All but the second hold a
# number and a check of it, so that one store changes both and a flipped bit is not taken for a number.
_END, _BOOT, _SYNCED, _GENERATION = 64, 72, 80, 88

_PADS = [bytes(-size % 8) for size in range(8)]
_CHECK, _WHAT = struct.Struct("<I"), struct.Struct("<HBB")
_START = ly.HEAD_SIZE


def _sealed(number: int) -> int:
    return number | zlib.crc32(number.to_bytes(4, "little")) << 32


Change = tuple[int, int, bytes]
"""What, number, payload. ALGORITHM gives a number a name, LABEL a label the next number, ADD an entry that
was not there before, REPLACE one that was or may have been, REMOVE takes one away, COMMIT names the ledger's
sequence. The number is the algorithm's, as this log has named it."""


class LogFull(Exception):
    """No room: nothing was written."""


def log_create(path: Path, *, collection: bytes, number: int, generation: int) -> None:
    """Make an empty log with all its room, durable under its own name.

    Raises:
        OSError: no room for it.
    """
    with file_draft(path, mode=0o644, size=SIZE) as descriptor:
        salt = int.from_bytes(os.urandom(4), "little")
        head = ly.Head(
            role=ly.LOG, collection=collection, number=number, size=SIZE,
            places=(salt, *[0] * (ly.PLACES - 1)),
        )  # fmt: skip
        page = bytearray(head.pack())
        for word, value in (
            (_END, _START), (_SYNCED, _START), (_GENERATION, generation),
        ):  # fmt: skip
            struct.pack_into("<Q", page, 8 * word, _sealed(value))
        struct.pack_into("<Q", page, 8 * _BOOT, boot_word())
        os.pwrite(descriptor, page, 0)


class Log:
    """A log, opened to read; `at` is where it was read to."""

    def __init__(self, path: Path, *, collection: bytes, writable: bool = False) -> None:
        """Map it.

        Raises:
            SegmentCorrupt, SegmentVersion: as `head_read`.
            FileNotFoundError: no such file.
        """
        self.name = path.name
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        try:
            self.head = ly.head_read(descriptor, self.name, role=ly.LOG, collection=collection)
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self._map = mmap.mmap(descriptor, self.head.size, access=access)
        except BaseException:
            os.close(descriptor)
            raise
        if writable:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        self._words = memoryview(self._map)[:_START].cast("Q")
        self.at, self._check = _START, self.head.places[0]
        self._seen = self._calm = 0

    def quiet(self) -> bool:
        """Whether nothing was published since `changes` was last asked, and no bell rang; costs two words."""
        words = self._words
        return words[_END] == self._seen and words[_GENERATION] == self._calm

    def attend(self, generation: int) -> None:
        """Wait for a bell that tells of a newer manifest than this."""
        self._calm = _sealed(generation)

    @property
    def generation(self) -> int:
        """Of the newest manifest, where this log is or was the last one.

        Raises:
            SegmentCorrupt: the word was altered.
        """
        return self._word(_GENERATION)

    def _word(self, place: int) -> int:
        word = self._words[place]
        if word != _sealed(word & 0xFFFFFFFF):
            raise SegmentCorrupt(f"{self.name}: its head was altered")
        return word & 0xFFFFFFFF

    def _place(self, place: int) -> int:
        end = self._word(place)
        if not _START <= end <= self.head.size:
            raise SegmentCorrupt(f"{self.name} ends nowhere")
        return end

    def changes(self) -> Iterator[Change]:
        """What was published since the last call.

        Raises:
            SegmentCorrupt: a byte of it was altered.
        """
        seen, least = self._words[_END], self._acknowledged()
        self._seen = 0  # whoever meets damage meets it again at the next look
        # Since the machine started nobody has settled where the log ends: it counts as far as it is whole.
        end = least if self._settled else self.head.size
        while group := self._group(end):
            yield from group
        if self.at < least:
            raise SegmentCorrupt(f"{self.name}: changes that were acknowledged are damaged")
        self._seen = seen

    @property
    def _settled(self) -> bool:
        """Whether its end was published on this start of the machine, and so cannot be out of date."""
        return self._words[_BOOT] == boot_word() != 0

    def _acknowledged(self) -> int:
        """How far the log must be whole."""
        end, synced = self._place(_END), self._place(_SYNCED)
        return max(end, synced) if self._settled else synced

    def _group(self, end: int) -> list[Change]:
        """The changes that were appended together at `at`, and on to the next; none where they are not whole."""
        at, check, group = self.at, self._check, list[Change]()
        while self.at < end and (change := self._next(end)):
            what, number, payload = change
            group.append((what & ~_MORE, number, payload))
            if not what & _MORE:
                return group
        self.at, self._check = at, check
        return []

    def _next(self, end: int) -> Change | None:
        """The record at `at`, and on to the next; None where there is no sound one before `end`."""
        at = self.at
        start = at + _CHECK.size + _WHAT.size
        if start > end:
            return None
        (check,) = _CHECK.unpack_from(self._map, at)
        length, what, number = _WHAT.unpack_from(self._map, at + _CHECK.size)
        stop = start + length
        if what == 0 or stop > end:
            return None
        found = zlib.crc32(self._map[at + _CHECK.size : stop], self._check)
        if found != check:
            return None
        self._check, self.at = found, stop + -stop % 8
        return what, number, self._map[start:stop]


class LogWriter(Log):
    """The last log of a collection, in the hands of its one writer."""

    def __init__(self, path: Path, *, collection: bytes) -> None:
        """Open it, and settle what a crash may have left.

        Raises:
            SegmentCorrupt: what had been synced, or published since the machine started, is not whole.
        """
        super().__init__(path, collection=collection, writable=True)
        try:
            self._recover()
        except BaseException:
            os.close(self._descriptor)
            raise

    def _recover(self) -> None:
        least = self._acknowledged()
        while self._group(self.head.size):
            pass
        if self.at < least:
            raise SegmentCorrupt(f"{self.name}: changes that were acknowledged are damaged")
        # What lies beyond is torn. It goes, lest it seem to follow what is written next.
        rest = self._map[self.at :].rstrip(b"\0")
        if rest:
            os.pwrite(self._descriptor, bytes(len(rest)), self.at)
        self._words[_END], self._words[_BOOT] = _sealed(self.at), boot_word()
        self.sync()

    def append(self, changes: list[Change], *, durable: bool) -> None:
        """Write and publish, all or nothing whatever happens; with `durable` only once it is on the disk.

        Raises:
            LogFull: not enough room; nothing was written.
            OSError: the disk would not; nothing was published.
        """
        check, parts, left = self._check, list[bytes](), len(changes)
        for what, number, payload in changes:
            left -= 1
            inner = _WHAT.pack(len(payload), what | _MORE if left else what, number) + payload
            check = zlib.crc32(inner, check)
            parts.append(_CHECK.pack(check) + inner + _PADS[len(inner) + _CHECK.size & 7])
        raw = b"".join(parts)
        end = self.at + len(raw)
        if end > self.head.size:
            raise LogFull
        written = os.pwrite(self._descriptor, raw, self.at)
        while written < len(raw):
            written += os.pwrite(self._descriptor, raw[written:], self.at + written)
        if durable:
            os.fdatasync(self._descriptor)
        self.at, self._check = end, check
        self._words[_END] = _sealed(end)
        if durable:
            self._words[_SYNCED] = _sealed(end)

    def sync(self) -> None:
        """Make everything so far durable.

        Raises:
            OSError: the disk would not.
        """
        end = self.at
        os.fdatasync(self._descriptor)
        # Only now: this word may reach the disk before what is appended next, never before what it speaks of.
        self._words[_SYNCED] = _sealed(end)

    def ring(self, generation: int) -> None:
        """Tell whoever reads this log that there is a newer manifest."""
        self._words[_GENERATION] = _sealed(generation)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def ring(path: Path, generation: int) -> None:
    """`LogWriter.ring` for a log that may no longer be in force, or not whole."""
    with contextlib.suppress(OSError), path.open("r+b") as file:
        if os.fstat(file.fileno()).st_size >= _START:
            os.pwrite(file.fileno(), struct.pack("<Q", _sealed(generation)), 8 * _GENERATION)
