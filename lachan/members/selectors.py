"""Who is who."""

import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.db.models import Q

from lachan.kernel.clock import now

from .models import DeskKey, DeskKeyWrap, Organisation, Person, Session
from .places import commune_list, place_find, place_get, province_list
from .records import (
    Actor,
    ActorKind,
    DeskKeyHolders,
    DeskKeyRecord,
    OrganisationSignature,
    Role,
)

__all__ = [
    "actor_for",
    "commune_list",
    "desk_key_current",
    "help_line_list",
    "organisation_domain_list",
    "organisation_home",
    "organisation_signature",
    "organisation_uid",
    "place_find",
    "place_get",
    "province_list",
    "session_list",
]


def actor_for(person: Person) -> Actor:
    """The actor that a signed-in person is now."""
    moment = now()
    grants = person.grants.filter(valid_from__lte=moment)
    standing = grants.filter(
        Q(valid_until=None) | Q(valid_until__gt=moment),
        # A suspended organisation's people keep their accounts and lose what they may do.
        person__organisation__status=Organisation.Status.ACTIVE,
    )
    return Actor(
        kind=ActorKind.PERSON,
        person_id=person.pk,
        organisation_id=person.organisation_id,
        roles=frozenset(Role(role) for role in standing.values_list("role", flat=True)),
        label=str(person.uid),
    )


def organisation_domain_list() -> list[str]:
    """The domains that active organisations call their own, lower case."""
    active = Organisation.objects.filter(status=Organisation.Status.ACTIVE)
    return [name.lower() for names in active.values_list("domains", flat=True) for name in names]


def organisation_uid(organisation_id: int) -> UUID:
    """The outward identifier of an organisation."""
    return Organisation.objects.values_list("uid", flat=True).get(pk=organisation_id)


def organisation_signature(organisation_id: int) -> OrganisationSignature:
    """How an organisation signs what it says, now: its outward identifier and its name."""
    row = Organisation.objects.values_list("uid", "name").get(pk=organisation_id)
    return OrganisationSignature(*row)


def organisation_type(organisation_id: int) -> str:
    """What sort of organisation it is: a value of `Organisation.Type`."""
    return Organisation.objects.values_list("type", flat=True).get(pk=organisation_id)


@cache
def _help_lines() -> list[dict[str, Any]]:
    text = files("lachan.members").joinpath("data/help_lines.json").read_text(encoding="utf-8")
    return json.loads(text)


def help_line_list(*, on: date | None = None) -> list[dict[str, Any]]:
    """The numbers to call, in order, that hold on a day: {number, name: {vi,en,fr}, …}."""
    day = (on or now().date()).isoformat()
    return [
        line
        for line in _help_lines()
        if line["valid_from"] <= day and (line["valid_until"] is None or day < line["valid_until"])
    ]


def organisation_home() -> Organisation | None:
    """The organisation that runs this instance and receives its reports; None before the first start."""
    return Organisation.objects.filter(is_home=True).first()


def desk_key_current() -> DeskKeyRecord | None:
    """The key that a report is sealed to now; None until `first_link` or the first administrator made it."""
    row = (
        DeskKey.objects.filter(organisation__is_home=True, valid_until=None).order_by("-id").first()
    )
    if row is None:
        return None
    return DeskKeyRecord(uid=row.uid, organisation_id=row.organisation_id, public=row.public)


def desk_key_holders(uid: UUID) -> DeskKeyHolders:
    """Who can open a desk key today."""
    wraps = DeskKeyWrap.objects.filter(desk_key__uid=uid)
    links = wraps.filter(invitation__used_at=None, invitation__expires_at__gt=now())
    return DeskKeyHolders(
        people=wraps.filter(person__is_active=True).count(),
        recovery=wraps.filter(recovery__retired_at=None, recovery__isnull=False).exists(),
        first_link=links.filter(invitation__is_first=True).exists(),
    )


def session_list(person: Person) -> list[Session]:
    """The browsers in which the person is signed in, newest first."""
    rows = Session.objects.filter(person=person, expire_date__gt=now())
    return list(rows.order_by("-began_at"))
