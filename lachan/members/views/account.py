"""One's own account: language, password, second factors, signed-in browsers."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.members.audit_actions import MemberAudit
from lachan.members.entry import factors
from lachan.members.entry.sign_in_checks import password_change, password_prove, sign_in_record
from lachan.members.errors import SignInPaused, SignInRefused
from lachan.members.forms import ChangePasswordForm, PasskeyForm, SetUpCodeForm, UnlockForm
from lachan.members.labels import role_name
from lachan.members.models import Person, Session
from lachan.members.policy import Action, requires
from lachan.members.selectors import session_list
from lachan.members.services import session_key_hold

from .joining import CODES
from .sign_in import language_cookie, refusal_add


@require_GET
@requires(Action.ACCOUNT_SELF)
def account(request: HttpRequest) -> HttpResponse:
    person: Person = request.user
    context = {
        "person": person,
        "roles": [role_name(role) for role in sorted(request.actor.roles)],
        "factors": factors.factor_list(person),
        "sessions": session_list(person),
        "here": request.session.session_key,
        "languages": settings.LANGUAGES,
    }
    return render(request, "members/account.html", context)


@require_POST
@requires(Action.ACCOUNT_SELF)
def language(request: HttpRequest) -> HttpResponse:
    person: Person = request.user
    response = redirect("members:account")
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        person.language = chosen
        person.save(update_fields=["language"])
        language_cookie(response, chosen)
    return response


@sensitive_post_parameters("old", "password", "again")
@require_http_methods(["GET", "POST"])
@requires(Action.ACCOUNT_SELF)
def password(request: HttpRequest) -> HttpResponse:
    """A new password; every other browser is signed out by it."""
    person: Person = request.user
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        try:
            private = password_change(person=person, old=words["old"], new=words["password"])
        except SignInPaused as error:
            refusal_add(form, error)
        except SignInRefused:
            form.add_error("old", _("This is not your password."))
        except ValidationError as error:
            form.add_error("password", error)
        else:
            update_session_auth_hash(request, person)
            person.sessions.exclude(pk=request.session.session_key).delete()
            if private is not None:
                session_key_hold(request, private)
            messages.success(request, _("Your password is changed. Other browsers are signed out."))
            return redirect("members:account")
    status = 200 if request.method == "GET" else 422
    return render(request, "members/password.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@requires(Action.ACCOUNT_SELF)
def factor_add(request: HttpRequest) -> HttpResponse:
    """A further passkey, or another app in place of the one there is; the password is asked with it."""
    person: Person = request.user
    password_form, code_form = UnlockForm(request.POST or None), SetUpCodeForm(request.POST or None)
    passkey_form = PasskeyForm(request.POST or None)
    if request.method == "POST" and all(
        form.is_valid() for form in (password_form, code_form, passkey_form)
    ):
        try:
            password_prove(person, password_form.cleaned_data["password"])
            if answer := passkey_form.cleaned_data["answer"]:
                name = passkey_form.cleaned_data["name"] or _("Passkey")
                factors.passkey_finish(person, answer, name)
            else:
                factors.totp_finish(request, person, code_form.cleaned_data["code"])
        except SignInPaused as error:
            refusal_add(code_form, error)
        except SignInRefused:
            code_form.add_error(None, _("The password or the code does not fit."))
        else:
            messages.success(request, _("The second factor is added."))
            return redirect("members:account")
    context = {
        "password_form": password_form,
        "code_form": code_form,
        "passkey_form": passkey_form,
        "totp": factors.totp_begin(request, person),
        "passkey": factors.passkey_begin(person),
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/factor_add.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Action.ACCOUNT_SELF)
def factor_remove(request: HttpRequest, pk: int) -> HttpResponse:
    person: Person = request.user
    form = UnlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password_prove(person, form.cleaned_data["password"])
            factors.factor_remove(person, pk)
        except SignInPaused as error:
            refusal_add(form, error)
        except SignInRefused:
            form.add_error(None, _("The password is wrong, or this is your last second factor."))
        else:
            messages.success(request, _("The second factor is removed."))
            return redirect("members:account")
    context = {"form": form, "title": _("Remove a second factor"), "act": _("Remove")}
    status = 200 if request.method == "GET" else 422
    return render(request, "members/prove.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Action.ACCOUNT_SELF)
def codes(request: HttpRequest) -> HttpResponse:
    """Recovery codes, shown once: after joining, or made anew with the password."""
    person: Person = request.user
    fresh = factors.codes_shown(request.session.pop(CODES, ""))
    form = UnlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password_prove(person, form.cleaned_data["password"])
        except SignInPaused as error:
            refusal_add(form, error)
        except SignInRefused:
            form.add_error("password", _("This is not your password."))
        else:
            fresh = factors.recovery_codes_make(person)
    if fresh:
        return render(request, "members/codes.html", {"codes": fresh})
    context = {
        "form": form,
        "title": _("New recovery codes"),
        "act": _("Make new codes"),
        "note": _("The earlier codes stop working."),
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/prove.html", context, status=status)


@require_POST
@requires(Action.ACCOUNT_SELF)
def session_end(request: HttpRequest) -> HttpResponse:
    """Sign out one other browser, or all the others."""
    person: Person = request.user
    others = Session.objects.filter(person=person).exclude(pk=request.session.session_key)
    if request.POST.get("which") != "all":
        handle = request.POST.get("which", "")
        others = others.filter(pk__in=[row.pk for row in others if row.handle == handle])
    if others.delete()[0]:
        sign_in_record(person, MemberAudit.SESSION_END)
        messages.success(request, _("Signed out there."))
    return redirect("members:account")
