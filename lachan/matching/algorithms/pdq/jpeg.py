"""The parts of a JPEG (ITU-T T.81, annex B): how many scans, each of which costs as much to decode as a whole
picture; where it ends; how sharp it is so far.
"""

import re
from collections.abc import Iterator

from lachan.matching.records import PictureRefused

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
# A file of the largest size that is read holds a thousand parts of the largest size, and sixteen million empty ones.
_PARTS = 1 << 20
# What ends a scan's data: in them 0xFF is followed by 0, or by the number of a restart.
_MARK = re.compile(rb"\xff++[^\x00\x01\xd0-\xd7\xff]")
# The same without the padding before it: a search for that would begin anew at each byte of a long one.
_NEXT = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")


def scan_count(data: bytes, most: int) -> int:
    """Scans of a JPEG; beyond `most` perhaps more than there are.

    Phones append films to their pictures, and cameras keep notes in them: megabytes in which the two bytes
    that begin a scan come up by chance. So, where there are many, the picture's parts are walked through as
    a decoder does, up to the picture's end. What is not built as it should be gets no such favour: a decoder
    might find its way where this does not.
    """
    upper = data.count(b"\xff\xda")
    return upper if upper <= most else _walked(data, most, upper)


def _walked(data: bytes, most: int, upper: int) -> int:
    at, scans = 2, 0
    for _ in range(_PARTS):
        found = _MARK.match(data, at)
        if found is None:
            return upper
        kind, at = data[found.end() - 1], found.end()
        if kind == _END:
            return scans
        if kind == _START:
            return upper
        at += int.from_bytes(data[at : at + 2], "big")
        if kind == _SCAN:
            scans += 1
            after = _NEXT.search(data, at)
            if after is None:
                return upper
            at = after.start()
        if scans > most:
            return scans
    return upper


def image_body(data: bytes) -> tuple[bytes, bool]:
    """A JPEG without its end mark and what comes after, and whether it had one.

    Where the file ends within a part, other than within a scan's data, that part is left out.
    """
    end = 2
    for kind, start, stop in _parts(data):
        if kind == _END:
            return data[:start], True
        if stop > len(data):
            return data[:start], False
        end = stop
    return (data if end == len(data) else data.removesuffix(b"\xff\xd9")).rstrip(b"\xff"), False


def is_progressive(data: bytes) -> bool:
    """Whether it comes in scans that sharpen one another."""
    kind = next((kind for kind, _, _ in _parts(data) if kind in _FRAMES), None)
    return kind == _PROGRESSIVE


def sharpness(data: bytes, *, last: bool = True) -> float | None:
    """How sharp a progressive JPEG is by the scans that it has: 0 before the first, 1 from where a PDQ sees no
    difference any more. None for a JPEG that is not progressive.

    Args:
        data: the file.
        last: whether its last scan counts too.
    """
    side, luma, scans = 0, -1, list[range]()
    for kind, start, stop in _parts(data):
        body = data[start + 4 : stop]
        if kind in _FRAMES:
            if kind != _PROGRESSIVE or len(body) < 7:
                return None
            side, luma = (
                min(int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")),
                body[6],
            )
        elif kind == _SCAN and len(header := body[: 4 + 2 * body[0]]) > 5:
            first, until, bits = header[-3:]
            mine = (
                luma in header[1:-3:2] and bits >> 4 == 0
            )  # what follows a first pass is fine detail
            scans.append(range(first, until + 1) if mine else range(0))
    if not side:
        return None
    known = set[int]().union(*scans[: None if last else -1])
    # They stand in a zigzag: the first n are whole up to this row and column (T.81, figure 5).
    across = max(n for n in range(9) if known.issuperset(range(n * (n + 1) // 2)))
    across = 8 if len(known) == 64 else across
    return min(1.0, across * -(-side // 8) / min(side, _PLACES))


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE, _PLACES = 0xC2, 32
"""PDQ's finest waves are eight across; twice as many places show them, four times as many show them well."""


def _parts(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(kind, where it begins, where its own bytes end) of each part, up to the picture's end or as far as it
    can be followed.

    Raises:
        PictureRefused: there are too many to be looked at in the time that a picture has.
    """
    at = 2
    for _ in range(_PARTS):
        if (found := _MARK.match(data, at)) is None:
            return
        start, kind = found.end() - 2, data[found.end() - 1]
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
        yield kind, start, found.end() if kind == _END else at
        if kind == _END:
            return
        if kind == _SCAN:
            after = _NEXT.search(data, at)
            if after is None:
                return
            at = after.start()
    raise PictureRefused("too-slow", "the JPEG has more parts than any program writes")
