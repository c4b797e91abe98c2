"""The files of a snapshot folder.

`manifest.json` names the generation in force; `base-N.snap` and `delta-N.snap` are its two tables. The
generation before it stays on the disk, so that there is a last good one to fall back on.
"""

import fcntl
import os
import re
import struct
from pathlib import Path

import msgspec

from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.records import SnapshotCorrupt, SnapshotLocked
from lachan.kernel.files import file_draft

_NAME = re.compile(r"(?:base|delta)-(\d{8})\.snap")
# Of ours: the members' domains are written in the same folder by whoever finds them changed.
_DRAFT = re.compile(r"\.?(?:manifest\.json|(?:base|delta)-\d{8}\.snap)\b.*\.tmp")


class Manifest(msgspec.Struct, frozen=True):
    version: int
    generation: int


class SnapshotFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def base(self, generation: int) -> Path:
        return self.path / f"base-{generation:08d}.snap"

    def delta(self, generation: int) -> Path:
        return self.path / f"delta-{generation:08d}.snap"

    def manifest_read(self) -> int | None:
        """The generation in force; None where there is no snapshot yet.

        Raises:
            SnapshotCorrupt: there is a manifest, but it says nothing that can be followed.
        """
        try:
            raw = (self.path / "manifest.json").read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise SnapshotCorrupt(f"cannot read the manifest: {error.strerror}") from None
        try:
            manifest = msgspec.json.decode(raw, type=Manifest)
        except msgspec.DecodeError:
            raise SnapshotCorrupt("the manifest is not readable") from None
        if manifest.version != ly.VERSION:
            raise SnapshotCorrupt(f"snapshot version {manifest.version}, not {ly.VERSION}")
        return manifest.generation

    def manifest_write(self, generation: int) -> None:
        raw = msgspec.json.encode(Manifest(ly.VERSION, generation))
        self.place("manifest.json", raw)

    def place(self, name: str, data: bytes, *, size: int = 0) -> None:
        """Write a file of at least `size` bytes, durable, in the place of what stood there."""
        with file_draft(self.path / name, mode=0o644, size=size) as descriptor:
            os.pwrite(descriptor, data, 0)

    def generations(self) -> list[int]:
        """Every generation with a file here, newest first."""
        try:
            names = [path.name for path in self.path.iterdir()]
        except OSError:
            return []
        found = {int(match[1]) for name in names if (match := _NAME.fullmatch(name))}
        return sorted(found, reverse=True)

    def sweep(self, keep: set[int]) -> None:
        """Delete drafts and the generations that nobody needs; readers keep what they have mapped."""
        for draft in self.path.glob("*.tmp"):
            if _DRAFT.fullmatch(draft.name):
                draft.unlink(missing_ok=True)
        for generation in self.generations():
            if generation not in keep:
                self.base(generation).unlink(missing_ok=True)
                self.delta(generation).unlink(missing_ok=True)

    def supersede(self, current: int) -> None:
        """Tell whoever still maps another generation's delta to open the current one."""
        for generation in self.generations():
            if generation == current:
                continue
            try:
                descriptor = os.open(self.delta(generation), os.O_RDWR)
            except OSError:
                continue
            try:
                if os.fstat(descriptor).st_size >= ly.HEADER_SIZE:
                    os.pwrite(descriptor, struct.pack("<Q", 1), 8 * ly.W_SUPERSEDED)
            finally:
                os.close(descriptor)

    def lock(self) -> int:
        """Hold the writer's lock until the returned descriptor is closed, or the process ends.

        Raises:
            SnapshotLocked: another process holds it.
        """
        descriptor = os.open(self.path / "writer.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise SnapshotLocked("another process writes this snapshot folder") from None
        return descriptor
