from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from lachan.formats.places.gazetteer import province_list

from . import conf
from .records import About, ReportContent, Urgency

# In a child's words; codes stand in records.py.
URGENCIES = [
    (Urgency.DANGER.value, _("I am, or someone is, in danger right now")),
    (Urgency.SOON.value, _("It is still going on; please look at it soon")),
    (Urgency.CALM.value, _("It is over, or it can wait")),
]
ABOUTS = [
    (About.ME.value, _("Me")),
    (About.FRIEND.value, _("A friend")),
    (About.CHILD.value, _("A child I look after")),
    (About.OTHER.value, _("Someone else")),
]


def category_choices() -> list[dict[str, str]]:
    """Today's categories with their words in the visitor's language."""
    language = get_language() or "vi"
    return [
        row | {part: row[part].get(language, row[part]["en"]) for part in ("label", "hint")}
        for row in conf.categories()
    ]


class IntakeForm(forms.Form):
    """What is it and how urgent is it must be answered; everything else may stay empty."""

    form = forms.CharField(required=False)
    work = forms.CharField(required=False)
    category = forms.ChoiceField(
        error_messages={
            "required": _("Please choose what it is about."),
            "invalid_choice": _("Please choose what it is about."),
        }
    )
    urgency = forms.ChoiceField(
        choices=URGENCIES,
        error_messages={
            "required": _("Please choose how urgent it is."),
            "invalid_choice": _("Please choose how urgent it is."),
        },
    )
    about = forms.CharField(required=False)
    province = forms.CharField(required=False)
    words = forms.CharField(required=False)
    traces = forms.CharField(required=False)
    contact = forms.CharField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, forms.ChoiceField)  # noqa: S101  declared above
        category.choices = [(c["code"], c["code"]) for c in conf.categories()]

    def clean_category(self) -> str:
        chosen = self.cleaned_data["category"]
        return next(c["category"] for c in conf.categories() if c["code"] == chosen)

    def clean_about(self) -> str:
        # What nobody must answer cannot stop a report either: an unknown value counts as none.
        value = self.cleaned_data["about"]
        return value if value in {a.value for a in About} else ""

    def clean_province(self) -> str:
        value = self.cleaned_data["province"]
        return value if value in {place.code for place in province_list()} else ""

    def clean_words(self) -> str:
        return self._short_enough("words")

    def clean_traces(self) -> str:
        return self._short_enough("traces")

    def clean_contact(self) -> str:
        return self._short_enough("contact")

    def _short_enough(self, name: str) -> str:
        value: str = self.cleaned_data[name]
        if (over := len(value) - conf.LONGEST[name]) > 0:
            raise forms.ValidationError(
                gettext(
                    "This is too long by %(over)d characters. Nothing is lost: shorten it and send again."
                )
                % {"over": over}
            )
        return value

    def content(self) -> ReportContent:
        """What is sealed, once the form is valid."""
        data = self.cleaned_data
        return ReportContent(
            about=data["about"],
            words=data["words"],
            traces=data["traces"],
            contact=data["contact"],
        )
