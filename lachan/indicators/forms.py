from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lachan.formats.observables.parsing import MAX_RAW
from lachan.web.fields import MomentField

from .conf import DEFAULT_CONFIDENCE, MAX_EVIDENCE
from .labels import (
    CONFIDENCES,
    DISPUTE_REASONS,
    KINDS,
    OUTCOMES,
    TLPS,
    category_choices,
    choices,
)

_SMALL = {"rows": 4}


class FilterForm(forms.Form):
    """What the list shows; every field may be left out, and a wrong one is left out."""

    text = forms.CharField(
        label=_("Part of the value"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("All kinds")), *choices(KINDS)],
    )
    category = forms.ChoiceField(label=_("Category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", _("All categories")), *category_choices()]
        self.is_valid()

    def wanted(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if value}


class ProposalForm(forms.Form):
    value = forms.CharField(
        label=_("Address, number, account or fingerprint"),
        max_length=MAX_RAW,
        help_text=_("As it was written: hxxp and [.] are understood. Accounts as tiktok:name."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}
        ),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("as it looks")), *((code, text) for code, text in KINDS.items())],
    )
    category = forms.ChoiceField(label=_("Category"))
    confidence = forms.TypedChoiceField(
        label=_("How sure"), choices=CONFIDENCES, coerce=int, initial=DEFAULT_CONFIDENCE
    )
    tlp = forms.ChoiceField(label=_("Who may know (TLP)"), choices=choices(TLPS))
    valid_until = MomentField(
        label=_("Ends by itself"),
        required=False,
        help_text=_("Empty: it stands until somebody takes it back."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    evidence = forms.CharField(
        label=_("What speaks for it"),
        required=False,
        max_length=MAX_EVIDENCE,
        help_text=_("For the reviewer. Nothing about a child or a reporter."),
        widget=forms.Textarea(attrs=_SMALL),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices()


class _WarnedForm(forms.Form):
    """Asks for a reason to override only where there is a warning to override."""

    def __init__(self, *args: Any, warned: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not warned:
            del self.fields["override_reason"]


class ReviewForm(_WarnedForm):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=MAX_EVIDENCE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    override_reason = forms.CharField(
        label=_("Reason for publishing in spite of the warnings"),
        required=False,
        max_length=MAX_EVIDENCE,
        help_text=_(
            "At least three words that a colleague would accept. They are kept with your name."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is taken back"),
        max_length=MAX_EVIDENCE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ShareForm(_WarnedForm):
    tlp = forms.ChoiceField(label=_("Who may know (TLP)"), choices=choices(TLPS))
    override_reason = forms.CharField(
        label=_("Reason for sharing it more widely in spite of the warnings"),
        required=False,
        max_length=MAX_EVIDENCE,
        help_text=_(
            "At least three words that a colleague would accept. They are kept with your name."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class MemberDisputeForm(forms.Form):
    reason = forms.ChoiceField(label=_("What is wrong"), choices=choices(DISPUTE_REASONS))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=MAX_EVIDENCE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=choices(OUTCOMES), widget=forms.RadioSelect
    )
    answer = forms.CharField(
        label=_("Answer in plain words"),
        max_length=MAX_EVIDENCE,
        help_text=_("Whoever disputed reads this."),
        widget=forms.Textarea(attrs=_SMALL),
    )


class PublicDisputeForm(forms.Form):
    """The public's dispute. It has no field for words: nobody can give away by accident who he is."""

    value = forms.CharField(
        label=_("Which address was blocked?"),
        max_length=2048,
        help_text=_("Copy it from the address bar, for example: school.example/lesson"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    reason = forms.ChoiceField(
        label=_("Why is that wrong?"),
        choices=choices(DISPUTE_REASONS),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["value"]
