"""Password, then the second factor; only then is anybody signed in."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from lachan.kernel.clock import now
from lachan.members.audit_actions import MemberAudit
from lachan.members.entry import factors
from lachan.members.entry.sign_in_checks import (
    KNOWN_COOKIE,
    key_unlock,
    known_mark,
    password_check,
    password_prove,
    sign_in_record,
)
from lachan.members.errors import SignInPaused, SignInRefused
from lachan.members.forms import CodeForm, SignInForm, UnlockForm
from lachan.members.models import Person
from lachan.members.policy import Action, public, requires
from lachan.members.services import session_key_drop, session_key_hold

PENDING = "pending"
_PENDING_FOR = timedelta(minutes=20)


def pending_set(request: HttpRequest, person: Person, private: str | None, goal: str = "") -> None:
    """The password was right: this session waits for the second factor, and is nobody's until then."""
    if request.user.is_authenticated:
        # A link opened in somebody else's browser: two people's keys never share a session.
        logout(request)
    request.session.cycle_key()
    request.session[PENDING] = {
        "person": person.pk,
        # A new password ends this wait too: else who knew the old one could set up the new second factor.
        "mark": person.get_session_auth_hash(),
        "at": now().isoformat(),
        "next": goal,
    }
    if private is not None:
        session_key_hold(request, private)


def pending_person(request: HttpRequest) -> Person | None:
    """Who has given the right password in this session and not yet a second factor."""
    waiting = request.session.get(PENDING)
    if not waiting or abs(now() - datetime.fromisoformat(waiting["at"])) > _PENDING_FOR:
        return None
    person = Person.objects.filter(pk=waiting["person"], is_active=True).first()
    if person is None or not constant_time_compare(
        waiting.get("mark", ""), person.get_session_auth_hash()
    ):
        return None
    return person


def sign_in_finish(request: HttpRequest, person: Person, goal: str = "") -> HttpResponse:
    """Both factors are there: the session becomes the person's."""
    goal = goal or request.session.pop(PENDING, {}).get("next", "")
    request.session.pop(PENDING, None)
    request.session["began_at"] = now().isoformat()
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    sign_in_record(person, MemberAudit.SIGN_IN_COMPLETE)
    response = redirect(safe_goal(request, goal))
    year = 365 * 86400
    response.set_cookie(
        KNOWN_COOKIE, known_mark(person), max_age=year // 2, path="/staff/",
        httponly=True, samesite="Strict", secure=settings.HTTPS,
    )  # fmt: skip
    language_cookie(response, person.language)
    return response


def language_cookie(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400,
        httponly=True, samesite="Lax", secure=settings.HTTPS,
    )  # fmt: skip


def safe_goal(request: HttpRequest, goal: str) -> str:
    if goal.startswith("/staff/") and url_has_allowed_host_and_scheme(goal, allowed_hosts=None):
        return goal
    return "/staff/"


def refusal_add(form: Form, error: Exception) -> None:
    """Say on the form what went wrong, without saying which half of it."""
    if isinstance(error, SignInPaused):
        minutes = -(-error.seconds // 60)
        words = ngettext(
            "Too many wrong attempts. Please wait %(n)d minute.",
            "Too many wrong attempts. Please wait %(n)d minutes.",
            minutes,
        ) % {"n": minutes}
    elif "code" in form.fields:
        words = _("This does not fit. Look at the newest code and try again.")
    else:
        words = _("The address or the password is wrong.")
    form.add_error(None, words)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    goal = request.POST.get("next") or request.GET.get("next", "")
    if request.actor.person_id:
        return redirect(safe_goal(request, goal))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        try:
            person, private = password_check(
                request=request, name=words["name"], password=words["password"]
            )
        except (SignInPaused, SignInRefused) as error:
            refusal_add(form, error)
        else:
            pending_set(request, person, private, goal)
            ready = factors.factor_list(person)
            return redirect("members:second" if ready else "members:set-up")
    status = 200 if request.method == "GET" else 422
    return render(request, "members/sign_in.html", {"form": form, "next": goal}, status=status)


@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    person = pending_person(request)
    if person is None:
        return redirect("members:sign-in")
    if not factors.factor_list(person):
        return redirect("members:set-up")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            factors.factor_check(person, **form.cleaned_data)
        except (SignInPaused, SignInRefused) as error:
            refusal_add(form, error)
        else:
            return sign_in_finish(request, person)
    # A passkey's question is good once: an answer needs the one that was asked before it.
    context: dict[str, Any] = {"form": form, "passkey": factors.passkey_ask(person)}
    status = 200 if request.method == "GET" else 422
    return render(request, "members/second.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, Person):
        sign_in_record(request.user, MemberAudit.SIGN_OUT)
    logout(request)
    session_key_drop(request)
    response = HttpResponseRedirect("/staff/sign-in/")
    # What the browser still remembers of these pages goes too.
    response["Clear-Site-Data"] = '"cache"'
    return response


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@requires(Action.ACCOUNT_SELF)
def unlock(request: HttpRequest) -> HttpResponse:
    """The session is there, its key is not: the password opens it again."""
    person: Person = request.user
    goal = request.POST.get("next") or request.GET.get("next", "")
    form = UnlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password_prove(person, form.cleaned_data["password"])
            private = key_unlock(person, form.cleaned_data["password"])
        except SignInPaused as error:
            refusal_add(form, error)
        except SignInRefused:
            form.add_error("password", _("This is not your password."))
        else:
            if private is not None:
                session_key_hold(request, private)
            return redirect(safe_goal(request, goal))
    status = 200 if request.method == "GET" else 422
    return render(request, "members/unlock.html", {"form": form, "next": goal}, status=status)


for _view in (sign_in, second, sign_out):
    public(_view)
