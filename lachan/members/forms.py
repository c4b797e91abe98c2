"""Forms of sign-in and account; rules stand in the services, words for people here."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lachan.kernel.passwords import password_normal

from .models import Invitation


class SignInForm(forms.Form):
    name = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=40,
        help_text=_("Six digits from the app, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)


class SetUpCodeForm(CodeForm):
    """The first code of an app: there are no recovery codes yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = ""


class UnlockForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


_NEW = {"autocomplete": "new-password", "minlength": 12}
_LENGTH = _("At least 12 characters. Four or five ordinary words in a row are easy to remember.")


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_LENGTH,
        widget=forms.PasswordInput(attrs=_NEW),
    )
    again = forms.CharField(
        label=_("The same password again"), strip=False, widget=forms.PasswordInput(attrs=_NEW)
    )

    def clean_again(self) -> str:
        password = password_normal(self.cleaned_data.get("password", ""))
        if password != password_normal(self.cleaned_data["again"]):
            raise forms.ValidationError(_("The two passwords differ."))
        return self.cleaned_data["again"]


class JoinForm(NewPasswordForm):
    """Joining by a link: what the invitation leaves open is asked; what it settles is shown."""

    organisation_name = forms.CharField(
        label=_("Name of your organisation"), max_length=200, required=False
    )
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["organisation_name", "name", "email", "password", "again"]

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = invitation.name
        if invitation.email:
            self.fields["email"].initial = invitation.email
            self.fields["email"].disabled = True
        if not invitation.is_first:
            del self.fields["organisation_name"]


class ChangePasswordForm(NewPasswordForm):
    old = forms.CharField(
        label=_("Your password now"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["old", "password", "again"]


class PasskeyForm(forms.Form):
    name = forms.CharField(
        label=_("What do you call this passkey?"),
        max_length=60,
        required=False,
        help_text=_("For example: my phone, the blue key."),
    )
    answer = forms.CharField(widget=forms.HiddenInput, required=False)
