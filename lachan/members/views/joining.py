"""From a link to a signed-in person: password, second factor, recovery codes."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from lachan.kernel.errors import InvalidInput
from lachan.members.entry import factors
from lachan.members.entry.invitations import invitation_get
from lachan.members.errors import AlreadyMember, InvitationGone, InvitationWaits, SignInRefused
from lachan.members.forms import CodeForm, JoinForm, PasskeyForm, SetUpCodeForm
from lachan.members.labels import role_name
from lachan.members.models import Person
from lachan.members.policy import public
from lachan.members.records import Role
from lachan.members.services import invitation_accept
from lachan.web.sent import marked

from .sign_in import pending_person, pending_set, refusal_add, sign_in_finish

CODES = "fresh_codes"


@public
@marked
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    try:
        invitation = invitation_get(token)
    except InvitationWaits as error:
        context = {"opens_at": error.opens_at}
        return render(request, "members/join_waits.html", context, status=403)
    except InvitationGone:
        return render(request, "members/join_gone.html", status=404)
    form = JoinForm(request.POST or None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        words = {k: v for k, v in form.cleaned_data.items() if k != "again"}
        try:
            joined = invitation_accept(token=token, **words)
        except AlreadyMember:
            form.add_error("email", _("Somebody with this address is here already."))
        except InvitationGone:  # withdrawn, or used, since the page was shown
            return render(request, "members/join_gone.html", status=404)
        except InvalidInput as error:
            why = error.__cause__
            form.add_error("password", why if isinstance(why, ValidationError) else str(error))
        else:
            joined.person.language = request.LANGUAGE_CODE
            joined.person.save(update_fields=["language"])
            pending_set(request, joined.person, joined.private)
            return redirect("members:set-up")
    context = {
        "form": form,
        "invitation": invitation,
        "roles": [role_name(Role(role)) for role in invitation.roles],
        "first_step": True,
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/join.html", context, status=status)


@public
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The second factor, before anything else opens."""
    person = pending_person(request)
    if person is None or factors.factor_list(person):
        return redirect("members:sign-in")
    code_form, passkey_form = SetUpCodeForm(), PasskeyForm()
    if request.method == "POST":
        code_form, passkey_form = SetUpCodeForm(request.POST), PasskeyForm(request.POST)
        try:
            _factor_keep(request, person, code_form, passkey_form)
        except SignInRefused as error:
            refusal_add(code_form, error)
        else:
            codes = factors.recovery_codes_make(person)
            response = sign_in_finish(request, person, "/staff/account/codes/")
            request.session[CODES] = factors.codes_kept(codes)
            messages.success(request, _("You are in. One last thing: keep your recovery codes."))
            return response
    context = {
        "code_form": code_form,
        "passkey_form": passkey_form,
        "totp": factors.totp_begin(request, person),
        "passkey": factors.passkey_begin(person),
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/set_up.html", context, status=status)


def _factor_keep(
    request: HttpRequest, person: Person, code_form: CodeForm, passkey_form: PasskeyForm
) -> None:
    if not (code_form.is_valid() and passkey_form.is_valid()):
        raise SignInRefused("neither a code nor a passkey")
    if answer := passkey_form.cleaned_data["answer"]:
        factors.passkey_finish(person, answer, passkey_form.cleaned_data["name"] or _("Passkey"))
    else:
        factors.totp_finish(request, person, code_form.cleaned_data["code"])
