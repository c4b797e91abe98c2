"""Fields of forms for days and moments, within what can be kept and shown everywhere (`kernel/bounds`)."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from lachan.kernel.bounds import EARLIEST, LATEST


def _within(first: date, last: date) -> list[Any]:
    message = _("Choose a year between 1900 and 2199.")
    return [MinValueValidator(first, message), MaxValueValidator(last, message)]


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        # The end of the last day is the last moment.
        last = date(LATEST.year - 1, 12, 31)
        super().__init__(validators=_within(EARLIEST.date(), last), **kwargs)


class MomentField(forms.DateTimeField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=_within(EARLIEST, LATEST), **kwargs)
