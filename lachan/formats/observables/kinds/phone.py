"""Telephone numbers in E.164; a national writing is read as Viet Nam's."""

import json
import re
from functools import cache
from importlib import resources
from typing import Any

import phonenumbers

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.pasted import digits_folded

REGION, COUNTRY = "VN", 84
_BETWEEN = r"\s().\-‐‑‒–—―−·•/"
_WRITTEN = re.compile(rf"\(?\+?[\d{_BETWEEN}]{{3,28}}", re.ASCII)
_SEPARATORS = re.compile(rf"[{_BETWEEN}]+")
# What a national number begins with: a mobile's or landline's 0, the country, the services 1800 and 1900.
_OPENING = re.compile(r"\+|0|84|1[89]00")
_WIDE = str.maketrans("＋（）．－／", "+().-/")


@cache
def _plan() -> dict[str, Any]:
    data = resources.files("lachan.formats.observables").joinpath("data/phones-vn.json")
    plan: dict[str, Any] = json.loads(data.read_text(encoding="utf-8"))
    return plan


@cache
def _short() -> re.Pattern[str]:
    return re.compile(_plan()["short"])


@cache
def labels() -> re.Pattern[str]:
    """Words that people write before a number, at the end of a text."""
    words = "|".join(sorted(map(re.escape, _plan()["labels"]), key=len, reverse=True))
    return re.compile(rf"(?<![^\W\d_])(?:{words})$", re.IGNORECASE)


@cache
def joints() -> str:
    """Words that people write between two numbers, as a pattern."""
    return "|".join(map(re.escape, _plan()["joints"]))


class Phone(Kind):
    name = "phone"
    order = 50

    def recognise(self, text: str) -> bool:
        written = _unlabelled(text)
        digits = _SEPARATORS.sub("", written)
        shortest = 8 if digits.startswith(("1800", "1900")) else 9
        return (
            _WRITTEN.fullmatch(written) is not None
            and _OPENING.match(digits) is not None
            and shortest <= len(digits) <= 16
        )

    def canonical(self, text: str) -> str:
        """E.164 with its plus sign; a Vietnamese short number (111, 113) keeps its bare digits.

        An eleven-digit mobile number of before 2018 becomes the ten-digit one that it turned into. Of other
        countries' numbers the length alone is checked; of Viet Nam's, the length that its kind has.
        """
        written = _unlabelled(text)
        if not _WRITTEN.fullmatch(written):
            raise InvalidObservable("not-a-number")
        digits = _SEPARATORS.sub("", written)
        if _short().fullmatch(digits):
            return digits
        national = _national(digits)
        if national and len(national) == 11 and national[:4] in _plan()["mobile_2018"]:
            digits = _plan()["mobile_2018"][national[:4]] + national[4:]
        try:
            number = phonenumbers.parse(digits, REGION)
        except phonenumbers.NumberParseException:
            raise InvalidObservable("not-a-number") from None
        if not _could_be(number):
            raise InvalidObservable("number-impossible")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def display(self, value: str) -> str:
        if not value.startswith("+"):
            return value
        number = phonenumbers.parse(value, None)
        style = phonenumbers.PhoneNumberFormat
        domestic = number.country_code == COUNTRY
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
            Example("168 345 6789", "+84383456789"),
            Example("024 3733 0000", "+842437330000"),
            Example("1900 1234", "+8419001234"),
            Example("111", "111"),
            Example("+44 20 7946 0123", "+442079460123"),
            Example("(+84) 912 345 678", "+84912345678"),
            Example("\u202a+84\u00a0912\u202f345\u2011678\u202c", "+84912345678"),
            Example("０９１２　３４５　６７８", "+84912345678"),
            Example("٠٩١٢٣٤٥٦٧٨", "+84912345678"),
            Example("SĐT: 0912345678", "+84912345678"),
            Example("+84 111 222 333", "+84111222333"),
            Example("+849752123456", reason="number-impossible"),
            Example("khong phai so", reason="not-a-number"),
            Example("0912", reason="number-impossible"),
        ]


def _unlabelled(text: str) -> str:
    """The number alone, in ASCII digits, without `tel:` or `SĐT` before it."""
    text = digits_folded(text).translate(_WIDE).strip()
    start = next((at for at, sign in enumerate(text) if sign in "+(" or sign.isdigit()), 0)
    label = labels().fullmatch(text[:start].rstrip(" .:-"))
    return text[start:].rstrip(" .") if label or not start else text


def _could_be(number: phonenumbers.PhoneNumber) -> bool:
    """Whether such a number can be given out; ranges that are newer than our data are let pass."""
    if number.country_code != COUNTRY or phonenumbers.is_valid_number(number):
        return bool(phonenumbers.is_possible_number(number))
    fits = re.fullmatch(_plan()["lengths"], str(number.national_number)) is not None
    return fits and bool(phonenumbers.is_possible_number(number))


def _national(digits: str) -> str | None:
    """The number as dialled inside the country, with its 0; None for another country's."""
    for prefix in ("+840", "+84", "00840", "0084"):
        if digits.startswith(prefix):
            return f"0{digits[len(prefix) :]}"
    if digits.startswith("84") and len(digits) > 10:
        return f"0{digits[2:]}"
    if len(digits) == 10 and digits.startswith("1"):  # a spreadsheet took its 0 away
        return f"0{digits}"
    return digits if digits.startswith("0") else None
