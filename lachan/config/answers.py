"""Bodies of responses: pages in memory, large lists as files, which the server sends by itself.

However slowly a list is read, nobody waits for its reader: no worker, and no memory but the system's own. The
same list is made once for all who ask at once.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import itertools
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from lachan.kernel.process import started_at

_SMALL = 64 * 1024
_MOST_BYTES = (
    1 << 30
)  # of all files together, those still included that somebody reads after they went
_GRACE_SECONDS = 60.0  # the server opens a file a moment after it was told to


class NoRoom(Exception):
    """Large answers hold all the room that there is for them."""


@dataclasses.dataclass(slots=True)
class Answer:
    """Attributes: body: all of it, or the file that holds it, or will."""

    status: int
    headers: list[tuple[str, str]]
    body: "bytes | Future[Path]"

    async def give(self, proto: Any) -> None:
        """Hand it to the server (RSGI's protocol), and do not wait until it is read.

        Raises:
            NoRoom: nothing was handed over.
        """
        if isinstance(self.body, bytes):
            proto.response_bytes(self.status, self.headers, self.body)
            return
        path = await asyncio.wrap_future(self.body)
        proto.response_file(self.status, self.headers, str(path))


@dataclasses.dataclass(slots=True)
class _Kept:
    """A file, made or in the making. Attributes: used: when it was last given out."""

    ready: Future[Path]
    used: float
    size: int = 0


class Answers:
    """The large answers of one process, in a folder of its own; the oldest go first."""

    def __init__(self, folder: Path, most: int = _MOST_BYTES) -> None:
        self._folder, self._most = folder, most
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()  # the longest unused first
        self._names = itertools.count()
        _folder_make(folder)

    def take(
        self,
        environ: dict[str, Any],
        status: int,
        headers: list[tuple[str, str]],
        pieces: Iterable[bytes],
    ) -> Answer:
        """All of an answer; what another worker makes at this moment, or has made, is not made again.

        Raises: whatever `pieces` raises.
        """
        if environ["REQUEST_METHOD"] == "HEAD":
            return Answer(status, headers, b"")
        if (key := _key(environ, status, headers)) is None:
            return Answer(status, headers, b"".join(pieces))
        if (known := self._find(key)) is not None:
            return Answer(status, headers, known)
        rest, first = iter(pieces), bytearray()
        for piece in rest:
            first += piece
            if len(first) > _SMALL:
                return Answer(status, headers, self._make(key, itertools.chain((first,), rest)))
        return Answer(status, headers, bytes(first))

    def clear(self) -> None:
        """Give up the folder, at the end of the process."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _find(self, key: bytes) -> Future[Path] | None:
        with self._lock:
            if (kept := self._kept.get(key)) is None:
                return None
            self._kept.move_to_end(key)
            kept.used = time.monotonic()
            return kept.ready

    def _make(self, key: bytes, pieces: Iterable[bytes]) -> Future[Path]:
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                return known.ready
            kept = self._kept[key] = _Kept(Future(), time.monotonic())
        path = self._folder / str(next(self._names))
        try:
            with open(path, "xb", opener=_mine) as file:
                for piece in pieces:
                    self._make_room(len(piece))
                    kept.size += file.write(piece)
        except BaseException as error:
            with self._lock:
                del self._kept[key]
            path.unlink(missing_ok=True)
            # Whoever waits for it hears no more than that there is none.
            kept.ready.set_exception(NoRoom())
            if isinstance(error, NoRoom | OSError):
                return kept.ready
            raise
        kept.ready.set_result(path)
        return kept.ready

    def _make_room(self, wanted: int) -> None:
        """Raises: NoRoom."""
        with self._lock:
            while sum(kept.size for kept in self._kept.values()) + wanted > self._most:
                key, oldest = next(iter(self._kept.items()))
                if not oldest.ready.done() or time.monotonic() < oldest.used + _GRACE_SECONDS:
                    raise NoRoom
                del self._kept[key]
                oldest.ready.result().unlink(missing_ok=True)
                if _gone_and_read(self._folder) > self._most:
                    raise NoRoom


def _mine(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _key(environ: dict[str, Any], status: int, headers: list[tuple[str, str]]) -> bytes | None:
    """Alike for answers that are the same, byte for byte; None where nobody says so: a page may hold what a
    child wrote, and never touches the disk.
    """
    said = {name.lower(): value for name, value in headers}
    if status != 200 or "etag" not in said or "no-store" in said.get("cache-control", ""):
        return None
    asked = [environ.get(name, "") for name in ("PATH_INFO", "QUERY_STRING", "HTTP_AUTHORIZATION")]
    return hashlib.sha256(repr((asked, headers)).encode()).digest()


def _gone_and_read(folder: Path) -> int:
    """Bytes of files that went and that slow readers hold open still (Linux; 0 elsewhere)."""
    size = 0
    for name in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            target = str(name.readlink())
            if target.startswith(f"{folder}/") and target.endswith(" (deleted)"):
                size += name.stat().st_size
    return size


def _folder_make(folder: Path) -> None:
    """An empty folder; those of processes that were killed go."""
    for each in (folder.parent, folder):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in folder.parent.iterdir():
        if other != folder and not (other.name.isdigit() and started_at(int(other.name))):
            shutil.rmtree(other, ignore_errors=True)
