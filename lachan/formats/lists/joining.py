"""Rows of tables that stand on several lines, because a quoted cell holds line ends (RFC 4180, section 2.6)."""

from collections import deque
from collections.abc import Iterator
from typing import Protocol, TypeVar

Line = tuple[int, str]
T = TypeVar("T")
_LINES, _LETTERS = 20, 16_384


class Table(Protocol):
    """What a table's lines look like."""

    def goes_on(self, line: str) -> bool:
        """Whether the line ends amid a quoted cell, so that the next may belong to it."""

    def is_row(self, line: str) -> bool:
        """Whether the line is a whole row, with as many cells as the others."""


def joined(lines: Iterator[Line | T], table: Table) -> Iterator[Line | T]:
    """Lines with their numbers, and as one line what a quoted cell spreads over several.

    A quote that nobody closes costs its own line: what comes after it is read again, line by line. What is no
    tuple ends a row.
    """
    ahead: deque[Line | T] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        if not isinstance(line, tuple) or not table.goes_on(line[1]):
            yield line
            continue
        number, text = line
        taken: list[Line | T] = []
        while len(taken) < _LINES and table.goes_on(text):
            more = ahead.popleft() if ahead else next(lines, None)
            if more is None:
                break
            taken.append(more)
            if not isinstance(more, tuple) or table.is_row(more[1]) or len(text) > _LETTERS:
                break
            text += f"\n{more[1]}"
        if taken and not table.goes_on(text) and table.is_row(text):
            yield number, text
        else:
            yield line
            ahead.extendleft(reversed(taken))
