"""Forms of administrators: organisations, people, programmes, keys."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lachan.formats.places.gazetteer import place_find, place_get
from lachan.kernel.errors import InvalidInput
from lachan.web.fields import DayField

from .api_keys import scopes_for
from .labels import ORGANISATION_STATUSES, ORGANISATION_TYPES, ROLES
from .models import Organisation
from .organisations import domains_read
from .policy import KEY_WORDS, PolicyAction, action_named
from .records import Actor, Role


def _day(**attributes: object) -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **attributes})


def _moment(day: Any, *, end: bool = False) -> datetime | None:
    """A day of the form as the moment at which it begins, or ends, here."""
    if day is None:
        return None
    begin = timezone.make_aware(datetime.combine(day, time.min))
    return begin + timedelta(days=1) if end else begin


class OrganisationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    type = forms.ChoiceField(
        label=pgettext_lazy("organisation", "Kind"), choices=list(ORGANISATION_TYPES.items())
    )
    status = forms.ChoiceField(
        label=_("Status in the network"), choices=list(ORGANISATION_STATUSES.items())
    )
    domains = forms.CharField(
        label=_("Own domains"),
        required=False,
        help_text=_("One a line. They are never blocked without an extra review."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    valid_from = DayField(label=_("Valid from"), required=False, widget=_day())
    valid_until = DayField(label=_("Valid until"), required=False, widget=_day())

    def clean_domains(self) -> list[str]:
        try:
            return domains_read(self.cleaned_data["domains"].split())
        except InvalidInput:
            raise forms.ValidationError(_("One of these is not a domain.")) from None

    def clean(self) -> dict[str, Any]:
        words = super().clean() or {}
        words["valid_from"] = _moment(words.get("valid_from"))
        words["valid_until"] = _moment(words.get("valid_until"), end=True)
        return words

    @staticmethod
    def initial_of(row: Organisation) -> dict[str, Any]:
        until = row.valid_until and timezone.localdate(row.valid_until - timedelta(seconds=1))
        return {
            "name": row.name, "type": row.type, "status": row.status,
            "domains": "\n".join(row.domains), "valid_until": until,
            "valid_from": timezone.localdate(row.valid_from),
        }  # fmt: skip


class InviteForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail address"))
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(role.value, words) for role, (words, _note) in ROLES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_roles(self) -> list[Role]:
        return [Role(role) for role in self.cleaned_data["roles"]]


class GrantForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, words) for role, (words, _note) in ROLES.items()]
    )
    until = DayField(
        label=_("Until and including"),
        required=False,
        help_text=_("Empty: until it is taken back."),
        widget=_day(),
    )

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])

    def clean_until(self) -> datetime | None:
        moment = _moment(self.cleaned_data["until"], end=True)
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_("This day is over."))
        return moment


class ProgrammeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    organisations = forms.MultipleChoiceField(
        label=_("Organisations"), widget=forms.CheckboxSelectMultiple
    )
    places = forms.CharField(
        label=_("Places"),
        required=False,
        help_text=_(
            "One a line: a province or a commune with its province, by today's name or an earlier "
            "one, or a code."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    valid_from = DayField(label=_("From"), widget=_day())
    valid_until = DayField(label=_("Until"), required=False, widget=_day())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Organisation.objects.filter(status=Organisation.Status.ACTIVE).order_by("name")
        choices = [(str(row.uid), row.name) for row in active]
        self.fields["organisations"].choices = choices  # type: ignore[attr-defined]

    def clean_places(self) -> list[str]:
        codes, faults = [], []
        for line in filter(None, map(str.strip, self.cleaned_data["places"].splitlines())):
            try:
                codes.append(place_code(line))
            except forms.ValidationError as error:
                faults.append(error)
        if faults:
            raise forms.ValidationError(faults)
        return codes


def place_code(line: str) -> str:
    """The code of the one place that a line means; of several, the form asks which."""
    first = line.split(maxsplit=1)[0]
    if place_get(first):
        return first
    found = place_find(line)
    provinces = [match for match in found if match.place.is_province]
    if len(found) == 1 or len(provinces) == 1:
        return (provinces or found)[0].place.code
    if not found:
        raise forms.ValidationError(_("“%(line)s”: no such place."), params={"line": line})
    several = "; ".join(f"{m.place.code} {m.place.name}, {m.province_name}" for m in found[:8])
    raise forms.ValidationError(
        _("“%(line)s” may be several places. Write the code: %(several)s"),
        params={"line": line, "several": several},
    )


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=_("What is it for?"),
        max_length=100,
        help_text=_("For example: the resolver of the school."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        help_text=_("A key may do no more than whoever makes it."),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=_("For how long?"),
        coerce=int,
        initial=365,
        choices=[(90, _("3 months")), (365, _("1 year")), (730, _("2 years"))],
    )

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = scopes_for(by, organisation_id=by.organisation_id)
        choices = [(scope.value, KEY_WORDS[scope]) for scope in offered]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    def clean_scopes(self) -> list[PolicyAction]:
        return [action for scope in self.cleaned_data["scopes"] if (action := action_named(scope))]


class SharesForm(forms.Form):
    needed = forms.IntegerField(
        label=_("How many are needed?"), min_value=2, max_value=20, initial=3
    )
    total = forms.IntegerField(label=_("How many in all?"), min_value=2, max_value=20, initial=5)

    def clean(self) -> dict[str, Any]:
        words = super().clean() or {}
        if words.get("needed", 0) > words.get("total", 99):
            raise forms.ValidationError(_("More are needed than there are."))
        return words


class AuditForm(forms.Form):
    action = forms.CharField(label=_("Action begins with"), required=False, max_length=60)
    actor = forms.CharField(label=_("Who"), required=False, max_length=100)
    thing = forms.CharField(label=_("Thing"), required=False, max_length=100)
    since = DayField(label=_("From"), required=False, widget=_day())
    until = DayField(label=_("Until and including"), required=False, widget=_day())

    def clean(self) -> dict[str, Any]:
        words = super().clean() or {}
        words["since"] = _moment(words.get("since"))
        words["until"] = _moment(words.get("until"), end=True)
        return words
