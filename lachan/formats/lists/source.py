"""A list's bytes, line by line, unpacked where they are packed; nothing is held but one line.

**Threat:** a packed file of kilobytes that unpacks to terabytes. It is read as it comes, in bounded pieces,
and given up once it has grown far beyond what lists grow by.
"""

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, cast

from lachan.formats.lists.joining import Line
from lachan.formats.lists.record import MAX_LINE, MAX_SHOWN, Rejected, UnreadableList

FREE, GROWTH = 64 << 20, 100
"""A packed list may unpack to 64 MiB, and beyond that to a hundred times its size: names in order take a
tenth, JSON with long equal facts a fortieth."""
MAX_WHOLE = 64 << 20
_BLOCK = 1 << 18
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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

    def lines(self) -> bytes:
        """Some hundred kilobytes up to the end of a line; empty at the end."""
        held, self._held = self._held, b""
        piece = self._stream.read(_BLOCK)
        return (
            held + piece + self._stream.readline(_BLOCK) if len(piece) == _BLOCK else held + piece
        )

    def put_back(self, piece: bytes) -> None:
        """What was read too much: the next line begins with it."""
        self._held = piece + self._held


def whole_read(source: Source) -> Iterator[Line | Rejected]:
    """All of a source as its one line, for what is read in one piece.

    Raises:
        UnreadableList: it is larger than can be held.
    """
    pieces, size = [], 0
    while piece := source.readline(1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_WHOLE:
            raise UnreadableList(
                "more than 64 MB of JSON in one piece: write one object a line (jq -c '.[]')"
            )
    yield 1, b"".join(pieces).decode("utf-8", "surrogateescape")


def lines_read(source: Source) -> Iterator[Line | Rejected]:
    """A source's lines with content, stripped, by number; those that are binary or too long, refused."""
    number, readline = 0, source.readline
    while piece := readline(MAX_LINE + 2):
        number += 1
        if b"\r" in piece:
            piece = _to_carriage_return(source, piece)
        if len(piece.rstrip(b"\r\n")) > MAX_LINE:
            _skip_line(source, piece)
            yield Rejected(
                number, "line-too-long", shown(piece[:MAX_SHOWN].decode("utf-8", "replace"))
            )
            continue
        try:
            text = piece.decode().strip()
        except UnicodeDecodeError:
            text = piece.decode("utf-8", "surrogateescape").strip()
        if not text:
            continue
        if not text.isprintable() and _BINARY.search(text):
            yield Rejected(number, "binary", shown(text))
        else:
            yield number, text


def _to_carriage_return(source: Source, piece: bytes) -> bytes:
    """A piece up to its first CR that ends a line by itself, as old systems and some exports write."""
    end = piece.find(b"\r") + 1
    if end and piece[end:].strip(b"\r\n"):
        source.put_back(piece[end:])
        return piece[:end]
    return piece


def _skip_line(source: Source, piece: bytes) -> None:
    while piece and not piece.endswith((b"\n", b"\r")):
        piece = _to_carriage_return(source, source.readline(MAX_LINE))
    if piece.endswith(b"\r") and (more := source.readline(1)) != b"\n":
        source.put_back(more)


def shown(text: str) -> str:
    """What of a refused text is shown."""
    shown = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return shown[:MAX_SHOWN]


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
