"""Organisations of the network and the programmes that they carry."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction

from lachan.formats.observables.parsing import parse
from lachan.formats.places.gazetteer import place_get
from lachan.kernel.bounds import moment_checked
from lachan.kernel.errors import InvalidInput
from lachan.kernel.seen import state_check

from .audit import audit_record
from .audit_actions import MemberAudit
from .errors import LastAdministrator
from .models import Organisation, Programme
from .reach import network_check
from .records import Actor


@transaction.atomic
def organisation_save(
    *,
    by: Actor,
    organisation: Organisation | None = None,
    name: str,
    type: str,  # noqa: A002  the field's name
    status: str = Organisation.Status.ACTIVE,
    domains: Sequence[str] = (),
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    seen: str = "",
) -> Organisation:
    """Take an organisation into the network's list, or change its line.

    Args:
        seen: the mark of `organisation_state` that the page carried.

    Raises:
        NotAllowed: not an administrator of the home organisation.
        InvalidInput: a domain that is none.
        LastAdministrator: the home organisation would end or rest, and nobody could let anybody in any more.
        Stale: somebody changed the line meanwhile.
    """
    network_check(by)
    for moment in filter(None, (valid_from, valid_until)):
        moment_checked(moment)
    row = Organisation()
    if organisation is not None:
        row = Organisation.objects.select_for_update().get(pk=organisation.pk)
        state_check(seen, *organisation_state(row))
    if row.is_home and (status != Organisation.Status.ACTIVE or valid_until is not None):
        raise LastAdministrator("the home organisation stays")
    row.name, row.type, row.status = name.strip(), type, status
    row.domains = domains_read(domains)
    row.valid_until = valid_until
    if valid_from is not None:
        row.valid_from = valid_from
    row.save()
    action = MemberAudit.ORGANISATION_CHANGE if organisation else MemberAudit.ORGANISATION_MAKE
    audit_record(by=by, action=action, target=f"organisation:{row.uid}")
    return row


def organisation_state(row: Organisation) -> tuple[Any, ...]:
    """What saving the line writes over."""
    return row.name, row.type, row.status, row.domains, row.valid_from, row.valid_until


def programme_state(row: Programme) -> tuple[Any, ...]:
    """What saving the programme writes over."""
    members = sorted(row.organisations.values_list("pk", flat=True))
    return row.name, row.places, row.valid_from, row.valid_until, members


def domains_read(names: Sequence[str]) -> list[str]:
    """Domains in their canonical form, each once.

    Raises:
        InvalidInput: one of them is no domain.
    """
    found = {parse(name, "domain").value for name in names if name.strip()}
    return sorted(found)


@transaction.atomic
def programme_save(
    *,
    by: Actor,
    programme: Programme | None = None,
    name: str,
    organisations: Collection[UUID],
    places: Sequence[str],
    valid_from: date,
    valid_until: date | None,
    seen: str = "",
) -> Programme:
    """Make or change a programme.

    Args:
        seen: the mark of `programme_state` that the page carried.

    Raises:
        Stale: somebody changed it meanwhile.
        NotAllowed: not an administrator of the home organisation.
        InvalidInput: a place code that is none of today's, or an end before the beginning.
    """
    network_check(by)
    if any(place_get(code) is None for code in places):
        raise InvalidInput("not a code of a place of today")
    for day in filter(None, (valid_from, valid_until)):
        moment_checked(datetime.combine(day, time(), UTC))
    if valid_until is not None and valid_until < valid_from:
        raise InvalidInput("it ends before it begins")
    row = Programme()
    if programme is not None:
        row = Programme.objects.select_for_update().get(pk=programme.pk)
        state_check(seen, *programme_state(row))
    row.name, row.places = name.strip(), sorted(set(places))
    row.valid_from, row.valid_until = valid_from, valid_until
    row.save()
    row.organisations.set(Organisation.objects.filter(uid__in=organisations))
    action = MemberAudit.PROGRAMME_CHANGE if programme else MemberAudit.PROGRAMME_MAKE
    audit_record(by=by, action=action, target=f"programme:{row.uid}")
    return row
