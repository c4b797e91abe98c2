"""Analysts write dangerous addresses so that nobody clicks them: hxxp, [.], (dot). Here they become whole."""

import re
from bisect import bisect_right

_SCHEME = r"\bh(?:xx|tt|\*\*)p(?P<s>s?)(?:\[:\]//|://|\[://\]|\[:\]\[/\]\[/\]|\(://\))"
_DOT = r"\s?[\[({](?:\.|dot|d0t|chấm|cham)[\])}]\s?"
_AT = r"\s?[\[({](?:@|at|a còng|a cong)[\])}]\s?"
_MARKS = re.compile(f"(?P<scheme>{_SCHEME})|(?P<dot>{_DOT})|(?P<at>{_AT})", re.IGNORECASE)


def refang(text: str) -> str:
    """`text` with every defanged mark made whole; text without such marks comes back unchanged."""
    return refang_mapped(text)[0]


class Offsets:
    """Maps positions in re-fanged text back to where they stood in the original."""

    def __init__(self) -> None:
        self._new: list[int] = [0]
        self._shift: list[int] = [0]

    def moved(self, new: int, shift: int) -> None:
        self._new.append(new)
        self._shift.append(shift)

    def original(self, position: int) -> int:
        return position + self._shift[bisect_right(self._new, position) - 1]


def refang_mapped(text: str) -> tuple[str, Offsets]:
    """The re-fanged text, and the way back to the original's positions."""
    offsets = Offsets()
    if "[" not in text and "(" not in text and "{" not in text and "xx" not in text.lower():
        return text, offsets
    parts: list[str] = []
    end = size = 0
    for mark in _MARKS.finditer(text):
        parts.append(text[end : mark.start()])
        whole = _whole(mark)
        size += mark.start() - end + len(whole)
        parts.append(whole)
        end = mark.end()
        offsets.moved(size, end - size)
    return "".join([*parts, text[end:]]), offsets


def _whole(mark: re.Match[str]) -> str:
    if mark["scheme"]:
        return f"http{mark['s'].lower()}://"
    return "." if mark["dot"] else "@"
