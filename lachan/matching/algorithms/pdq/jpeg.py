"""How many scans a JPEG has, each of which costs as much to decode as a whole picture (ITU-T T.81, annex B)."""

import re

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
# What ends a scan's data: in them 0xFF is followed by 0, or by the number of a restart.
_MARK = re.compile(rb"\xff+[^\x00\x01\xd0-\xd7\xff]")


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
    while scans <= most:
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
            after = _MARK.search(data, at)
            if after is None:
                return upper
            at = after.start()
    return scans
