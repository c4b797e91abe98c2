"""The files of a collection, and the one that says which of them are in force.

    manifest.json          generation, sequence, the segments of each algorithm, the logs since
    writer.lock            held by the one process that writes
    log-00000007           changes that no segment holds yet
    pdq/00000003.facts     a segment: what is known of each row …
    pdq/00000003.index     … and the algorithm's own index of the same rows
    pdq/00000003.gone-5    rows of it that are no longer there, as of generation 5

All but the logs never change once the manifest names them. A new manifest is moved over the old in one
step, so that a crash at any moment leaves one whole collection and perhaps files that nobody names.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lachan.kernel.files import file_write
from lachan.matching.records import (
    NoCollection,
    SegmentCorrupt,
    SegmentVersion,
    StoreLocked,
    StoreUnwritable,
)
from lachan.matching.store import layout as ly

# An index may be drafted under a name of its algorithm's choice: hidden, with its own name in front.
_OURS = re.compile(r"log-\d{8}|\d{8}\.(?:facts|index|gone-\d+)|.*\.tmp|\.\d{8}\.index.*\.draft")
_NUMBER = re.compile(r"\.?(?:log-)?(\d{8})\b")
_BEGUN = re.compile(r"writer\.lock|log-00000001|\.?(?:log-00000001|manifest\.json)\b.*\.tmp")
_REPLACED_SECONDS = 1.0
"""A reader waits so long at most for a collection that is being put in another's place: two renames."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SegmentName(msgspec.Struct, frozen=True):
    """A segment in force; `gone` is the generation of its file of rows that are no longer there, or 0."""

    number: int
    rows: int
    gone: int = 0


class Shelved(msgspec.Struct, frozen=True):
    """An algorithm's segments, oldest first."""

    width: int
    segments: tuple[SegmentName, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """What is in force.

    Attributes:
        collection: 32 hexadecimal digits that all files of the collection share.
        generation: grows with every manifest.
        sequence: the ledger's, as of the segments; the logs may go further.
        shelves: by algorithm.
        logs: numbers, in order; the last one is written.
    """

    version: int
    collection: str
    generation: int
    sequence: int
    shelves: dict[str, Shelved]
    logs: tuple[int, ...]

    @property
    def key(self) -> bytes:
        return bytes.fromhex(self.collection)


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Say in our own words why a disk would not take something."""
    try:
        yield
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> StoreUnwritable:
    """What the disk says, in our own words."""
    why = "the disk is full" if error.errno in _NO_ROOM else error.strerror or "unknown"
    return StoreUnwritable(f"the collection cannot be written: {why}")


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def vacant(self) -> bool:
        """Whether nothing is here but what a collection leaves that was cut off while it was made."""
        return all(_BEGUN.fullmatch(path.name) for path in self.path.iterdir())

    def log(self, number: int) -> Path:
        return self.path / f"log-{number:08d}"

    def facts(self, algorithm: str, number: int) -> Path:
        return self.path / algorithm / f"{number:08d}.facts"

    def index(self, algorithm: str, number: int) -> Path:
        return self.path / algorithm / f"{number:08d}.index"

    def gone(self, algorithm: str, name: SegmentName) -> Path:
        return self.path / algorithm / f"{name.number:08d}.gone-{name.gone}"

    def stamp(self) -> tuple[int, int]:
        """Changes when another manifest is put in force; (0, 0) where there is none."""
        try:
            found = (self.path / "manifest.json").stat()
        except OSError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns

    def manifest_read(self) -> Manifest:
        """What is in force.

        Raises:
            NoCollection: nothing is here.
            SegmentVersion: written by another version.
            SegmentCorrupt: altered or unreadable.
        """
        try:
            raw = self._manifest_raw()
        except (FileNotFoundError, NotADirectoryError):
            raise NoCollection(f"there is no collection in {self.path}") from None
        except OSError as error:
            raise SegmentCorrupt(f"the manifest cannot be read: {error.strerror}") from None
        body, _, check = raw.rstrip().rpartition(b"\n")
        try:
            version = msgspec.json.decode(body or raw, type=dict[str, object]).get("version")
            if version != ly.VERSION:
                raise SegmentVersion(
                    f"the collection is of version {version}; this program reads {ly.VERSION}"
                )
            if int(check, 16) != zlib.crc32(body):
                raise SegmentCorrupt("the manifest was altered")
            return msgspec.json.decode(body, type=Manifest)
        except (msgspec.DecodeError, ValueError):
            raise SegmentCorrupt("the manifest was altered or cut off") from None

    def _manifest_raw(self) -> bytes:
        path, until = self.path / "manifest.json", time.monotonic() + _REPLACED_SECONDS
        while True:
            try:
                return path.read_bytes()
            except FileNotFoundError:
                # In the middle of `replace`, or just after it.
                replaced = self._aside.exists() or path.exists()
                if not replaced or time.monotonic() > until:
                    raise
            time.sleep(0.001)

    @property
    def _aside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.old")

    def replace(self, draft: Path) -> None:
        """Put a whole collection that nobody has open in this one's place, if there is one.

        Between the two renames there is none: whoever opens or looks waits (`manifest_read`).

        Raises:
            OSError: it cannot be moved.
        """
        shutil.rmtree(self._aside, ignore_errors=True)
        if self.path.exists():
            self.path.rename(self._aside)
        draft.rename(self.path)
        shutil.rmtree(self._aside, ignore_errors=True)

    def put_back(self) -> None:
        """After a kill in the middle of `replace`: the old one is better than none."""
        if self._aside.exists() and not self.path.exists():
            self._aside.rename(self.path)

    def manifest_write(self, manifest: Manifest) -> None:
        """Put it in force, once it is on the disk."""
        body = msgspec.json.encode(manifest)
        raw = body + b"\n%08x\n" % zlib.crc32(body)
        file_write(self.path / "manifest.json", raw, mode=0o644)

    def next_number(self, manifest: Manifest) -> int:
        """A number that no log or segment has, named by the manifest or not."""
        taken = [*manifest.logs, 0]
        taken += [name.number for shelf in manifest.shelves.values() for name in shelf.segments]
        taken += [int(found[1]) for path in self._files() if (found := _NUMBER.match(path.name))]
        return max(taken) + 1

    def sweep(self, manifest: Manifest) -> None:
        """Delete what the manifest does not name; readers keep what they have mapped."""
        kept = {self.log(number) for number in manifest.logs}
        for algorithm, shelf in manifest.shelves.items():
            for name in shelf.segments:
                kept |= {self.facts(algorithm, name.number), self.index(algorithm, name.number)}
                kept |= {self.gone(algorithm, name)} if name.gone else set()
        for path in self._files():
            if path not in kept:
                path.unlink(missing_ok=True)

    def logs(self) -> list[Path]:
        return sorted(self.path.glob("log-????????"))

    def size(self, algorithm: str) -> int:
        """Bytes of an algorithm's files."""
        total = 0
        for path in (self.path / algorithm).glob("*.*"):
            with contextlib.suppress(FileNotFoundError):  # swept in between
                total += path.stat().st_size
        return total

    def _files(self) -> list[Path]:
        """Every file here that a collection could have made."""
        found = [path for path in self.path.glob("*") if path.is_file()]
        found += [path for path in self.path.glob("*/*") if path.is_file()]
        return [path for path in found if _OURS.fullmatch(path.name)]

    def lock(self) -> int:
        """Hold the writer's lock until the returned descriptor is closed, or the process ends.

        Raises:
            StoreLocked: another process holds it.
            StoreUnwritable: the disk is read-only, or not this user's.
        """
        with writing():
            descriptor = os.open(
                self.path / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(descriptor)
                if isinstance(error, BlockingIOError):
                    raise StoreLocked("another process writes this collection") from None
                raise
        return descriptor
