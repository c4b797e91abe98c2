"""The write-ahead log: changes in order, each under a checksum that includes all before it.

A writer appends with one write and then publishes the new end in one word of the mapped head: a reader in
any process sees the whole change or nothing of it. What is published outlives the writer (the page cache is
the machine's), what was synced outlives the machine. After a crash of the machine the log counts as far as
its checksums hold together; they must hold at least as far as it was synced, or the log is damaged and says
so. The room is reserved when the log is made, so a full disk is met there and not in the middle of a change.

    CRC-32 of all until here | length of the payload u16 | what u8 | number u8 | payload | to eight bytes
"""

import contextlib
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lachan.kernel.process import boot_word
from lachan.matching.records import SegmentCorrupt
from lachan.matching.store import layout as ly

SIZE = 8 << 20
ALGORITHM, LABEL, ADD, REPLACE, REMOVE, COMMIT = range(1, 7)
MAX_PAYLOAD = 60_000

# Words of the head that change, counted in eight bytes from the file's start.
_END, _SYNCED, _BOOT, _GENERATION = 64, 72, 80, 88

_CHECK, _WHAT = struct.Struct("<I"), struct.Struct("<HBB")
_START = ly.HEAD_SIZE


class Change(NamedTuple):
    """One record of a log.

    Attributes:
        what: ALGORITHM gives `number` a name, LABEL a label the next number, ADD an entry that was not
            there before, REPLACE one that was or may have been, REMOVE takes one away, COMMIT names
            the ledger's sequence.
        number: the algorithm's, as this log has named it.
    """

    what: int
    number: int
    payload: bytes


class LogFull(Exception):
    """No room: nothing was written."""


def log_create(path: Path, *, collection: bytes, number: int, generation: int) -> None:
    """Make an empty log with all its room, durable under its own name.

    Raises:
        OSError: no room for it.
    """
    draft = path.with_name(path.name + ".tmp")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, SIZE)
        salt = int.from_bytes(os.urandom(4), "little")
        head = ly.Head(
            role=ly.LOG, collection=collection, number=number, size=SIZE,
            places=(salt, *[0] * (ly.PLACES - 1)),
        )  # fmt: skip
        page = bytearray(head.pack())
        for word, value in (
            (_END, _START), (_SYNCED, _START), (_BOOT, boot_word()), (_GENERATION, generation),
        ):  # fmt: skip
            struct.pack_into("<Q", page, 8 * word, value)
        os.pwrite(descriptor, page, 0)
        os.fsync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    finally:
        os.close(descriptor)
    draft.replace(path)


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

    @property
    def end(self) -> int:
        """How far it is published."""
        return self._words[_END]

    @property
    def generation(self) -> int:
        """Of the newest manifest, where this log is or was the last one."""
        return self._words[_GENERATION]

    def changes(self) -> Iterator[Change]:
        """What was published since the last call.

        Raises:
            SegmentCorrupt: a byte of it was altered.
        """
        end = self._words[_END]
        if not _START <= end <= self.head.size:
            raise SegmentCorrupt(f"{self.name} ends nowhere")
        while self.at < end:
            change = self._next(end)
            if change is None:
                raise SegmentCorrupt(f"{self.name}: a change was altered")
            yield change

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
        return Change(what, number, self._map[start:stop])


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
        boot = boot_word()
        same_boot = boot != 0 and boot == self._words[_BOOT]
        least = self.end if same_boot else self._words[_SYNCED]
        if not _START <= least <= self.head.size:
            raise SegmentCorrupt(f"{self.name} ends nowhere")
        stop = least if same_boot else self.head.size
        while self.at < stop and self._next(stop):
            pass
        if self.at < least:
            raise SegmentCorrupt(f"{self.name}: changes that were acknowledged are damaged")
        # What lies beyond was never acknowledged. It goes, lest it seem to follow what is written next.
        rest = self._map[self.at :].rstrip(b"\0")
        if rest:
            os.pwrite(self._descriptor, bytes(len(rest)), self.at)
        self._words[_END], self._words[_BOOT] = self.at, boot
        self.sync()

    def append(self, changes: list[Change], *, durable: bool) -> None:
        """Write and publish; with `durable` only once it is on the disk.

        Raises:
            LogFull: not enough room; nothing was written.
            OSError: the disk would not; nothing was published.
        """
        check, parts = self._check, list[bytes]()
        for what, number, payload in changes:
            inner = _WHAT.pack(len(payload), what, number) + payload
            check = zlib.crc32(inner, check)
            parts += _CHECK.pack(check), inner, bytes(-(_CHECK.size + len(inner)) % 8)
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
        self._words[_END] = end
        if durable:
            self._words[_SYNCED] = end

    def sync(self) -> None:
        """Make everything so far durable.

        Raises:
            OSError: the disk would not.
        """
        end = self.at
        os.fdatasync(self._descriptor)
        # Only now: this word may reach the disk before what is appended next, never before what it speaks of.
        self._words[_SYNCED] = end

    def ring(self, generation: int) -> None:
        """Tell whoever reads this log that there is a newer manifest."""
        self._words[_GENERATION] = generation

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def ring(path: Path, generation: int) -> None:
    """`LogWriter.ring` for a log that may no longer be in force, or not whole."""
    with contextlib.suppress(OSError), path.open("r+b") as file:
        if os.fstat(file.fileno()).st_size >= _START:
            os.pwrite(file.fileno(), struct.pack("<Q", generation), 8 * _GENERATION)
