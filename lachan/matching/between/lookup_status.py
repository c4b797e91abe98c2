"""How look-up processes stand: numbers only, a file a process. Nothing of who asked, and for what."""

import contextlib
import os
import time
from pathlib import Path

import msgspec

from lachan.kernel.files import file_write
from lachan.matching.between.paths import status_file, status_files

BUCKETS = 24
_FRESH_SECONDS = 10.0


class LookupStatus(msgspec.Struct, kw_only=True):
    """Attributes:
    calls, values, hits: since the start; refused: calls that got no answer, by code.
    took: calls by the time they took: the one at place n took less than 2**n microseconds.
    """

    pid: int
    listen: str = ""
    started: float = 0.0
    written: float = 0.0
    sequence: int = 0
    calls: int = 0
    values: int = 0
    hits: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    took: list[int] = msgspec.field(default_factory=lambda: [0] * BUCKETS)

    def count(self, values: int, hits: int, seconds: float) -> None:
        self.calls += 1
        self.values += values
        self.hits += hits
        self.took[min(int(seconds * 1e6).bit_length(), BUCKETS - 1)] += 1

    def refuse(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1


def status_write(home: Path, status: LookupStatus) -> None:
    """A full or read-only disk must not stop answers."""
    status.written = time.time()
    path = status_file(home, status.pid)
    with contextlib.suppress(OSError):
        file_write(path, msgspec.json.encode(status), mode=0o644, durable=False)


def status_remove(home: Path) -> None:
    status_file(home, os.getpid()).unlink(missing_ok=True)


def status_sum(home: Path) -> LookupStatus:
    """All processes that answer now, together; `pid` is their number."""
    total = LookupStatus(pid=0)
    for path in status_files(home):
        try:
            one = msgspec.json.decode(path.read_bytes(), type=LookupStatus)
        except (OSError, ValueError):
            continue
        if time.time() - one.written > _FRESH_SECONDS or len(one.took) != BUCKETS:
            continue
        total.pid += 1
        total.calls += one.calls
        total.values += one.values
        total.hits += one.hits
        total.took = [a + b for a, b in zip(total.took, one.took, strict=True)]
        for code, count in one.refused.items():
            total.refused[code] = total.refused.get(code, 0) + count
    return total
