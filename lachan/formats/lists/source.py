"""A list's bytes, line by line, unpacked where they are packed; nothing is held but one line.

**Threat:** a packed file of kilobytes that unpacks to terabytes. It is read as it comes, in bounded pieces,
and given up once it has grown far beyond what lists grow by.
"""

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Any, BinaryIO, cast

from lachan.formats.lists.record import MAX_LINE, UnreadableList

FREE, GROWTH = 64 << 20, 100
"""A packed list may unpack to 64 MiB, and beyond that to a hundred times its size: names in order take a
tenth, JSON with long equal facts a fortieth."""
_BZIP2 = [b"BZh%d1AY&SY" % level for level in range(1, 10)]
PACKED: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b\x08": lambda raw: cast("IO[bytes]", gzip.GzipFile(fileobj=raw)),
    b"\xfd7zXZ\x00": lambda raw: cast("IO[bytes]", lzma.LZMAFile(raw)),  # noqa: SIM115  closed below
    **dict.fromkeys(_BZIP2, lambda raw: cast("IO[bytes]", bz2.BZ2File(raw))),
}
"""How files begin that are unpacked while they are read."""
FOREIGN = {
    codecs.BOM_UTF16_LE: "the file is UTF-16 or UTF-32: save it as UTF-8",
    codecs.BOM_UTF16_BE: "the file is UTF-16 or UTF-32: save it as UTF-8",
    codecs.BOM_UTF32_BE: "the file is UTF-16 or UTF-32: save it as UTF-8",
    b"PK\x03\x04": "the file is a zip archive or a spreadsheet: unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "the file is a spreadsheet: save it as CSV",
    b"7z\xbc\xaf\x27\x1c": "the file is a 7z archive: unpack it first",
    b"Rar!\x1a\x07": "the file is a RAR archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "the file is packed by zstd: unpack it first",
    b"%PDF-": "the file is a PDF: save its table as CSV",
    b"PAR1": "the file is Parquet: `lachan collection import` reads it; save it as CSV",
}
"""How files begin that are no list as they are, and what to do with them."""


def packed_open(stream: IO[bytes], first: bytes) -> io.BufferedReader | None:
    """What a packed stream holds, to be read from its beginning; None where it is not packed.

    Args:
        stream: need not seek.
        first: its first bytes, taken from it already; ten or more, unless it has fewer.

    The stream that is returned raises UnreadableList where it unpacks to too much or is damaged.
    """
    for mark, opener in PACKED.items():
        if first.startswith(mark):
            return io.BufferedReader(_Unpacked(opener, _Rewound(first, stream)), MAX_LINE)
    return None


def foreign_check(first: bytes) -> None:
    """Refuse a file that is no text, by its first bytes.

    Raises:
        UnreadableList: with what to do about it.
    """
    for mark, advice in FOREIGN.items():
        if first.startswith(mark):
            raise UnreadableList(advice)


class Source:
    """A list to be read, opened for reading bytes.

    Raises:
        UnreadableList: from any call: it is no text, unpacks to too much, or is damaged.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream: IO[bytes] = stream
        self._held = b""
        first = self.readline(MAX_LINE)
        if (inside := packed_open(stream, first)) is not None:
            self._stream = inside
            first = self.readline(MAX_LINE)
        foreign_check(first)
        self.put_back(first.removeprefix(codecs.BOM_UTF8))

    def readline(self, size: int) -> bytes:
        """Up to and with the next line feed, at most `size` bytes; empty at the end."""
        if not self._held:
            return self._stream.readline(size)
        end = self._held.find(b"\n", 0, size) + 1
        if end or len(self._held) >= size:
            end = end or size
            piece, self._held = self._held[:end], self._held[end:]
            return piece
        piece, self._held = self._held, b""
        return piece + self._stream.readline(size - len(piece))

    def put_back(self, piece: bytes) -> None:
        """What was read too much: the next line begins with it."""
        self._held = piece + self._held


class _Rewound(io.RawIOBase):
    """A stream that need not seek, from its beginning again; counts what is taken."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first, self._stream = first, stream
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._first and size >= 0:
            piece, self._first = self._first[:size], self._first[size:]
        else:
            piece, self._first = self._first + self._stream.read(size), b""
        self.taken += len(piece)
        return piece


class _Unpacked(io.RawIOBase):
    def __init__(self, opener: Callable[[IO[bytes]], IO[bytes]], packed: _Rewound) -> None:
        self._packed, self._plain = packed, opener(cast("IO[bytes]", packed))
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        try:
            piece = self._plain.read(len(into))
        except (EOFError, OSError, zlib.error, lzma.LZMAError):
            raise UnreadableList(
                "the packed file is cut off or damaged: fetch it once more; what was read before stays"
            ) from None
        self._given += len(piece)
        if self._given > FREE + GROWTH * self._packed.taken:
            raise UnreadableList("the packed file unpacks to more than a list can hold")
        into[: len(piece)] = piece
        return len(piece)
