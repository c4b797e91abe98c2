"""Where each letter of a mended text stood in the original."""

import re
from bisect import bisect_right
from collections.abc import Callable


class Offsets:
    """Maps positions in a mended text back to where they stood in the original."""

    def __init__(self) -> None:
        self._new: list[int] = [0]
        self._shift: list[int] = [0]

    def moved(self, new: int, shift: int) -> None:
        self._new.append(new)
        self._shift.append(shift)

    def original(self, position: int) -> int:
        return position + self._shift[bisect_right(self._new, position) - 1]


def substituted(
    pattern: re.Pattern[str], whole: Callable[[re.Match[str]], str], text: str
) -> tuple[str, Offsets]:
    """`pattern.sub(whole, text)`, and the way back to the original's positions."""
    offsets = Offsets()
    parts: list[str] = []
    end = size = 0
    for mark in pattern.finditer(text):
        parts.append(text[end : mark.start()])
        parts.append(whole(mark))
        size += mark.start() - end + len(parts[-1])
        end = mark.end()
        offsets.moved(size, end - size)
    return "".join([*parts, text[end:]]), offsets
