"""Counts the steps of a backtracking search, which no clock is needed for.

Reads the standard library's own parse of a pattern and walks it as its engine does: greedy, from left to
right, giving back what it took unless that is possessive or atomic. One step is one character looked at.
"""

import re
import sys
from collections.abc import Callable, Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdecimal,
    op.CATEGORY_NOT_DIGIT: lambda one: not one.isdecimal(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    op.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    op.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


class Search:
    """One pattern's search of one text, as `finditer` does it, or as `fullmatch`; `steps` says what it took."""

    def __init__(self, pattern: re.Pattern[str], text: str, *, whole: bool = False) -> None:
        self.steps = 0
        self.text = text
        self.caseless = bool(pattern.flags & re.IGNORECASE)
        self.known: dict[tuple[int, str], bool] = {}
        tree = parser.parse(pattern.pattern, pattern.flags)
        sys.setrecursionlimit(20_000)
        at = 0
        if whole:
            any(end == len(text) for end in self._all(list(tree), 0, 0))
            return
        while at <= len(text):
            end = next(self._all(list(tree), 0, at), None)
            at = end if end is not None and end > at else at + 1

    def _all(self, nodes: list[Any], first: int, at: int) -> Iterator[int]:
        if first == len(nodes):
            yield at
            return
        for end in self._one(nodes[first], at):
            yield from self._all(nodes, first + 1, end)

    def _one(self, node: Any, at: int) -> Iterator[int]:
        kind, value = node
        if kind in _REPEATS:
            yield from self._repeat(kind, value, at)
        elif kind is op.SUBPATTERN:
            yield from self._all(list(value[-1]), 0, at)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from self._all(list(branch), 0, at)
        elif kind is op.ATOMIC_GROUP:
            yield from self._first(list(value), at)
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            direction, inner = value
            begin = at if direction == 1 else at - inner.getwidth()[1]
            held = begin >= 0 and any(True for _ in self._first(list(inner), begin))
            if held is (kind is op.ASSERT):
                yield at
        elif kind is op.AT:
            if self._at(value, at):
                yield at
        elif self._is(node, at):
            yield at + 1

    def _first(self, nodes: list[Any], at: int) -> Iterator[int]:
        end = next(self._all(nodes, 0, at), None)
        if end is not None:
            yield end

    def _repeat(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        low, high, inner = value
        nodes = list(inner)
        if kind is op.POSSESSIVE_REPEAT:
            count = 0
            while count < high and (end := next(self._all(nodes, 0, at), None)) is not None:
                if end == at:
                    break
                at, count = end, count + 1
            if count >= low:
                yield at
        elif len(nodes) == 1 and nodes[0][0] in (op.IN, op.LITERAL, op.NOT_LITERAL, op.ANY):
            end = at
            while end - at < high and self._is(nodes[0], end):
                end += 1
            for back in range(end, at + low - 1, -1):
                self.steps += 1
                yield back
        else:
            yield from self._more(nodes, low, int(high), at)

    def _more(self, nodes: list[Any], low: int, high: int, at: int) -> Iterator[int]:
        if high > 0:
            for end in self._all(nodes, 0, at):
                if end > at:
                    yield from self._more(nodes, low - 1, high - 1, end)
        if low <= 0:
            yield at

    def _is(self, node: Any, at: int) -> bool:
        self.steps += 1
        if at >= len(self.text):
            return False
        one = self.text[at]
        known = self.known.get((id(node), one))
        if known is None:
            cases = {one, one.lower(), one.upper()} if self.caseless else {one}
            known = any(len(case) == 1 and _holds(node, case) for case in cases)
            self.known[id(node), one] = known
        return known

    def _at(self, where: Any, at: int) -> bool:
        self.steps += 1
        if where is op.AT_BOUNDARY:
            word = _CATEGORIES[op.CATEGORY_WORD]
            before = at > 0 and word(self.text[at - 1])
            return before is not (at < len(self.text) and word(self.text[at]))
        return at == 0 if where is op.AT_BEGINNING else at == len(self.text)


def _holds(node: Any, one: str) -> bool:
    kind, value = node
    if kind is op.LITERAL:
        return ord(one) == value
    if kind is op.NOT_LITERAL:
        return ord(one) != value
    if kind is op.ANY:
        return one != "\n"
    if kind is op.RANGE:
        return bool(value[0] <= ord(one) <= value[1])
    if kind is op.CATEGORY:
        return _CATEGORIES[value](one)
    assert kind is op.IN
    negated = value[0][0] is op.NEGATE
    return any(_holds(each, one) for each in value[negated:]) is not negated
