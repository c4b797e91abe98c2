"""How much a zip file's directory holds, looked at before it is opened (PKWARE APPNOTE 4.3.12 to 4.3.16).

**Threat:** `zipfile` makes an object of every entry as it opens a file, ten times what the entry takes, and goes
by the directory's size: the number of entries that a file declares is only its word. So they are counted here.
"""

import os
import struct
from collections.abc import Iterator
from typing import IO

_END, _END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_TAIL = (1 << 16) + _END.size
_ENTRY, _LENGTHS, _LENGTHS_AT = 46, struct.Struct("<3H"), 28
"""An entry's head, and in it the lengths of the name, the extra field and the comment that follow."""


def zip_fits(stream: IO[bytes], members: int, size: int) -> bool:
    """Whether the directory has at most so many entries and bytes; also where none can be opened."""
    for end, length in _directories(stream):
        if length > end:
            continue  # it would begin before the file: nobody reads it
        if length > size or _entries(_read(stream, end - length, length)) > members:
            return False
    return True


def _directories(stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Where each directory ends that some version of zipfile believes in, and its declared length."""
    start = max(stream.seek(0, os.SEEK_END) - _TAIL, 0)
    tail = _read(stream, start, _TAIL)
    last = max(len(tail) - _END.size, 0)
    # As zipfile looks: a record without a comment at the very end, or else the last that there is.
    bare = tail.startswith(b"PK\5\6", last) and tail.endswith(b"\0\0")
    at = last if bare else tail.rfind(b"PK\5\6")
    if not 0 <= at <= len(tail) - _END.size:
        return
    large = dict(_large(stream, start + at))
    yield from large.items()
    if start + at - _LOCATOR.size - _END_64.size not in large:
        yield start + at, _END.unpack_from(tail, at)[5]


def _large(stream: IO[bytes], end: int) -> Iterator[tuple[int, int]]:
    """The same of ZIP64: its record stands right before its locator, or where that points."""
    locator = _read(stream, end - _LOCATOR.size, _LOCATOR.size)
    if not locator.startswith(b"PK\6\7"):
        return
    for place in (end - _LOCATOR.size - _END_64.size, _LOCATOR.unpack(locator)[2]):
        record = _read(stream, place, _END_64.size)
        if record.startswith(b"PK\6\6") and len(record) == _END_64.size:
            yield place, _END_64.unpack(record)[8]


def _entries(directory: bytes) -> int:
    place = count = 0
    while place + _ENTRY <= len(directory):
        place += _ENTRY + sum(_LENGTHS.unpack_from(directory, place + _LENGTHS_AT))
        count += 1
    return count


def _read(stream: IO[bytes], place: int, size: int) -> bytes:
    if not 0 <= place < 1 << 63:
        return b""
    stream.seek(place)
    return stream.read(size)
