"""Second factors: allauth keeps and checks them; here is what this product asks of it."""

import json
from typing import Any

import segno
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    validate_totp_code,
    yield_hotp_counters_from_time,
)
from allauth.mfa.webauthn.internal import auth as passkeys
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.members.audit_actions import MemberAudit
from lachan.members.errors import SignInRefused
from lachan.members.models import Person

from .sign_in_checks import pause_clear, second_key, sign_in_record, try_count


class FactorAdapter(DefaultMFAAdapter):
    """allauth's adapter for second factors: secrets of codes rest locked under the instance's own secret,
    which is not in the database.
    """

    def encrypt(self, text: str) -> str:
        return lock_with(text, secret=_secrets()[0]).hex()

    def decrypt(self, encrypted_text: str) -> str:
        secret, *former = _secrets()
        return unlock_with(bytes.fromhex(encrypted_text), secret=secret, former=former)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.MFA_TOTP_ISSUER}


def _secrets() -> list[bytes]:
    """The present one first."""
    held = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [b"lachan second factor " + one.encode() for one in held]


def factor_secrets_open() -> bool:
    """Whether the instance's secret is the one under which codes were locked; so it seems where none were."""
    rows = Authenticator.objects.filter(type=Authenticator.Type.TOTP).order_by("-id")[:10]
    return not rows or any(_opens(row) for row in rows)


def _opens(row: Authenticator) -> bool:
    try:
        get_adapter().decrypt(row.data["secret"])
    except (LockHeld, ValueError, KeyError):
        return False
    return True


_SETTING_UP = "totp"
_CODES = Authenticator.Type.RECOVERY_CODES


def factor_list(person: Person) -> list[Authenticator]:
    """The second factors that can be asked for, oldest first; recovery codes are only their spare."""
    rows = Authenticator.objects.filter(user=person).exclude(type=_CODES)
    return list(rows.order_by("id"))


def totp_begin(request: HttpRequest, person: Person) -> dict[str, str]:
    """A secret for an authenticator app: `secret` in groups of four, `url` for an app on the same device,
    and `qr`, an image as data URI, for one on another.
    """
    held = request.session.get(_SETTING_UP)
    try:
        secret = get_adapter().decrypt(held) if held else generate_totp_secret()
    except (LockHeld, ValueError):
        secret = generate_totp_secret()
    request.session[_SETTING_UP] = get_adapter().encrypt(secret)
    url = get_adapter().build_totp_url(person, secret)
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return {
        "secret": groups,
        "url": url,
        "qr": segno.make(url, error="m").svg_data_uri(scale=5, border=4),
    }


@transaction.atomic
def totp_finish(request: HttpRequest, person: Person, code: str) -> None:
    """Keep the app's secret, now that a code proves that the app has it; it replaces an earlier app.

    Raises:
        SignInRefused: the code does not fit.
    """
    held = request.session.get(_SETTING_UP)
    if not held or not validate_totp_code(get_adapter().decrypt(held), code):
        raise SignInRefused("this code does not fit")
    Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(person, get_adapter().decrypt(held))
    del request.session[_SETTING_UP]
    sign_in_record(person, MemberAudit.FACTOR_ADD)


def passkey_begin(person: Person) -> str:
    """What the browser needs to make a passkey, as JSON."""
    return json.dumps(passkeys.begin_registration(person, passwordless=False))


@transaction.atomic
def passkey_finish(person: Person, answer: str, name: str) -> None:
    """Keep the passkey that the browser made.

    Raises:
        SignInRefused: it was not made for us, now.
    """
    try:
        credential = json.loads(answer)
        passkeys.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        raise SignInRefused("this passkey does not fit") from None
    passkeys.WebAuthn.add(person, name, credential)
    sign_in_record(person, MemberAudit.FACTOR_ADD)


def passkey_ask(person: Person) -> str:
    """What the browser needs to use a passkey, as JSON; empty where the person has none."""
    if not Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).exists():
        return ""
    return json.dumps(passkeys.begin_authentication(person))


def factor_check(person: Person, *, code: str = "", passkey: str = "") -> None:
    """A code of the app, one of the recovery codes, or a passkey's answer.

    Raises:
        SignInPaused: too many failures.
        SignInRefused: it does not fit.
    """
    key = second_key(person)
    try_count(key)
    try:
        used = _passkey_used(person, passkey) if passkey else _code_used(person, code)
    except LockHeld:  # restored without the instance's secret: only a new link helps
        used = None
    if used is None:
        sign_in_record(person, MemberAudit.SIGN_IN_FAIL)
        raise SignInRefused("this code does not fit")
    pause_clear(key)
    used.record_usage()


def _code_used(person: Person, code: str) -> Authenticator | None:
    plain = "".join(code.split())
    for row in Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP):
        if _totp_used(row, plain):
            return row
    for row in Authenticator.objects.filter(user=person, type=_CODES):
        if RecoveryCodes(row).validate_code(plain):
            return Authenticator.objects.get(pk=row.pk)
    return None


@transaction.atomic
def _totp_used(row: Authenticator, code: str) -> bool:
    # The last counter rests in the row, not in a cache: a code is good once in all processes together
    # (RFC 6238, section 5.2).
    row = Authenticator.objects.select_for_update().get(pk=row.pk)
    secret = get_adapter().decrypt(row.data["secret"])
    counters = list(yield_hotp_counters_from_time())
    last = row.data.get("last", 0)
    if last > max(counters):  # used by a clock that ran ahead: no code would fit until then
        last = 0
    for counter in counters:
        expected = format_hotp_value(hotp_value(secret, counter))
        if constant_time_compare(code, expected) and counter > last:
            row.data["last"] = counter
            row.save(update_fields=["data"])
            return True
    return False


def _passkey_used(person: Person, answer: str) -> Authenticator | None:
    try:
        parsed: Any = json.loads(answer)
        return passkeys.complete_authentication(person, parsed)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return None


@transaction.atomic
def recovery_codes_make(person: Person) -> list[str]:
    """Ten fresh codes, each good once; the earlier ones stop working. Shown now and never again."""
    Authenticator.objects.filter(user=person, type=_CODES).delete()
    codes = RecoveryCodes.activate(person).generate_codes()
    sign_in_record(person, MemberAudit.RECOVERY_CODES_MAKE)
    return [f"{code[:4]} {code[4:]}" for code in codes]


def codes_kept(codes: list[str]) -> str:
    """Codes on their way to the next page: they pass through the session's row, so never in clear."""
    return get_adapter().encrypt("\n".join(codes))


def codes_shown(kept: str) -> list[str]:
    return get_adapter().decrypt(kept).split("\n") if kept else []


@transaction.atomic
def factor_remove(person: Person, pk: int) -> None:
    """Take a factor away; never the last one.

    Raises:
        SignInRefused: it is the last.
    """
    rows = factor_list(person)
    if len(rows) < 2:
        raise SignInRefused("the last second factor stays")
    Authenticator.objects.filter(user=person, pk=pk).exclude(type=_CODES).delete()
    sign_in_record(person, MemberAudit.FACTOR_REMOVE)
