import dataclasses
import re

from django import forms
from django.utils.translation import gettext_lazy as _

from lachan.matching.algorithms.pdq.transform import Transform

MOST = 50
_TURNED = frozenset(transform.text for transform in Transform if transform.text)
_FILE = re.compile(r"(.*) #(\d{1,3})(?::([a-z0-9-]{1,40}))?")


@dataclasses.dataclass(slots=True)
class Subject:
    """One thing that is tried: a fingerprint as it was entered, or one of several files, by its number.

    Attributes:
        note: why a file could not be compared as a picture, or `q` and its quality.
    """

    file: int | None = None
    note: str = ""
    values: list[str] = dataclasses.field(default_factory=list)


class TryForm(forms.Form):
    """Fingerprints to look up; a picture itself never comes here."""

    values = forms.CharField(
        label=_("Fingerprints"),
        help_text=_("PDQ, MD5, SHA-1 or SHA-256, one a line."),
        max_length=8000,
        required=False,  # `clean` says what is missing
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    # What the page's script says of the picture: how much there is to see in it, or why it has no fingerprint.
    quality = forms.IntegerField(
        min_value=0, max_value=100, required=False, widget=forms.HiddenInput
    )
    reason = forms.SlugField(max_length=40, required=False, widget=forms.HiddenInput)
    # For the script alone, which then adds lines; here so that it stays as it was chosen.
    turned = forms.BooleanField(
        label=_("Also find it turned or mirrored"),
        required=False,
        widget=forms.CheckboxInput(attrs={"id": "turned"}),
    )

    def clean_values(self) -> dict[str, str]:
        """Each fingerprint once, with what was done to its picture to make the one that is tried.

        A line is a fingerprint and perhaps, after a space, the `text` of a `Transform`; the page's script adds
        ` #2` to those of the second of several files, and to the first of them `:` and a note.
        """
        values: dict[str, str] = {}
        subjects: dict[object, Subject] = {}
        for line in self.cleaned_data["values"].splitlines():
            mark = _FILE.fullmatch(line.strip())
            number = int(mark[2]) if mark else None
            said = mark[1].strip() if mark else line.strip()
            value, _space, done = said.rpartition(" ")
            if done not in _TURNED:
                value, done = said, ""
            if value := value.strip():
                values.setdefault(value, done)
                subject = subjects.setdefault(number or value, Subject(number))
                subject.values.append(value)
                subject.note = subject.note or (mark[3] or "" if mark else "")
        self.subjects = list(subjects.values())
        if len(values) > MOST:
            raise forms.ValidationError(
                _("At most %(most)d fingerprints at once."), params={"most": MOST}
            )
        return values

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("values") == {}:
            too_large = cleaned.get("reason") == "too-large"
            self.add_error(
                "values",
                _("This file is too large to be read in a browser.")
                if too_large
                else _("Choose a file, or enter a fingerprint."),
            )
        return cleaned
