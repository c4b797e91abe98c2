"""What a name itself tells of whose it is: an ending that only public bodies get, a bank's, a school's, a club's
name. Data: data/signals.json. A signal asks for a second look; it proves nothing.
"""

import dataclasses
from functools import cache
from typing import Any

from lachan.formats.observables.names import public_suffix
from lachan.kernel.dated import data_read

_COUNTRY = 2  # letters of a country's ending
_HINT = 3  # letters by which most names are told to hold no word at all


@dataclasses.dataclass(frozen=True, slots=True)
class Signal:
    """Attributes:
    rule, reason: as a warning names them.
    paths: whether it also holds for one page, and for an e-mail address.
    matched: what of the name it saw.
    """

    rule: str
    reason: str
    paths: bool
    matched: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Words:
    """Words in what somebody registered: the whole of it, its start or its end.

    Attributes:
        under: the public suffixes below which they mean this; empty for all. `org.` is `org.uk`, `org.vn` …
    """

    rule: str
    reason: str
    paths: bool
    whole: frozenset[str]
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    under: frozenset[str]

    def sees(self, label: str) -> bool:
        return label in self.whole or label.startswith(self.starts) or label.endswith(self.ends)

    def holds(self, suffix: str) -> bool:
        head, _, country = suffix.partition(".")
        return (
            not self.under or suffix in self.under or (country != "" and f"{head}." in self.under)
        )


def signal_of(name: str) -> Signal | None:
    """What a host name tells; the cheap looks come first, for an import asks this of every line."""
    labels = name.split(".")
    if (found := _reserved(labels)) is not None:
        return found
    whole, starts, ends = _hints()
    for label in labels[:-1]:
        if label[:_HINT] in starts or label[-_HINT:] in ends or label in whole:
            for words in _words():
                if words.sees(label) and (found := _registered(words, name, label)):
                    return found
    return None


def _reserved(labels: list[str]) -> Signal | None:
    endings, ending = _endings(), labels[-1]
    if (found := endings.get(ending)) is not None or len(ending) != _COUNTRY:
        return found
    for label in labels[-3:-1]:
        # The label means this only where the country's registry gives names below it.
        if (found := endings.get(f"{label}.")) is not None and _is_given(labels, label):
            return found
    return None


def _is_given(labels: list[str], label: str) -> bool:
    suffix = public_suffix(".".join(labels))
    return suffix is not None and label in suffix.split(".")[:-1]


def _registered(words: _Words, name: str, label: str) -> Signal | None:
    suffix = public_suffix(name)
    if suffix is None or not words.holds(suffix) or len(name) <= len(suffix):
        return None
    if name.removesuffix(f".{suffix}").rpartition(".")[2] != label:
        return None
    return Signal(words.rule, words.reason, words.paths, f"{label}.{suffix}")


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = data_read("lachan.formats.guard", "signals")
    return data


@cache
def _endings() -> dict[str, Signal]:
    """`gov` the whole ending; `gov.` what stands before a country's."""
    return {
        ending: Signal(row["rule"], row["reason"], row["paths"], ending.strip("."))
        for row in _data()["endings"]
        for ending in (*row["whole"], *(f"{label}." for label in row["before_country"]))
    }


@cache
def _words() -> tuple[_Words, ...]:
    return tuple(
        _Words(
            rule=row["rule"],
            reason=row["reason"],
            paths=row["paths"],
            whole=frozenset(row.get("whole", ())),
            starts=tuple(row.get("starts", ())),
            ends=tuple(row.get("ends", ())),
            under=frozenset(row.get("under", ())),
        )
        for row in _data()["words"]
    )


@cache
def _hints() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    words = _words()
    whole = frozenset().union(*(each.whole for each in words))
    starts = frozenset(word[:_HINT] for each in words for word in each.starts)
    ends = frozenset(word[-_HINT:] for each in words for word in each.ends)
    return whole, starts, ends
