"""Joining by a link: the token stands in the link alone, opens once, and carries the desk's key."""

import base64
import binascii
import dataclasses
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput, NotFound
from lachan.kernel.passwords import password_normal
from lachan.kernel.sealing.envelope import keypair_new
from lachan.kernel.sealing.locks import lock, lock_with, unlock_with
from lachan.members.audit import audit_record
from lachan.members.audit_actions import MemberAudit
from lachan.members.confirmations import (
    confirmation_ask,
    is_ripe,
    manages_now,
    powerful_roles,
    second_is_asked,
)
from lachan.members.errors import AlreadyMember, InvitationGone, InvitationWaits
from lachan.members.keys.desk_keys import (
    HOLDER_ROLES,
    desk_key_make,
    held_privates,
    holder_list,
    wrap_for_person,
)
from lachan.members.models import (
    Confirmation,
    DeskKeyWrap,
    Invitation,
    Organisation,
    Person,
    RoleGrant,
)
from lachan.members.reach import manage_check
from lachan.members.records import Actor, ActorKind, InvitationRecord, Role, system
from lachan.proofs.services import row_holds, row_require

from .first_token import token_forget

LIFETIME = timedelta(days=7)
_CLOCKS_APART = timedelta(minutes=1)  # of several machines


@dataclasses.dataclass(frozen=True, kw_only=True)
class Joined:
    """Somebody who has just joined, with the private key for this session."""

    person: Person
    private: str = dataclasses.field(repr=False)


def token_bytes(token: str) -> bytes:
    """The 32 bytes of a link's token.

    Raises:
        InvitationGone: it cannot be one.
    """
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise InvitationGone("no such invitation") from None
    if len(raw) != 32:
        raise InvitationGone("no such invitation")
    return raw


def _hash(token: str, *, waits: bool) -> bytes:
    """What is kept of a token. That a link waits for a second one stands in it: a `Confirmation` that somebody took
    out of the database would else open it.
    """
    said = b"lachan invitation of two " if waits else b"lachan invitation "
    return hashlib.sha256(said + token_bytes(token)).digest()


def invitation_make(
    *,
    by: Actor,
    organisation: Organisation,
    roles: Sequence[Role],
    held: Mapping[int, str],
    email: str = "",
    name: str = "",
    person: Person | None = None,
    is_first: bool = False,
) -> InvitationRecord:
    """A link, with the desk keys `held` (primary key → private half) locked under its token. One that
    gives powers, or brings somebody back, waits for a second administrator (`confirmations`).
    """
    raw = secrets.token_bytes(32)
    token = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    powers = person is not None or bool(powerful_roles() & set(roles))
    is_of_two = powers and not is_first and second_is_asked(by, organisation, person=person)
    row = Invitation.objects.create(
        token_hash=_hash(token, waits=is_of_two),
        organisation=organisation,
        person=person,
        email=email,
        name=name,
        roles=[role.value for role in roles],
        is_first=is_first,
        invited_by=by.label,
        expires_at=now() + LIFETIME,
    )
    for desk_key_id, private in held.items():
        DeskKeyWrap.objects.create(
            desk_key_id=desk_key_id, invitation=row, sealed=lock_with(private, secret=raw)
        )
    waits = None
    if is_of_two:
        waits = confirmation_ask(by=by, organisation=organisation, person=person, invitation=row)
    return InvitationRecord(
        uid=row.uid,
        path=f"/staff/join/{token}/",
        expires_at=row.expires_at,
        with_desk_key=bool(held),
        opens_at=waits.ready_at if waits else None,
    )


@transaction.atomic
def invitation_create(
    *,
    by: Actor,
    unlocked: str | None,
    organisation: Organisation,
    roles: Sequence[Role],
    email: str,
    name: str,
) -> InvitationRecord:
    """Invite somebody. Where a role holds the desk's key, the link carries it, if `by` has it to give:
    `unlocked` is the private key of `by`; with None the desk key is left to be given after joining.

    Raises:
        Refused: not an administrator there.
        AlreadyMember: the address belongs to a person of the instance.
        KeyLocked: `unlocked` is not the key of `by`.
    """
    manage_check(by, organisation)
    email = email.strip().lower()
    if Person.objects.filter(email__iexact=email).exists():
        raise AlreadyMember("somebody with this address is here already")
    held = _held_for(by=by, unlocked=unlocked, organisation=organisation, roles=roles)
    record = invitation_make(
        by=by, organisation=organisation, roles=roles, held=held, email=email, name=name
    )
    detail = {"roles": sorted(roles)}
    audit_record(
        by=by, action=MemberAudit.INVITATION_MAKE, target=f"invitation:{record.uid}", detail=detail
    )
    return record


def _held_for(
    *, by: Actor, unlocked: str | None, organisation: Organisation, roles: Sequence[Role]
) -> dict[int, str]:
    if unlocked is None or not HOLDER_ROLES & set(roles):
        return {}
    own = set(organisation.desk_keys.values_list("id", flat=True))
    held = held_privates(person_id=by.person_id, unlocked=unlocked)
    return {pk: private for pk, private in held.items() if pk in own}


@transaction.atomic
def return_create(*, by: Actor, unlocked: str | None, person: Person) -> InvitationRecord:
    """A link for somebody who lost the password: a new password, key pair and second factor.

    Raises:
        Refused: not an administrator there.
        KeyLocked: `unlocked` is not the key of `by`.
    """
    manage_check(by, person.organisation)
    roles = [Role(grant.role) for grant in person.grants.standing()]
    organisation = person.organisation
    held = _held_for(by=by, unlocked=unlocked, organisation=organisation, roles=roles)
    Invitation.objects.filter(person=person, used_at=None).delete()
    record = invitation_make(
        by=by, organisation=organisation, roles=[], held=held, person=person,
        email=person.email, name=person.name,
    )  # fmt: skip
    audit_record(by=by, action=MemberAudit.PERSON_RETURN, target=f"person:{person.uid}")
    return record


@transaction.atomic
def operator_link(*, email: str = "") -> InvitationRecord:
    """For the operator's command line: a link for a person of that address, or for one more administrator
    of the home organisation. It carries no desk key: nobody is there who could give one.

    Raises:
        NotFound: no such person.
    """
    by = system("admin-link")
    if email:
        person = Person.objects.filter(email__iexact=email.strip()).first()
        if person is None:
            raise NotFound("nobody here has this address")
        return return_create(by=by, unlocked=None, person=person)
    home = Organisation.objects.get(is_home=True)
    record = invitation_make(by=by, organisation=home, roles=[Role.ADMINISTRATOR], held={})
    audit_record(by=by, action=MemberAudit.INVITATION_MAKE, target=f"invitation:{record.uid}")
    return record


def invitation_get(token: str) -> Invitation:
    """The invitation that a token opens.

    Raises:
        InvitationGone: unknown, used, withdrawn or expired, or by somebody who may let nobody in any more.
        InvitationWaits: neither has a second administrator agreed nor is its day over.
    """
    moment = now()
    # One that would stay open for longer than any was made by a clock that ran ahead.
    until = moment + LIFETIME + _CLOCKS_APART
    of_two = _hash(token, waits=True)
    row = Invitation.objects.filter(
        token_hash__in=[of_two, _hash(token, waits=False)],
        used_at=None,
        expires_at__gt=moment,
        expires_at__lte=until,
    ).select_related("organisation", "person")
    found = row.first()
    if found is None or not found.organisation.is_standing or not row_holds(found):
        raise InvitationGone("no such invitation")
    if not manages_now(found.invited_by, found.organisation):
        raise InvitationGone("no such invitation")
    waits = Confirmation.objects.filter(invitation=found).select_related("organisation").first()
    if waits is None and bytes(found.token_hash) == of_two:
        raise InvitationGone("no such invitation")
    if waits is not None and not is_ripe(waits):
        raise InvitationWaits(waits.ready_at)
    return found


@transaction.atomic
def invitation_withdraw(*, by: Actor, invitation: Invitation) -> None:
    """The link stops working, and its copy of the desk's key is gone."""
    manage_check(by, invitation.organisation)
    audit_record(
        by=by, action=MemberAudit.INVITATION_WITHDRAW, target=f"invitation:{invitation.uid}"
    )
    invitation.delete()


def invitation_accept(
    *, token: str, password: str, email: str = "", name: str = "", organisation_name: str = ""
) -> Joined:
    """Join: a person with a key pair of their own, the roles promised, and a copy of the desk's keys.

    Address and name count where the invitation leaves them open, as the first administrator's does, who
    also says what the home organisation is called.

    Raises:
        InvitationGone: unknown, used, withdrawn or expired.
        AlreadyMember: the address belongs to somebody.
        InvalidInput: a password that the rules refuse (`__cause__` says why), or no address.
    """
    with transaction.atomic():
        invitation = invitation_get(token)
        # Two tabs accepting at once: only one finds the row unused.
        if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now()):
            raise InvitationGone("no such invitation")
        joined = _join(invitation, password=password, email=email, name=name)
        held = {}
        for wrap in invitation.wraps.select_related("desk_key"):
            row_require(wrap)
            held[wrap.desk_key_id] = unlock_with(bytes(wrap.sealed), secret=token_bytes(token))
        if joined.person not in holder_list(invitation.organisation):
            held = {}  # the role for which the link carries them has ended since
        for desk_key_id, private in held.items():
            wrap_for_person(desk_key_id=desk_key_id, private=private, person=joined.person)
        invitation.wraps.all().delete()
        if invitation.is_first:
            _home_settle(invitation.organisation, organisation_name)
        by = Actor(
            kind=ActorKind.PERSON,
            person_id=joined.person.pk,
            organisation_id=joined.person.organisation_id,
            label=str(joined.person.uid),
        )
        audit_record(by=by, action=MemberAudit.PERSON_JOIN, target=f"invitation:{invitation.uid}")
    if invitation.is_first:
        token_forget()
    return joined


def _join(invitation: Invitation, *, password: str, email: str, name: str) -> Joined:
    person = invitation.person or Person(
        email=(invitation.email or email).strip().lower(),
        name=(name or invitation.name).strip(),
        organisation=invitation.organisation,
    )
    if not person.email or not person.name:
        raise InvalidInput("an address and a name")
    if Person.objects.filter(email__iexact=person.email).exclude(pk=person.pk).exists():
        raise AlreadyMember("somebody with this address is here already")
    try:
        validate_password(password_normal(password), person)
    except ValidationError as error:
        raise InvalidInput("this password is too easy to guess") from error
    pair = keypair_new()
    person.is_active = True
    person.set_password(password)
    person.public_key, person.locked_key = pair.public, lock(pair.private, password=password)
    returning = person.pk is not None
    person.save()
    if returning:
        # The old copies are sealed to the key that was lost; the old factors may be lost with it.
        person.wraps.all().delete()
        person.sessions.all().delete()
        person.authenticator_set.all().delete()
    for role in invitation.roles:
        RoleGrant.objects.get_or_create(
            person=person, role=role, valid_until=None,
            defaults={"granted_by": invitation.invited_by},
        )  # fmt: skip
    return Joined(person=person, private=pair.private)


def _home_settle(home: Organisation, name: str) -> None:
    if name.strip():
        home.name = name.strip()
        home.save(update_fields=["name"])
    # The key so far could be opened by whoever read the token's file: what comes now is out of reach.
    desk_key_make(home)
