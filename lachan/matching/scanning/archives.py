"""Zip, tar and single packed files: what is inside, one member after another, never unpacked to the disk.

**Threat:** archives are made to unpack to a thousand times their size, to hold a million names, or
themselves. Members are counted and so are the bytes that come out, over all depths together; a member is
read as far as its head declares and no further, so that what it declares is what it costs. A zip file's
directory is weighed before it is opened. Names are only ever shown, never opened.
"""

import bz2
import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple, Self, cast

from lachan.matching.scanning.directory import zip_fits
from lachan.matching.scanning.records import Limits

LEAST_SHARE, SHARES = 64, 64
"""A large zip file is cut into pieces of 64 members or more, and into 64 pieces at most: each reads the whole
directory of the archive anew."""
_TAR_MARKS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_PACKED = re.compile(rb"\x1f\x8b\x08|BZh[1-9](?:1AY&SY|\x17rE8P\x90)|\xfd7zXZ\x00")
_PACKED_NAMES = (".gz", ".bz2", ".xz")
_TAR_NAMES = (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")
# Past the first member, tarfile takes these for the end: what follows would be lost unsaid.
_BROKEN_HEADS = ("InvalidHeaderError", "TruncatedHeaderError")
DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(ValueError, IndexError, KeyError, OverflowError, OSError),
)
"""What readers of archives raise on bytes that are none, or were altered; `bz2` raises OSError."""


class TooMuch(Exception):
    """An archive holds more than the limits allow."""


class Member(NamedTuple):
    """One file inside; `stream` is None where it cannot be read, and `reason` says why."""

    name: str
    stream: IO[bytes] | None
    reason: str = ""


class Budget:
    """What may still come out of one archive, all depths together.

    Attributes:
        at_once: bytes that may be asked for in one piece.
    """

    def __init__(self, limits: Limits) -> None:
        self._members, self._bytes = limits.members, limits.unpacked
        self.at_once = limits.memory + (1 << 20)

    def spend(self, size: int, *, members: int = 1) -> None:
        self._members -= members
        self._bytes -= max(size, 0)
        if self._members < 0 or self._bytes < 0:
            raise TooMuch

    def zip_open(self, stream: IO[bytes]) -> zipfile.ZipFile:
        """Open a zip file whose directory fits in; its members are still to be paid for."""
        if not zip_fits(stream, self._members, self.at_once):
            raise TooMuch
        return zipfile.ZipFile(stream)


def archive_kind(name: str, head: bytes) -> str:
    """`zip`, `tar`, `packed` (one file by gzip, bzip2 or xz) or nothing, by its first bytes (262 or more)."""
    if head[:4] == b"PK\x03\x04" or head[:4] == b"PK\x05\x06":
        return "zip"
    if head.startswith(_TAR_MARKS) and name.lower().endswith(_TAR_NAMES):
        return "tar"
    if _PACKED.match(head):
        return "packed"
    return "tar" if head[257:262] == b"ustar" else ""


def zip_shares(stream: IO[bytes], limits: Limits) -> list[tuple[int, int]]:
    """A large zip file in shares that several processes can take; none where it is small.

    Raises:
        TooMuch: it declares more than `limits` allow.
    """
    budget = Budget(limits)
    with budget.zip_open(stream) as archive:
        members = archive.infolist()
        for member in members:
            budget.spend(member.file_size)
    if len(members) <= 2 * LEAST_SHARE:
        return []
    share = max(LEAST_SHARE, -(-len(members) // SHARES))
    return [(at, min(at + share, len(members))) for at in range(0, len(members), share)]


def members_of(
    kind: str, stream: IO[bytes], budget: Budget, first: int = 0, last: int | None = None,
    *, name: str = "",
) -> Iterator[Member]:  # fmt: skip
    """The files in an archive, each to be read before the next is asked for.

    Args:
        kind: as `archive_kind` says.
        stream: from its beginning.
        budget: what may come out.
        first, last: of a zip file's members.
        name: of the archive: one packed file is called so, without its ending.

    Raises:
        TooMuch: the budget is spent; what came before stands.
        one of DAMAGED: the rest cannot be read.
    """
    if kind == "zip":
        yield from _zip(stream, budget, first, last)
    elif kind == "packed":
        yield _packed(stream, budget, name)
    else:
        yield from _tar(stream, budget)


def _zip(stream: IO[bytes], budget: Budget, first: int, last: int | None) -> Iterator[Member]:
    with budget.zip_open(stream) as archive:
        for member in archive.infolist()[first:last]:
            budget.spend(member.file_size)  # folders too: they cost as much to read
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                yield Member(member.filename, None, "locked by a password")
                continue
            try:
                with archive.open(member) as content:
                    yield Member(member.filename, content)
            except NotImplementedError:
                yield Member(member.filename, None, "packed in an unknown way")
            except zipfile.BadZipFile:
                yield Member(member.filename, None, "damaged")


def _packed(stream: IO[bytes], budget: Budget, name: str) -> Member:
    budget.spend(0)
    inside = name.replace("\\", "/").rpartition("/")[2]
    for ending in _PACKED_NAMES:
        if inside.lower().endswith(ending):
            inside = inside[: -len(ending)]
    return Member(inside, cast("IO[bytes]", _Poured(_unpacked(stream), budget)))


def _tar(stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    content = cast("IO[bytes]", _Counted(_unpacked(stream), budget))
    with tarfile.open(fileobj=content, mode="r:", tarinfo=_Header) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would keep every name
            # The holes of a sparse file come out as zeros that nobody read: a few bytes can claim a terabyte.
            budget.spend(member.size if member.issparse() else 0)
            if member.isreg():
                yield Member(member.name, archive.extractfile(member))


class _Header(tarfile.TarInfo):
    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            if type(error).__name__ not in _BROKEN_HEADS:
                raise
            raise tarfile.ReadError(str(error)) from None


class _Counted:
    """What comes out of a tar file, heads, names and skipped members included."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream, self._budget = stream, budget
        self._furthest = 0
        self.tell = stream.tell
        self.close = stream.close

    def read(self, size: int = -1) -> bytes:
        # A name can claim to be gigabytes long; tarfile would read it at once.
        if not 0 <= size <= self._budget.at_once:
            raise TooMuch
        self._pay(self._stream.tell() + size)
        return self._stream.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        self._pay(place)
        return self._stream.seek(place, whence)

    def _pay(self, place: int) -> None:
        if place > self._furthest:
            self._budget.spend(place - self._furthest, members=0)
            self._furthest = place


class _Poured:
    """What comes out of one packed file: nothing declares how much that will be."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, size: int) -> bytes:
        piece = self._stream.read(min(size, self._budget.at_once))
        self._budget.spend(len(piece), members=0)
        return piece


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if head.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if head.startswith(b"\xfd7zXZ"):
        return cast("IO[bytes]", lzma.LZMAFile(stream))
    return stream
