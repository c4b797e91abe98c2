"""Telephone numbers in E.164; a national writing is read as Viet Nam's."""

import json
import re
from functools import cache
from importlib import resources

import phonenumbers

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.record import InvalidObservable

REGION = "VN"
_WRITTEN = re.compile(r"(?:tel:)?\+?[\d\s().\-–·/]{3,24}")
_SEPARATORS = re.compile(r"[\s().\-–·/]+")


@cache
def _plan() -> tuple[dict[str, str], re.Pattern[str]]:
    data = resources.files("lachan.formats.observables").joinpath("data/phones-vn.json")
    plan = json.loads(data.read_text(encoding="utf-8"))
    return plan["mobile_2018"], re.compile(plan["short"])


class Phone(Kind):
    name = "phone"
    order = 50

    def recognise(self, text: str) -> bool:
        digits = _SEPARATORS.sub("", text)
        return (
            _WRITTEN.fullmatch(text) is not None
            and digits.startswith(("0", "+", "84", "1800", "1900", "tel:"))
            and 9 <= len(digits) <= 16
        )

    def canonical(self, text: str) -> str:
        """E.164 with its plus sign; a Vietnamese short number (111, 113) keeps its bare digits.

        An eleven-digit mobile number of before 2018 becomes the ten-digit one that it turned into.
        """
        if not _WRITTEN.fullmatch(text.lower()):
            raise InvalidObservable("not-a-number")
        digits = _SEPARATORS.sub("", text.lower().removeprefix("tel:"))
        renumbered, short = _plan()
        if short.fullmatch(digits):
            return digits
        national = _national(digits)
        if national and len(national) == 11 and national[:4] in renumbered:
            digits = renumbered[national[:4]] + national[4:]
        try:
            number = phonenumbers.parse(digits, REGION)
        except phonenumbers.NumberParseException:
            raise InvalidObservable("not-a-number") from None
        if not phonenumbers.is_possible_number(number):
            raise InvalidObservable("number-impossible")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def display(self, value: str) -> str:
        if not value.startswith("+"):
            return value
        number = phonenumbers.parse(value, None)
        style = phonenumbers.PhoneNumberFormat
        domestic = number.country_code == 84
        return phonenumbers.format_number(
            number, style.NATIONAL if domestic else style.INTERNATIONAL
        )

    def examples(self) -> list[Example]:
        return [
            Example("0912 345 678", "+84912345678"),
            Example("+84 (0)912.345.678", "+84912345678"),
            Example("84912345678", "+84912345678"),
            Example("0084 912 345 678", "+84912345678"),
            Example("0168 345 6789", "+84383456789"),
            Example("024 3733 0000", "+842437330000"),
            Example("1900 1234", "+8419001234"),
            Example("111", "111"),
            Example("+44 20 7946 0123", "+442079460123"),
            Example("khong phai so", reason="not-a-number"),
            Example("0912", reason="number-impossible"),
        ]


def _national(digits: str) -> str | None:
    """The number as dialled inside the country, with its 0; None for another country's."""
    for prefix in ("+840", "+84", "00840", "0084"):
        if digits.startswith(prefix):
            return f"0{digits[len(prefix) :]}"
    if digits.startswith("84") and len(digits) > 10:
        return f"0{digits[2:]}"
    return digits if digits.startswith("0") else None
