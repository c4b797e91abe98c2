from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lachan.formats.profiles.records import QUARTERS
from lachan.formats.profiles.rules import Slot

from . import conf
from .labels import BANDS, DAY_KINDS_OF, WHYS, service_kinds
from .records import Answer, AskKind, Band
from .sentences import DAYS
from .words import words_clean

_LONG = _("This is too long.")
_NO_ANSWER = _("Please choose an answer.")
_CHOOSE = {"required": _("Please choose one."), "invalid_choice": _("Please choose one.")}
_TIME = {
    "required": _("Please write a time, like 21:00."),
    "invalid": _("Please write a time, like 21:00."),
}


class ChildForm(forms.Form):
    """A nickname and an age are enough."""

    nickname = forms.CharField(
        max_length=conf.LONGEST["nickname"],
        error_messages={"required": _("Please write a nickname."), "max_length": _LONG},
    )
    band = forms.ChoiceField(
        choices=[(band.value, label) for band, label in BANDS.items()],
        error_messages={
            "required": _("Please choose an age."),
            "invalid_choice": _("Please choose an age."),
        },
    )
    note = forms.CharField(
        required=False, max_length=conf.LONGEST["note"], error_messages={"max_length": _LONG}
    )

    def clean_nickname(self) -> str:
        if name := words_clean(self.cleaned_data["nickname"]):
            return name
        raise forms.ValidationError(_("Please write a nickname."))

    def clean_band(self) -> Band:
        return Band(self.cleaned_data["band"])


class NameForm(forms.Form):
    """One word of a household on a site."""

    site = forms.CharField(
        max_length=2000,
        error_messages={"required": _("Please write the site."), "max_length": _LONG},
    )


class SlotForm(forms.Form):
    """A time of day that comes again, in which something is closed."""

    why = forms.ChoiceField(choices=list(WHYS.items()), error_messages=_CHOOSE)
    days = forms.ChoiceField(choices=list(DAYS.items()), error_messages=_CHOOSE)
    start = forms.TimeField(error_messages=_TIME)
    end = forms.TimeField(error_messages=_TIME)
    what = forms.MultipleChoiceField(required=False, error_messages=_CHOOSE)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        what = self.fields["what"]
        assert isinstance(what, forms.MultipleChoiceField)  # noqa: S101  declared above
        what.choices = list(service_kinds().items())

    def slot(self) -> Slot:
        """Once it is valid: a bedtime, and whatever names nothing, is for everything.

        Raises:
            InvalidRules: it ends when it begins.
        """
        data = self.cleaned_data
        named = frozenset() if data["why"] == "bedtime" else frozenset(data["what"])
        return Slot(
            why=data["why"],
            everything=not named,
            services=named,
            days=DAY_KINDS_OF[data["days"]],
            start=_minute(data["start"]) // 15,
            # Midnight is the end of a day where something ends; and who writes 23:59 means it.
            end=-(-_minute(data["end"]) // 15) or QUARTERS,
        )


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


class DeviceForm(forms.Form):
    name = forms.CharField(
        required=False, max_length=conf.LONGEST["name"], error_messages={"max_length": _LONG}
    )

    def clean_name(self) -> str:
        return words_clean(self.cleaned_data["name"])


class AskForm(forms.Form):
    """What a child asks for, and why."""

    site = forms.CharField(required=False, max_length=2000, error_messages={"max_length": _LONG})
    reason = forms.CharField(
        required=False, max_length=conf.LONGEST["reason"], error_messages={"max_length": _LONG}
    )

    def asked(self) -> AskKind:
        return AskKind.SITE if self.cleaned_data["site"] else AskKind.TIME


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        choices=[(one.value, one.value) for one in Answer if one is not Answer.WAITING],
        error_messages={"required": _NO_ANSWER, "invalid_choice": _NO_ANSWER},
    )
    word = forms.CharField(
        required=False, max_length=conf.LONGEST["word"], error_messages={"max_length": _LONG}
    )
