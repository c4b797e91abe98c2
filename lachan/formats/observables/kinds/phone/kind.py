"""Telephone numbers in E.164; a national writing is read as the country's that this instance serves."""

import re

import phonenumbers

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.phone_plan import PhonePlan, phone_plan
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.pasted import digits_folded

_BETWEEN = r"\s().\-‐‑‒–—―−·•/"
_WRITTEN = re.compile(rf"\(?\+?[\d{_BETWEEN}]{{3,28}}", re.ASCII)
_SEPARATORS = re.compile(rf"[{_BETWEEN}]+")
_WIDE = str.maketrans("＋（）．－／", "+().-/")


class Phone(Kind):
    name = "phone"
    order = 50
    code = 6
    narrow = 30
    columns = (
        "phone,phone number,telephone,tel,mobile,msisdn,sđt,số điện thoại,điện thoại,téléphone"
    )
    misp = "phone-number whois-registrant-phone"

    def recognise(self, text: str) -> bool:
        plan = phone_plan()
        written = _unlabelled(text, plan)
        digits = _SEPARATORS.sub("", written)
        return (
            _WRITTEN.fullmatch(written) is not None
            and plan.opening.match(digits) is not None
            and plan.shortest(digits) <= len(digits) <= 16
        )

    def canonical(self, text: str) -> str:
        """E.164 with its plus sign; a short number of the country (111, 113) keeps its bare digits.

        A number of before a renumbering becomes the one that it turned into. Of other countries' numbers the
        length alone is checked; of the country's own, the length that its kind has.
        """
        plan = phone_plan()
        written = _unlabelled(text, plan)
        if not _WRITTEN.fullmatch(written):
            raise InvalidObservable("not-a-number")
        digits = _SEPARATORS.sub("", written)
        if plan.short.fullmatch(digits):
            return digits
        try:
            number = phonenumbers.parse(plan.moved(digits), plan.region)
        except phonenumbers.NumberParseException:
            raise InvalidObservable("not-a-number") from None
        if not _could_be(number, plan):
            raise InvalidObservable("number-impossible")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def display(self, value: str) -> str:
        if not value.startswith("+"):
            return value
        number = phonenumbers.parse(value, None)
        style = phonenumbers.PhoneNumberFormat
        domestic = phone_plan().is_own(number)
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


def _unlabelled(text: str, plan: PhonePlan) -> str:
    """The number alone, in ASCII digits, without `tel:` or `SĐT` before it."""
    text = digits_folded(text).translate(_WIDE).strip()
    start = next((at for at, sign in enumerate(text) if sign in "+(" or sign.isdigit()), 0)
    label = plan.labels.fullmatch(text[:start].rstrip(" .:-"))
    return text[start:].rstrip(" .") if label or not start else text


def _could_be(number: phonenumbers.PhoneNumber, plan: PhonePlan) -> bool:
    """Whether such a number can be given out; ranges that are newer than our data are let pass."""
    if not plan.is_own(number) or phonenumbers.is_valid_number(number):
        return bool(phonenumbers.is_possible_number(number))
    return plan.has_length(number) and bool(phonenumbers.is_possible_number(number))
