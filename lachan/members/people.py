"""Roles given and taken, people who leave."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from lachan.kernel.bounds import moment_checked
from lachan.kernel.clock import now
from lachan.kernel.seen import state_check
from lachan.outbox.services import clock_is_believed, time_reached

from .audit import audit_record
from .audit_actions import MemberAudit
from .confirmations import (
    confirmation_ask,
    confirmations_settle,
    grant_make,
    links_settle,
    powerful_roles,
    second_is_asked,
)
from .errors import LastAdministrator, SelfGrant
from .keys.desk_keys import desk_keys_withdraw, holder_list
from .models import Confirmation, DeskKeyWrap, Invitation, Organisation, Person, RoleGrant
from .reach import manage_check
from .records import Actor, Role, system


@transaction.atomic
def role_grant(
    *, by: Actor, person: Person, role: Role, until: datetime | None = None
) -> RoleGrant | None:
    """Give a role, until a moment or until it is taken back. Granting it again changes the end.

    Returns:
        The grant; None where it waits for a second administrator (`confirmations`).

    Raises:
        NotAllowed: no administrator there, nor at home.
        SelfGrant: to himself; another administrator has to do it.
    """
    manage_check(by, person.organisation)
    if until is not None:
        moment_checked(until)
    if by.person_id == person.pk:
        raise SelfGrant("nobody gives a role to himself")
    adds = role in powerful_roles() and not _holds_until(person, role, until)
    if not adds or not second_is_asked(by, person.organisation, person=person):
        return grant_make(by=by, person=person, role=role, until=until)
    row = confirmation_ask(
        by=by, organisation=person.organisation, person=person, role=role, until=until
    )
    detail = {"role": role.value, "until": until.isoformat() if until else None}
    target = f"confirmation:{row.uid}"
    audit_record(by=by, action=MemberAudit.CONFIRMATION_ASK, target=target, detail=detail)
    return None


def _holds_until(person: Person, role: Role, until: datetime | None) -> bool:
    longer = Q(valid_until=None)
    if until is not None:
        longer |= Q(valid_until__gte=until)
    return person.is_active and person.grants.filter(longer, role=role).exists()


def person_state(person: Person) -> tuple[Any, ...]:
    """What the acts on a person write over: roles that stand or wait, links back, having left."""
    standing = person.grants.standing()
    return (
        person.is_active,
        sorted(standing.values_list("pk", flat=True)),
        sorted(person.returns.filter(used_at=None).values_list("pk", flat=True)),
        sorted(person.confirmations.exclude(role="").values_list("pk", flat=True)),
    )


@contextmanager
def person_seen(person: Person, *, seen: str) -> Iterator[None]:
    """Act on a person as seen: what is done inside is one transaction, in which the person is locked.

    Raises:
        Stale: somebody changed roles, or made a link, since the page with the mark `seen` was made.
    """
    with transaction.atomic():
        state_check(seen, *person_state(Person.objects.select_for_update().get(pk=person.pk)))
        yield


@transaction.atomic
def role_revoke(*, by: Actor, person: Person, role: Role) -> None:
    """Take a role back, also one that waits; with the last that needs it, the person's copy of the desk's
    key; with the right to let people in, the links that the person made.

    Raises:
        NotAllowed: no administrator there, nor at home.
        LastAdministrator: nobody could let anybody in any more.
    """
    manage_check(by, person.organisation)
    if role is Role.ADMINISTRATOR:
        _keep_an_administrator(person)
    standing = person.grants.standing().filter(role=role)
    if standing.update(valid_until=time_reached()):
        detail = {"role": role.value}
        audit_record(
            by=by, action=MemberAudit.ROLE_REVOKE, target=f"person:{person.uid}", detail=detail
        )
    Confirmation.objects.filter(person=person, role=role).delete()
    confirmations_settle()
    links_settle()
    if person not in holder_list(person.organisation):
        desk_keys_withdraw(by=by, person=person)


def _keep_an_administrator(person: Person) -> None:
    others = (
        RoleGrant.objects.standing()
        .filter(
            role=Role.ADMINISTRATOR,
            person__organisation=person.organisation,
            person__is_active=True,
        )
        .exclude(person=person)
        .exclude(person__public_key="")
    )
    if person.organisation.is_home and not others.exists():
        raise LastAdministrator("the last administrator stays")


@transaction.atomic
def person_deactivate(*, by: Actor, person: Person) -> None:
    """Somebody leaves: no sign-in, no session, no role, no copy of any key, no open link.

    Raises:
        NotAllowed: no administrator there, nor at home.
        LastAdministrator: nobody could let anybody in any more.
    """
    manage_check(by, person.organisation)
    _keep_an_administrator(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    person.grants.standing().update(valid_until=time_reached())
    person.sessions.all().delete()
    # Also the links that he made: he knows their tokens, and could come back by them as somebody else.
    theirs = Q(person=person) | Q(invited_by=str(person.uid))
    Invitation.objects.filter(theirs, used_at=None).delete()
    Confirmation.objects.filter(Q(person=person) | Q(asked_by=str(person.uid))).delete()
    desk_keys_withdraw(by=by, person=person)
    audit_record(by=by, action=MemberAudit.PERSON_DEACTIVATE, target=f"person:{person.uid}")


def wraps_purge() -> int:
    """Take the copies of those whose roles have run out; how many."""
    stale = 0
    if not clock_is_believed():
        return stale
    for organisation in Organisation.objects.filter(desk_keys__isnull=False).distinct():
        holders = [person.pk for person in holder_list(organisation)]
        wraps = DeskKeyWrap.objects.filter(person__organisation=organisation)
        for person in Person.objects.filter(wraps__in=wraps.exclude(person__in=holders)).distinct():
            desk_keys_withdraw(by=system("purge"), person=person)
            stale += 1
    return stale


def invitations_purge() -> int:
    """Forget links that nobody used in time, with their copies of the key. The first stays: its key may
    be the only one there is, and `first_link` carries it over.
    """
    if not clock_is_believed():
        return 0
    old = Invitation.objects.filter(used_at=None, expires_at__lt=now(), is_first=False)
    return old.delete()[1].get("members.Invitation", 0)
