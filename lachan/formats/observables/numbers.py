"""Telephone numbers in people's own words: side by side, glued to words, with all that stands between digits."""

import re
from collections.abc import Container, Iterable, Iterator
from functools import cached_property

import phonenumbers

from lachan.formats.observables.parsing import parse
from lachan.formats.observables.phone_plan import PhonePlan, phone_plan
from lachan.formats.observables.record import InvalidObservable, Observable

_GAP = r"[ .\-‐‑‒–—―−·•()]"
_RUN = re.compile(rf"\(?\+?\(?\d(?:{_GAP}{{0,4}}+\d)*+")
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[.-](?:0?[1-9]|1[0-2])[.-](?:(?:19|20)\d\d|\d\d)(?!\d)"
)
_YEARS = re.compile(r"\D{0,4}(?:1[5-9]|20)\d\d")
# Cards, accounts at a bank, receipts: groups of four, of one kind.
_FOURS = 4
_LABEL = 16
_LONGEST = 40
_FOREIGN = range(15, 7, -1)


def numbers(text: str) -> Iterator[tuple[int, int, Observable]]:
    """(start, end, number) of each; numbers must be ones that are given out, others' with a plus sign."""
    plan = phone_plan()
    for run in _RUN.finditer(text):
        if run.end() - run.start() >= 8 and _begins(text, run.start(), plan):
            yield from _Run(text, run.start(), run.end(), plan).numbers()


def _begins(text: str, start: int, plan: PhonePlan) -> bool:
    """Whether a number may begin here: not within a word, but after `SĐT`."""
    if start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "_@#"):
        return True
    if text[start] == "(" and text[start - 1].isalpha():
        return True
    before = text[max(0, start - _LABEL) : start]
    return any(words.search(before) for words in (plan.labels, plan.joined_before))


class _Run:
    """Digits with what stands between them: no number, one, or several."""

    def __init__(self, text: str, start: int, end: int, plan: PhonePlan) -> None:
        self.text, self.start, self.end, self.plan = text, start, end, plan
        self.plus = text[start : start + 3].lstrip("(").startswith("+")
        self.groups = [found.span() for found in _DIGITS.finditer(text, start, end)]
        self.digits = "".join(text[first:last] for first, last in self.groups)
        self.counts = [0]
        for first, last in self.groups:
            self.counts.append(self.counts[-1] + last - first)
        self.at = {count: group for group, count in enumerate(self.counts)}

    def numbers(self) -> Iterator[tuple[int, int, Observable]]:
        ends = self._ends()
        group = after = 0
        while group < len(self.groups):
            found = ends.get(group)
            if self._fours[group]:
                group += 1
            elif found and (group in (0, after) or self._is_loose(group)):
                end, observable = found
                yield self._first(group), self.groups[end - 1][1], observable
                group = after = end
            else:
                group += 1

    @cached_property
    def _fours(self) -> list[bool]:
        """Of each group, whether it is one of four or more with four digits each and the same between them."""
        marked = [False] * len(self.groups)
        first = 0
        for at in range(1, len(self.groups) + 1):
            if at < len(self.groups) and self._is_next_four(at):
                continue
            if at - first >= _FOURS:
                marked[first:at] = [True] * (at - first)
            first = at
        return marked

    def _is_next_four(self, at: int) -> bool:
        sizes = {last - first for first, last in self.groups[at - 1 : at + 1]}
        gap = self._gap(at)
        return sizes == {4} and (at < 2 or self._size(at - 2) != 4 or gap == self._gap(at - 1))

    def _gap(self, group: int) -> str:
        return self.text[self.groups[group - 1][1] : self.groups[group][0]]

    def _size(self, group: int) -> int:
        return self.groups[group][1] - self.groups[group][0]

    def _ends(self) -> dict[int, tuple[int, Observable]]:
        """Of each group that begins a number, the group after it and the number; from right to left."""
        ends: dict[int, tuple[int, Observable]] = {}
        for group in reversed(range(len(self.groups))):
            for end in self._possible(group):
                if not self._is_free(group, end, ends):
                    continue
                if (observable := self._number(group, end)) is not None:
                    ends[group] = end, observable
                    break
        return ends

    def _possible(self, group: int) -> Iterator[int]:
        count = self.counts[group]
        lengths: Iterable[int] = _FOREIGN if self.plus and group == 0 else ()
        for opening, national in self.plan.in_words if not lengths else ():
            if opening.match(self.digits, count):
                lengths = national
                break
        return (self.at[count + length] for length in lengths if count + length in self.at)

    def _number(self, group: int, end: int) -> Observable | None:
        text = self.text[self._first(group) : self.groups[end - 1][1]]
        digits = self.digits[self.counts[group] : self.counts[end]]
        if len(text) > _LONGEST or _DATE.match(text):
            return None
        dashed = any(dash in text for dash in "-–—")
        service = len(self.plan.service(digits))
        if dashed and service and _YEARS.fullmatch(text[service:]):
            return None
        try:
            observable = parse(text, "phone")
        except InvalidObservable:
            return None
        number = phonenumbers.parse(observable.value, self.plan.region)
        given = phonenumbers.is_valid_number(number) or (
            # Another country's ranges may be newer than our data: one that could be, alone in its run.
            not self.plan.is_own(number)
            and (group, end) == (0, len(self.groups))
            and phonenumbers.is_possible_number(number)
        )
        return observable if given else None

    def _first(self, group: int) -> int:
        return self.start if self.plus and group == 0 else self.groups[group][0]

    def _is_loose(self, group: int) -> bool:
        """Whether what stands before a group may part two numbers."""
        return " " in self._gap(group)

    def _is_free(self, group: int, end: int, ends: Container[int]) -> bool:
        """Whether a number may end before the group `end`."""
        if end == len(self.groups):
            return self.plan.code_after.match(self.text, self.end) is None
        return end == group + 1 or end in ends or self._is_loose(end)
