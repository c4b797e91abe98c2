"""How telephone numbers are written and read in a country: its `phones.json` (lachan/country/README.md)."""

import re
from functools import lru_cache
from typing import Any

import phonenumbers

from lachan.kernel.country import Country, here
from lachan.kernel.dated import rows_checked


class PhonePlan:
    """One country's numbers.

    Attributes:
        region: as libphonenumber names the country.
        calling_code: of it, without the plus sign.
        services: what numbers begin with that are dialled without the trunk prefix.
        short: numbers that are dialled as they are, like the police's.
        opening: how a number begins that is recognised without being told.
        labels: words that people write before a number, at the end of a text.
        joined_before: what else may stand before it without a space, at the end of a text: a number and `và`.
        code_after: what follows a number that is only a code's part: letters with more digits, or hexadecimal. A word
            may be glued to its end.
        in_words: what a number begins with → how many digits it can have, the likeliest first.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        """`data`: what a country's `phones.json` holds."""
        self.region: str = data["region"]
        self.calling_code = phonenumbers.country_code_for_region(self.region)
        if not self.calling_code:
            raise ValueError(f"no telephone numbers are known of the region {self.region}")
        code, self._trunk = str(self.calling_code), str(data["trunk"])
        international = tuple(map(str, data["international"]))
        self.services: tuple[str, ...] = tuple(data["services"])
        self.short = re.compile(data["short"])
        self._lengths = re.compile(data["lengths"])
        self._shortest: dict[str, int] = data["shortest"]
        self.opening = re.compile(rf"\+|{data['opening']}")
        self._abroad = tuple(
            f"{mark}{code}{trunk}"
            for mark in ("+", *international)
            for trunk in ((self._trunk, "") if self._trunk else ("",))
        )
        self._code = code
        self._leading = ("+", *international)
        self._trunk_optional: bool = data.get("trunk_optional", False)
        # A number that moved is the new one for good, whenever it was written down.
        self._moves: dict[tuple[int, int], dict[str, str]] = {}
        for move in rows_checked(data["moves"]):
            for old, new in move["prefixes"].items():
                self._moves.setdefault((move["digits"], len(old)), {})[old] = new
        self.in_words = tuple(
            (re.compile(opening), tuple(lengths)) for opening, lengths in data["in_words"]
        )
        labels = "|".join(sorted(map(re.escape, data["labels"]), key=len, reverse=True))
        self.labels = re.compile(rf"(?<![^\W\d_])(?:{labels or '(?!)'})$", re.IGNORECASE)
        joints = "|".join(map(re.escape, data["joints"])) or "(?!)"
        self.joined_before = re.compile(
            rf"\d(?:{joints})$|(?:^|[\W\d])[^\W\d_]{{1,12}}_$|#$", re.IGNORECASE
        )
        self.code_after = re.compile(
            rf"_|(?!(?:{joints})\d)[^\W\d_]{{0,20}}\d|[a-fA-F]{{2,32}}(?!\w)|@", re.IGNORECASE
        )

    def shortest(self, digits: str) -> int:
        """How many digits a number that begins so has at least."""
        return self._shortest["service" if digits.startswith(self.services) else "number"]

    def service(self, digits: str) -> str:
        """The one of `services` that a number begins with; empty where it is none."""
        return next((one for one in self.services if digits.startswith(one)), "")

    def moved(self, digits: str) -> str:
        """The number that it is today: mobile prefixes have been renumbered; the same where they have not."""
        national = self._national(digits)
        if national is None:
            # A spreadsheet takes a leading zero away.
            national = f"{self._trunk}{digits}"
        for (length, size), prefixes in self._moves.items():
            if len(national) == length and (new := prefixes.get(national[:size])):
                return new + national[size:]
        return digits

    def _national(self, digits: str) -> str | None:
        """The number as dialled inside the country, with its trunk prefix; None for another country's."""
        for prefix in self._abroad:
            if digits.startswith(prefix):
                return f"{self._trunk}{digits[len(prefix) :]}"
        if digits.startswith(self._code) and len(digits) >= self._shortest["with_code"]:
            return f"{self._trunk}{digits[len(self._code) :]}"
        if digits.startswith(self._leading):
            return None
        if digits.startswith(self._trunk):
            return digits
        return f"{self._trunk}{digits}" if self._trunk_optional else None

    def is_own(self, number: phonenumbers.PhoneNumber) -> bool:
        return bool(number.country_code == self.calling_code)

    def has_length(self, number: phonenumbers.PhoneNumber) -> bool:
        """Whether it has the length that its kind has here."""
        return self._lengths.fullmatch(str(number.national_number)) is not None


@lru_cache(maxsize=4)
def plan_of(country: Country) -> PhonePlan:
    return PhonePlan(country.read("phones"))


def phone_plan() -> PhonePlan:
    """The numbers of the country that this instance serves."""
    return plan_of(here())
