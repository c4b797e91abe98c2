"""What a scan has done, beside its report, so that an interrupted one goes on where it was.

One line of JSON an item, written as soon as its outcome is known; the first line says which scan it is, and
what state the lists were in when it began.
A kill costs at most the items that were being examined. A line that a crash cut short is cut off; items
whose file has changed since have another name and are examined anew.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from lachan.matching.scanning.records import Counts, Finding, Item, Outcome, ScanConflict

_VERSION = 2


class _Head(msgspec.Struct):
    scan: str
    version: int
    state: str = ""


class _Line(msgspec.Struct, omit_defaults=True):
    item: str
    counts: Counts
    findings: list[Finding] = []
    follow: list[tuple[int, int]] = []


def item_name(item: Item) -> str:
    """Sixteen digits that stand for one item: another file, time or share has others."""
    what = f"{item.size} {item.changed} {item.task} {item.first} {item.last} ".encode()
    return hashlib.blake2b(what + os.fsencode(item.path), digest_size=8).hexdigest()


def scan_name(settings: Any) -> str:
    """Stands for everything that decides what a scan finds."""
    return hashlib.blake2b(msgspec.json.encode(settings), digest_size=16).hexdigest()


def _begun(raw: bytes, scan: str) -> str:
    """The state of the lists when this scan began, by the journal's first line."""
    head = msgspec.json.decode(raw, type=_Head)
    if head.version != _VERSION:
        other = "of another version of this program"
    elif head.scan != scan:
        other = "of another scan"
    else:
        return head.state
    raise ScanConflict(f"the journal beside the report is {other}: --restart forgets it")


class Journal:
    """The journal of one scan; held by one process until it is closed.

    Attributes:
        state: of the lists when the scan began, in whichever run.
        done: items by name, each with the shares that it turned out to hold.
        finished: set once the report stands; then `close` removes the journal.
    """

    def __init__(self, path: Path, scan: str, state: str = "", *, restart: bool = False) -> None:
        """Open, or begin with lists in this state.

        Raises:
            ScanConflict: another process writes it, or it is of another scan or version (`restart` throws
                that away).
            OSError: it cannot be written.
        """
        self._path, self.state = path, state
        self.finished = False
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock()
            if restart:
                os.ftruncate(self._file, 0)
            self.done = self._read(scan)
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ScanConflict("another scan writes this report now") from None

    def _read(self, scan: str) -> dict[str, list[tuple[int, int]]]:
        """What is done; whatever follows the last whole line is cut off."""
        end = 0
        done = {}
        with open(self._file, "rb", closefd=False) as file:
            for number, raw in enumerate(file):
                if not raw.endswith(b"\n"):
                    break
                try:
                    if number == 0:
                        self.state = _begun(raw, scan)
                    else:
                        line = msgspec.json.decode(raw, type=_Line)
                        done[line.item] = line.follow
                except msgspec.DecodeError:
                    break
                end += len(raw)
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        if end == 0:
            self._write(_Head(scan, _VERSION, self.state))
            return {}
        return done

    def note(self, outcome: Outcome) -> None:
        """Raises: OSError, where the disk is full."""
        name = item_name(outcome.item)
        self._write(_Line(name, outcome.counts, outcome.findings, outcome.follow))

    def _write(self, line: msgspec.Struct) -> None:
        raw = msgspec.json.encode(line) + b"\n"
        while raw:
            raw = raw[os.write(self._file, raw) :]

    def outcomes(self, wanted: set[str]) -> Iterator[tuple[Counts, list[Finding]]]:
        """What was noted of the items with these names, each once."""
        left = set(wanted)
        with self._path.open("rb") as file:
            next(file)
            for raw in file:
                line = msgspec.json.decode(raw, type=_Line)
                if line.item in left:
                    left.discard(line.item)
                    yield line.counts, line.findings

    def close(self) -> None:
        """Give it back; a finished scan leaves none."""
        if self.finished:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
