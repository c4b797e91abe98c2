"""Signing in: password, then a second factor; and pauses that grow, for whoever guesses.

A pause belongs to a name, not to an address: no address is kept. So that a stranger's guesses cannot keep
somebody out of the own account, a browser that has signed in before carries a cookie that proves just
that, and its failures are counted apart.
"""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from lachan.kernel.clock import now
from lachan.kernel.passwords import password_normal, password_spellings
from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock, unlock
from lachan.kernel.sealing.turns import turn_taken
from lachan.members.audit import audit_record
from lachan.members.audit_actions import MemberAudit
from lachan.members.errors import SignInPaused, SignInRefused
from lachan.members.models import Person, SignInPause
from lachan.members.records import PUBLIC, Actor, ActorKind
from lachan.proofs.services import row_holds

KNOWN_COOKIE = "lachan_known"
FREE_TRIES = 5
STRANGERS_ROWS = 65_536
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)
_REMEMBERED = timedelta(days=1)


def _keyed(*parts: str) -> bytes:
    text = "\x1f".join(("lachan sign-in", *parts))
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256)


def known_mark(person: Person) -> str:
    """What the cookie of a browser holds that this person has signed in with before."""
    return _keyed("known", str(person.uid)).hex()


def _pause_key(name: str, mark: str) -> bytes:
    person = Person.objects.filter(email__iexact=name.strip()).only("uid").first()
    if person is None:
        return _stranger_key(name.strip().lower())
    # Under the person, not the name as typed: PostgreSQL finds "binh" by "bınh" too, and each spelling
    # would have free tries of its own.
    known = constant_time_compare(mark, known_mark(person))
    return _keyed("known", str(person.uid)) if known else _stranger_key(str(person.uid))


def _stranger_key(who: str) -> bytes:
    """One of so many rows, whoever is meant: made-up names do not fill the disk, and a name that finds its
    row taken tells nothing of whether somebody has it.
    """
    return _keyed("stranger", str(int.from_bytes(_keyed("unknown", who)[:4]) % STRANGERS_ROWS))


def try_count(key: bytes) -> None:
    """One more try, counted before it is made: guesses sent all at once find no count of before. From the
    fifth on comes a pause, each twice the one before; `pause_clear` ends it all when the try was right.

    Raises:
        SignInPaused: too many failures; its `seconds` say how long to wait.
    """
    moment = now()
    with transaction.atomic():
        # Locked until the count stands; SQLite's transactions take turns by themselves.
        row, _ = SignInPause.objects.select_for_update().get_or_create(key=key)
        if row.paused_until is not None and row.paused_until > moment + _LONGEST_PAUSE:
            # Set by a clock that ran ahead: nobody waits for longer than the longest pause.
            row.paused_until = moment + _pause(row.failures)
        until = row.paused_until
        if until is None or until <= moment:
            row.failures += 1
            row.last_at = moment
            if row.failures >= FREE_TRIES:
                row.paused_until = moment + _pause(row.failures)
        row.save(update_fields=["failures", "last_at", "paused_until"])
    if until is not None and until > moment:
        raise SignInPaused(int((until - moment).total_seconds()) + 1)


def _pause(failures: int) -> timedelta:
    return min(_FIRST_PAUSE * 2 ** min(max(failures - FREE_TRIES, 0), 10), _LONGEST_PAUSE)


def pause_clear(key: bytes) -> None:
    SignInPause.objects.filter(key=key).delete()


def pauses_purge() -> int:
    """Forget failures after a day, and those of a clock that ran ahead."""
    moment = now()
    over = Q(last_at__lt=moment - _REMEMBERED) | Q(last_at__gt=moment + _REMEMBERED)
    return SignInPause.objects.filter(over).delete()[0]


def password_check(*, request: HttpRequest, name: str, password: str) -> tuple[Person, str | None]:
    """The person and the private key that the password unlocks (None where there is none yet).

    Raises:
        SignInPaused: too many failures for this name.
        SignInRefused: unknown name or wrong password: they cannot be told apart.
        TurnsTaken: too many try at this moment.
    """
    with turn_taken():  # before the try is counted: who finds no turn has not tried
        return _password_look(request, name, password)


def _password_look(request: HttpRequest, name: str, password: str) -> tuple[Person, str | None]:
    key = _pause_key(name, request.COOKIES.get(KNOWN_COOKIE, ""))
    try_count(key)
    person = authenticate(request, username=name.strip(), password=password)
    if not isinstance(person, Person) or not row_holds(Person.objects.get(pk=person.pk)):
        _record_failure(name, key, password)
        raise SignInRefused("unknown name or wrong password")
    pause_clear(key)
    _spell_normally(person, password)
    return person, key_unlock(person, password)


def _spell_normally(person: Person, password: str) -> None:
    """Carry a hash of another spelling over. At sign-in alone: a new hash ends the sessions that stand."""
    spelt_otherwise = len(password_spellings(password)) > 1
    if spelt_otherwise and not check_password(password_normal(password), person.password):
        person.set_password(password)
        person.save(update_fields=["password"])


def _record_failure(name: str, key: bytes, password: str) -> None:
    # Kept only for people who exist: what strangers type is nobody's business, and would grow the trail.
    # For other names the line is written all the same and taken back, so that time tells nothing.
    person = Person.objects.filter(email__iexact=name.strip()).first()
    if person is None:
        # Django has hashed it once, as for one who exists; there each spelling was tried.
        for spelling in password_spellings(password)[1:]:
            make_password(spelling)
    by = _as(person) if person else PUBLIC
    with transaction.atomic():
        # One commit in both cases, of a counter that a failure moves anyway: a commit waits for the disk.
        SignInPause.objects.filter(key=key).update(last_at=now())
        with transaction.atomic():
            audit_record(
                by=by,
                action=MemberAudit.SIGN_IN_FAIL,
                target=f"person:{person.uid if person else key.hex()}",
            )
            if person is None:
                transaction.set_rollback(True)


def _as(person: Person) -> Actor:
    return Actor(
        kind=ActorKind.PERSON,
        person_id=person.pk,
        organisation_id=person.organisation_id,
        label=str(person.uid),
    )


def key_unlock(person: Person, password: str) -> str | None:
    """The person's private key.

    Raises:
        SignInRefused: the password does not open it.
    """
    if not person.locked_key:
        return None
    try:
        return unlock(bytes(person.locked_key), password=password)
    except LockHeld:
        raise SignInRefused("the password does not open the key") from None


def password_prove(person: Person, password: str) -> None:
    """That whoever sits in a signed-in session knows the password. Guesses are counted: a stolen session
    must not become a place to guess the password, which opens the key.

    Raises:
        SignInPaused: too many failures.
        SignInRefused: it is wrong.
        TurnsTaken: too many try at this moment.
    """
    key = _keyed("password", str(person.uid))
    with turn_taken():
        try_count(key)
        right = person.check_password(password)
    if not right:
        sign_in_record(person, MemberAudit.SIGN_IN_FAIL)
        raise SignInRefused("wrong password")
    pause_clear(key)


def second_key(person: Person) -> bytes:
    """Under which the failures of the second factor are counted."""
    return _keyed("second", str(person.uid))


def sign_in_record(person: Person, action: MemberAudit) -> None:
    """`sign_in.complete`, `sign_in.fail`, `sign_out` and the like, in the trail."""
    audit_record(by=_as(person), action=action, target=f"person:{person.uid}")


def password_change(*, person: Person, old: str, new: str) -> str | None:
    """A new password; the private key is locked anew. Returns it, for the session.

    Raises:
        SignInPaused, SignInRefused: as `password_prove`, of the old password.
        ValidationError: the new one is too easy to guess.
    """
    from django.contrib.auth.password_validation import validate_password

    password_prove(person, old)
    validate_password(password_normal(new), person)
    private = key_unlock(person, old)
    person.set_password(new)
    if private is not None:
        person.locked_key = lock(private, password=new)
    with transaction.atomic():
        person.save(update_fields=["password", "locked_key"])
        sign_in_record(person, MemberAudit.PASSWORD_CHANGE)
    return private
