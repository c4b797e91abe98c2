"""Telephone numbers in people's own words: side by side, glued to words, with all that stands between digits."""

import re
from collections.abc import Container, Iterable, Iterator

import phonenumbers

from lachan.formats.observables.kinds.phone import REGION, labels
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable, Observable

_GAP = r"[ .\-‐‑‒–—―−·•()]"
_RUN = re.compile(rf"\(?\+?\(?\d(?:{_GAP}{{0,4}}+\d)*+")
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[.-](?:0?[1-9]|1[0-2])[.-](?:(?:19|20)\d\d|\d\d)(?!\d)"
)
# A word may be glued to the end; a letter with more digits, or hexadecimal, makes it a code's part.
_CODE = re.compile(r"_|[^\W\d_]{0,20}\d|[a-fA-F]{1,32}(?!\w)|@")
_LABEL = 16
_LONGEST = 40
_FOREIGN = range(15, 7, -1)
# What a number of Viet Nam begins with → how many digits it can have.
_LENGTHS = (
    (re.compile(r"1[89]00"), (10, 9, 8)),
    (re.compile(r"00840?[2-9]|0084[2-9]"), (14, 13, 15)),
    (re.compile(r"840[2-9]"), (12, 13)),
    (re.compile(r"84[1-9]"), (11, 12)),
    (re.compile(r"01[2-9]|02"), (11, 10)),
    (re.compile(r"0[3-9]"), (10,)),
)


def numbers(text: str) -> Iterator[tuple[int, int, Observable]]:
    """(start, end, number) of each; numbers must be ones that are given out, others' with a plus sign."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() >= 8 and _begins(text, run.start()):
            yield from _Run(text, run.start(), run.end()).numbers()


def _begins(text: str, start: int) -> bool:
    """Whether a number may begin here: not within a word, but after `SĐT`."""
    if start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "_@#"):
        return True
    return labels().search(text[max(0, start - _LABEL) : start]) is not None


class _Run:
    """Digits with what stands between them: no number, one, or several."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
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
            if found and (group in (0, after) or self._is_loose(group)):
                end, observable = found
                yield self._first(group), self.groups[end - 1][1], observable
                group = after = end
            else:
                group += 1

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
        for opening, national in _LENGTHS if not lengths else ():
            if opening.match(self.digits, count):
                lengths = national
                break
        return (self.at[count + length] for length in lengths if count + length in self.at)

    def _number(self, group: int, end: int) -> Observable | None:
        text = self.text[self._first(group) : self.groups[end - 1][1]]
        digits = self.digits[self.counts[group] : self.counts[end]]
        if len(text) > _LONGEST or _DATE.match(text):
            return None
        if digits.startswith(("1800", "1900")) and any(dash in text for dash in "-–—"):
            return None  # years
        try:
            observable = parse(text, "phone")
        except InvalidObservable:
            return None
        given = phonenumbers.is_valid_number(phonenumbers.parse(observable.value, REGION))
        return observable if given else None

    def _first(self, group: int) -> int:
        return self.start if self.plus and group == 0 else self.groups[group][0]

    def _is_loose(self, group: int) -> bool:
        """Whether what stands before a group may part two numbers."""
        return " " in self.text[self.groups[group - 1][1] : self.groups[group][0]]

    def _is_free(self, group: int, end: int, ends: Container[int]) -> bool:
        """Whether a number may end before the group `end`."""
        if end == len(self.groups):
            return _CODE.match(self.text, self.end) is None
        return end == group + 1 or end in ends or self._is_loose(end)
