"""Confirmation by a second administrator: what one administrator asks for alone waits for a second one's yes,
or for a day.

A role that reads reports, reviews or lets people in, a link that gives one, and a link that brings somebody
back are such powers: by them one person could become two. While they wait, all administrators there and the
person concerned see it, and each of them can stop it.

    role_grant | invitation_create | return_create ──► Confirmation ──yes of a second──► as asked
                                                            ├────a day goes by────────► as asked
                                                            └────stop, or the asker's right ends──► gone

The first administrator is alone, and children's reports do not wait until somebody may read them: what he
gives on the first day, while there is no second one, holds at once. The operator's links wait only where an
administrator is there who could say yes.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.outbox.services import clock_is_believed, time_reached
from lachan.proofs.services import row_holds, row_require

from .audit import audit_record
from .audit_actions import MemberAudit
from .errors import SecondNeeded
from .keys.desk_keys import HOLDER_ROLES
from .models import Confirmation, Invitation, Organisation, Person, RoleGrant
from .policy import POWERS, TABLE
from .reach import manage_allows
from .records import Actor, ActorKind, Role, system
from .selectors import actor_labelled

DELAY = timedelta(days=1)


def powerful_roles() -> frozenset[Role]:
    """The roles that nobody gets before a second person agrees."""
    rows = [TABLE[action] for action in POWERS]
    return HOLDER_ROLES | {role for row in rows for role, scope in row.items() if scope}


def second_is_asked(by: Actor, organisation: Organisation, *, person: Person | None = None) -> bool:
    """Whether what `by` asks for there has to wait; `person`: to whom it would give a power."""
    if by.kind is ActorKind.SYSTEM:
        return _administrators(organisation, besides=person).exists()
    return not _is_founding(by)


def _administrators(
    organisation: Organisation, *, besides: Person | None = None
) -> QuerySet[Person]:
    """Who could say yes there: its administrators, and those at home."""
    standing = RoleGrant.objects.standing().filter(role=Role.ADMINISTRATOR)
    there = Q(organisation=organisation) | Q(organisation__is_home=True)
    rows = Person.objects.filter(there, is_active=True, grants__in=standing).exclude(public_key="")
    return rows.exclude(pk=besides.pk).distinct() if besides and besides.pk else rows.distinct()


def _is_founding(by: Actor) -> bool:
    used = Invitation.objects.filter(is_first=True, used_at__isnull=False).order_by("used_at")
    first, moment = used.select_related("organisation", "person").first(), now()
    # Who could move this day by a hand at the database would need no second one.
    if first is None or not row_holds(first) or not first.used_at <= moment < first.used_at + DELAY:
        return False
    home = Organisation.objects.filter(is_home=True).get()
    return set(_administrators(home).values_list("pk", flat=True)) == {by.person_id}


def confirmation_ask(
    *,
    by: Actor,
    organisation: Organisation,
    person: Person | None = None,
    invitation: Invitation | None = None,
    role: str = "",
    until: datetime | None = None,
) -> Confirmation:
    """Note what waits; one a person and role."""
    if role:
        Confirmation.objects.filter(person=person, role=role).delete()
    return Confirmation.objects.create(
        organisation=organisation,
        person=person,
        invitation=invitation,
        role=role,
        until=until,
        asked_by=by.label,
        ready_at=now() + DELAY,
    )


def manages_now(label: str, organisation: Organisation) -> bool:
    """Whether who acted under this label may let people in there now."""
    actor = actor_labelled(label)
    return actor is not None and manage_allows(actor, organisation)


def is_ripe(row: Confirmation) -> bool:
    """Whether two have agreed or the day is over. A yes counts while its giver may give it."""
    if not row_holds(row):
        return False
    if row.confirmed_by and manages_now(row.confirmed_by, row.organisation):
        return True
    return row.ready_at <= now() and clock_is_believed()


def confirmation_allows(by: Actor, row: Confirmation) -> bool:
    """Whether `by` can be the second: an administrator there, neither who asked nor whom it is for."""
    return (
        by.kind is ActorKind.PERSON
        and by.label != row.asked_by
        and by.person_id != row.person_id
        and manage_allows(by, row.organisation)
    )


@transaction.atomic
def confirmation_give(*, by: Actor, confirmation: Confirmation) -> None:
    """The second yes: a role holds from now on, a link opens.

    Raises:
        SecondNeeded: `by` asked for it, or it is for `by`, or no administrator there.
        RowUnproved: it was not written by the product.
        NotFound: somebody stopped it, or it is done, or who asked for it may not any more.
    """
    row = _locked(confirmation)
    row_require(row)
    if not confirmation_allows(by, row):
        raise SecondNeeded("another administrator has to agree")
    if not manages_now(row.asked_by, row.organisation):
        raise NotFound("who asked for it may not any more")
    audit_record(by=by, action=MemberAudit.CONFIRMATION_GIVE, target=f"confirmation:{row.uid}")
    if row.invitation_id:
        row.confirmed_by = by.label
        row.save(update_fields=["confirmed_by"])
    else:
        _fulfil(by, row)


def _locked(confirmation: Confirmation) -> Confirmation:
    rows = Confirmation.objects.select_for_update(of=("self",)).select_related("organisation")
    row = rows.filter(pk=confirmation.pk).first()
    if row is None:
        raise NotFound("it waits no longer")
    return row


@transaction.atomic
def confirmation_stop(*, by: Actor, confirmation: Confirmation) -> None:
    """It never comes about; a link that waited is gone.

    Raises:
        SecondNeeded: neither an administrator there nor the person concerned.
        NotFound: it waits no longer.
    """
    row = _locked(confirmation)
    concerned = by.person_id is not None and by.person_id == row.person_id
    if not (concerned or manage_allows(by, row.organisation)):
        raise SecondNeeded("an administrator, or the person concerned")
    audit_record(by=by, action=MemberAudit.CONFIRMATION_STOP, target=f"confirmation:{row.uid}")
    if row.invitation is not None:
        row.invitation.delete()  # and this row with it
    else:
        row.delete()


def _fulfil(by: Actor, row: Confirmation) -> None:
    person = row.person
    ended = row.until is not None and row.until <= now()
    if person is not None and person.is_active and not ended:
        grant_make(
            by=by, person=person, role=Role(row.role), until=row.until, asked_by=row.asked_by
        )
    row.delete()


def grant_make(
    *, by: Actor, person: Person, role: Role, until: datetime | None, asked_by: str = ""
) -> RoleGrant:
    """Write the grant, in the place of the one that stands."""
    person.grants.standing().filter(role=role).update(valid_until=time_reached())
    grant = RoleGrant.objects.create(
        person=person, role=role, valid_until=until, granted_by=asked_by or by.label
    )
    detail = {"role": role.value, "until": until.isoformat() if until else None}
    if asked_by:
        detail["asked_by"] = asked_by
    audit_record(by=by, action=MemberAudit.ROLE_GRANT, target=f"person:{person.uid}", detail=detail)
    return grant


def confirmation_list(by: Actor) -> list[Confirmation]:
    """What waits where `by` manages, and what waits about `by`; the next to come about first."""
    open_links = Q(invitation__used_at=None, invitation__expires_at__gt=now())
    rows = Confirmation.objects.filter(Q(invitation=None) | open_links)
    rows = rows.select_related("organisation", "person", "invitation").order_by("ready_at")
    return [
        row
        for row in rows
        if by.person_id is not None
        and (row.person_id == by.person_id or manage_allows(by, row.organisation))
    ]


def confirmations_settle() -> None:
    """Roles whose day is over begin; what was asked for by somebody who may not any more is forgotten."""
    for found in Confirmation.objects.select_related("organisation"):
        with transaction.atomic():
            row = Confirmation.objects.select_for_update().filter(pk=found.pk).first()
            if row is None:
                continue
            if not manages_now(row.asked_by, row.organisation):
                confirmation_stop(by=system("confirmations"), confirmation=row)
            elif not row.invitation_id and is_ripe(row):
                _fulfil(system("confirmations"), row)


def links_settle() -> None:
    """Links by those who may not let anybody in any more go, and the copies of the key in them."""
    for row in Invitation.objects.filter(used_at=None, is_first=False).select_related(
        "organisation"
    ):
        if not manages_now(row.invited_by, row.organisation):
            row.delete()
