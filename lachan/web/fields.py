"""Fields of forms for days and moments, within what can be kept and shown everywhere (`kernel/bounds`)."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lachan.kernel.bounds import EARLIEST, LATEST


def _within(value: date | datetime) -> None:
    low, high = (
        (EARLIEST, LATEST) if isinstance(value, datetime) else (EARLIEST.date(), LATEST.date())
    )
    if not low <= value < high:  # type: ignore[operator]  both are days, or both are moments
        raise ValidationError(_("Choose a year between 1900 and 2199."))


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[_within], **kwargs)


class MomentField(forms.DateTimeField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[_within], **kwargs)
