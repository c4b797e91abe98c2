from django import forms
from django.utils.translation import gettext_lazy as _

from . import conf
from .labels import BANDS
from .records import Answer, AskKind, Band

_LONG = _("This is too long.")
_NO_ANSWER = _("Please choose an answer.")


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

    def clean_band(self) -> Band:
        return Band(self.cleaned_data["band"])


class NameForm(forms.Form):
    """One word of a household on a site."""

    site = forms.CharField(
        max_length=2000,
        error_messages={"required": _("Please write the site."), "max_length": _LONG},
    )


class DeviceForm(forms.Form):
    name = forms.CharField(
        required=False, max_length=conf.LONGEST["name"], error_messages={"max_length": _LONG}
    )


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
