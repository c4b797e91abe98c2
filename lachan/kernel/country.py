"""The country that an instance serves: a folder of data, and the hour there (lachan/country/README.md).

Only the folder and its head are known here; each room gives the files that it reads a shape of its own.
"""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lachan.kernel import clock
from lachan.kernel.env import Env

DEFAULT = "vn"
FILES = ("country", "deadlines", "help_lines", "holidays", "phones", "places", "words")
"""What every country has: one file of each name. `guard` may stand beside them."""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Country:
    """One country. Compared by identity, so that what is built of its data can be kept by it.

    Attributes:
        code: as ISO 3166-1 has it.
        name: by language.
        languages: of its people, the usual one first.
        zone: where its days begin.
        endings: top-level domains that are its own.
        source: where the head's facts are from.
    """

    folder: Path
    code: str
    name: dict[str, str]
    languages: tuple[str, ...]
    zone: ZoneInfo
    endings: tuple[str, ...]
    source: str

    def read(self, name: str) -> Any:
        """What stands in one of its files.

        Raises:
            OSError: there is no such file.
            ValueError: it is not JSON.
        """
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))

    def has(self, name: str) -> bool:
        return (self.folder / f"{name}.json").is_file()

    def day_of(self, moment: datetime) -> date:
        """The day that it is there: a law's day begins where the law holds."""
        return moment.astimezone(self.zone).date()


def here() -> Country:
    """The country that this instance serves: LACHAN_COUNTRY, Viet Nam unless it is set.

    Raises:
        EnvError: there is no such country, or its folder cannot be used.
    """
    return _held or _configured()


def today() -> date:
    """The day that it is now in the country."""
    return here().day_of(clock.now())


def country_codes() -> list[str]:
    """The countries that the product brings."""
    return sorted(path.parent.name for path in _bundled().glob("*/country.json"))


@cache
def country_at(folder: Path) -> Country:
    """The country of a folder.

    Raises:
        ValueError: a file is missing, or the head cannot be used; says what.
    """
    missing = [name for name in FILES if not (folder / f"{name}.json").is_file()]
    if missing:
        raise ValueError(f"the country's folder lacks {', '.join(f'{m}.json' for m in missing)}")
    try:
        head = json.loads((folder / "country.json").read_text(encoding="utf-8"))
        return Country(
            folder=folder,
            code=head["code"],
            name=head["name"],
            languages=tuple(head["languages"]),
            zone=ZoneInfo(head["zone"]),
            endings=tuple(head["endings"]),
            source=head["source"],
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"country.json cannot be used: {type(error).__name__}") from None


def country_named(text: str) -> Country:
    """The country of a code (`vn`), or of a folder's path.

    Raises:
        ValueError: there is none, or its folder cannot be used.
    """
    if "/" in text:
        return country_at(Path(text).absolute())
    if text not in country_codes():
        known = ", ".join(country_codes())
        raise ValueError(
            f"there are {known}; another is the path of a folder that is made as those are"
        )
    return country_at(_bundled() / text)


@contextmanager
def held_in(country: Country) -> Iterator[Country]:
    """Hold `here()` at another country; for tests."""
    global _held  # noqa: PLW0603  one country a process is the purpose
    before, _held = _held, country
    try:
        yield country
    finally:
        _held = before


_held: Country | None = None


@cache
def _configured() -> Country:
    return Env().parsed("LACHAN_COUNTRY", DEFAULT, country_named)


def _bundled() -> Path:
    return Path(str(resources.files("lachan"))) / "country"
