"""The neutral internal code list, and how it maps to other schemes: data/categories.json, read once."""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

from lachan.kernel.dated import Row, data_read, rows_checked, rows_on
from lachan.kernel.errors import InvalidInput


class UnknownCategory(InvalidInput):
    code = "unknown-category"


@dataclasses.dataclass(frozen=True, slots=True)
class Category:
    """One code.

    Attributes:
        code: what is stored; a part before a dot names the wider category.
        label: by language: vi, en, fr.
        aliases: short words that people may give instead of the code.
        unlisted: its addresses are blocked for everybody but named only to members: an open list of them
            would be a directory.
        maps: scheme → the code there, or None where the scheme has none.
    """

    code: str
    label: Mapping[str, str]
    aliases: tuple[str, ...]
    unlisted: bool
    maps: Mapping[str, str | None]

    def name(self, language: str) -> str:
        """The label in a language, in English where there is none."""
        return self.label.get(language.partition("-")[0], self.label["en"])


@dataclasses.dataclass(frozen=True, slots=True)
class Classification:
    """The part of the code list that decides what open lists name.

    Attributes:
        version: rises with every change of what is unlisted.
        unlisted: the codes that are.
        codes: all that there are.
    """

    version: int
    unlisted: frozenset[str]
    codes: frozenset[str]


@cache
def categories() -> dict[str, Category]:
    """Every category by code, in the order of the list."""
    return {
        row["code"]: Category(
            code=row["code"],
            label=row["label"],
            aliases=tuple(row["aliases"]),
            unlisted=row.get("unlisted", False),
            maps=row["maps"],
        )
        for row in _rows()
    }


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = data_read("lachan.formats.classification", "categories")
    return found


@cache
def _rows() -> tuple[Row, ...]:
    return rows_checked(_data()["categories"])


def classification() -> Classification:
    """What it says now of who may be told."""
    unlisted = frozenset(code for code, each in categories().items() if each.unlisted)
    return Classification(_data()["version"], unlisted, frozenset(categories()))


def categories_on(day: date) -> list[Category]:
    """The categories that may be given on a day."""
    return [categories()[row["code"]] for row in rows_on(_rows(), day)]


@cache
def _by_word() -> dict[str, str]:
    words = {code: code for code in categories()}
    for category in categories().values():
        words.update(dict.fromkeys(category.aliases, category.code))
    return words


def category_code(word: str) -> str:
    """The code for a code or an alias, whatever its case.

    Raises:
        UnknownCategory: naming the nearest, and the codes that exist.
    """
    code = _by_word().get(word.strip().lower())
    if code is None:
        raise UnknownCategory(f"there is no such category; {_known(word)}")
    return code


def is_category(word: str) -> bool:
    """Whether `category_code` knows it: for lists, that ask it of every row."""
    return word.strip().lower() in _by_word()


def _known(word: str) -> str:
    nearest = difflib.get_close_matches(word.strip().lower(), _by_word(), n=1)
    hint = f"the nearest is {nearest[0]}; " if nearest else ""
    return f"{hint}there are: {', '.join(categories())}"


def category_filter(words: Iterable[str]) -> frozenset[str]:
    """The codes that a filter names, from codes and aliases, whatever their case.

    A wider code stands for all below it, also for those of a later version: hold `category_lineage` of what
    is filtered against it. Nothing named is an empty filter; what that lets through is its owner's to say.

    Raises:
        UnknownCategory: naming the word, the nearest, and the codes that exist.
    """
    return frozenset(_filter_code(word.strip().lower()) for word in words)


def _filter_code(word: str) -> str:
    if (code := _by_word().get(word)) is not None:
        return code
    # `crosscutting` is no category of its own, but it has some below it.
    if any(one.startswith(f"{word}.") for one in categories()):
        return word
    raise UnknownCategory(f"{word[:40]!r} is no category; {_known(word)}")


@lru_cache(maxsize=1024)
def category_lineage(word: str) -> frozenset[str]:
    """What a category falls under: itself as it was written, its code, and the wider codes."""
    code = _by_word().get(word, word)
    parts = code.split(".")
    return frozenset({word, *(".".join(parts[:n]) for n in range(1, len(parts) + 1))})
