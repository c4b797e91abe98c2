"""Who is who."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet

from lachan.kernel.clock import now

from .models import (
    ApiKey,
    AuditEntry,
    DeskKey,
    DeskKeyWrap,
    Invitation,
    Organisation,
    Person,
    Programme,
    RoleGrant,
    Session,
)
from .policy import TABLE, Action
from .records import (
    Actor,
    ActorKind,
    ApiKeyRecord,
    DeskKeyHolders,
    DeskKeyRecord,
    OrganisationSignature,
    Role,
)

__all__ = [
    "actor_for",
    "api_key_list",
    "api_key_maker",
    "api_key_usable_list",
    "audit_list",
    "desk_key_current",
    "desk_key_holders",
    "desk_key_person_ids",
    "invitation_list",
    "organisation_domain_list",
    "organisation_home",
    "organisation_ids",
    "organisation_list",
    "organisation_signature",
    "organisation_type",
    "organisation_uid",
    "people_able",
    "person_list",
    "programme_list",
    "session_list",
]


def actor_for(person: Person) -> Actor:
    """The actor that a signed-in person is now."""
    moment = now()
    home = Q(person__organisation__valid_until=None) | Q(
        person__organisation__valid_until__gt=moment
    )
    standing = person.grants.filter(
        Q(valid_until=None) | Q(valid_until__gt=moment),
        # A suspended organisation's people keep their accounts and lose what they may do.
        home,
        # The home organisation stands from the first, also where that was by a clock that ran ahead.
        Q(person__organisation__is_home=True) | Q(person__organisation__valid_from__lte=moment),
        person__organisation__status=Organisation.Status.ACTIVE,
    )
    return Actor(
        kind=ActorKind.PERSON,
        person_id=person.pk,
        organisation_id=person.organisation_id,
        roles=frozenset(Role(role) for role in standing.values_list("role", flat=True)),
        label=str(person.uid),
    )


def people_able(action: Action) -> frozenset[int]:
    """The primary keys of everybody who may do `action` now, at least to what is their organisation's."""
    moment = now()
    roles = [role.value for role, scope in TABLE[action].items() if scope]
    grants = RoleGrant.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=moment),
        Q(person__organisation__valid_until=None) | Q(person__organisation__valid_until__gt=moment),
        Q(person__organisation__is_home=True) | Q(person__organisation__valid_from__lte=moment),
        role__in=roles,
        person__is_active=True,
        person__organisation__status=Organisation.Status.ACTIVE,
    )
    return frozenset(grants.values_list("person_id", flat=True))


def organisation_domain_list() -> list[str]:
    """The domains that active organisations call their own, lower case."""
    active = Organisation.objects.filter(status=Organisation.Status.ACTIVE)
    return [name.lower() for names in active.values_list("domains", flat=True) for name in names]


def organisation_ids() -> frozenset[int]:
    """The primary keys of all organisations, whatever their standing."""
    return frozenset(Organisation.objects.values_list("pk", flat=True))


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


def desk_key_person_ids() -> frozenset[int]:
    """The primary keys of everybody who holds a copy of a desk key."""
    wraps = DeskKeyWrap.objects.filter(person__isnull=False)
    return frozenset(wraps.values_list("person_id", flat=True))


def session_list(person: Person) -> list[Session]:
    """The browsers in which the person is signed in, newest first."""
    rows = Session.objects.filter(person=person, expire_date__gt=now())
    return list(rows.order_by("-began_at"))


def organisation_list() -> QuerySet[Organisation]:
    """Every organisation of the network by name, with `people_count` of those who can sign in."""
    active = Count("people", filter=Q(people__is_active=True))
    return Organisation.objects.annotate(people_count=active).order_by("-is_home", "name")


def person_list(organisation: Organisation) -> list[Person]:
    """An organisation's people, active ones first; each with `roles`, `factors` and `desk_copies`."""
    moment = now()
    standing = Q(valid_until=None) | Q(valid_until__gt=moment)
    people = (
        organisation.people.prefetch_related(
            Prefetch(
                "grants",
                RoleGrant.objects.filter(standing).order_by("role"),
                to_attr="standing",
            )
        )
        .annotate(
            factors=Count("authenticator", distinct=True),
            desk_copies=Count("wraps", distinct=True),
        )
        .order_by("-is_active", "name")
    )
    return list(people)


def invitation_list(organisation: Organisation) -> list[Invitation]:
    """Links that still open, newest first."""
    rows = organisation.invitations.filter(used_at=None, expires_at__gt=now())
    return list(rows.prefetch_related("wraps").order_by("-made_at"))


def programme_list() -> list[Programme]:
    """Programmes, the latest first."""
    return list(Programme.objects.prefetch_related("organisations").order_by("-valid_from", "name"))


def api_key_list(organisation_id: int) -> list[ApiKey]:
    """An organisation's keys: those that work first."""
    rows = ApiKey.objects.filter(organisation_id=organisation_id)
    return list(rows.order_by(F("revoked_at").asc(nulls_first=True), "-made_at"))


def api_key_usable_list(action: Action) -> list[ApiKeyRecord]:
    """Every key that opens `action` now, whoever's it is, by prefix."""
    moment = now()
    rows = ApiKey.objects.select_related("organisation").filter(
        revoked_at=None, expires_at__gt=moment
    )
    return [
        ApiKeyRecord(
            prefix=row.prefix,
            secret_hash=bytes(row.secret_hash),
            organisation_id=row.organisation_id,
            organisation_type=row.organisation.type,
            expires_at=min(row.expires_at, row.organisation.valid_until or row.expires_at),
        )
        for row in rows.order_by("prefix")
        if action.value in row.scopes and row.organisation.is_standing
    ]


def api_key_maker(label: str) -> str:
    """Who made the key that acts under an actor's label; empty where it is no key's."""
    prefix = label.removeprefix("key:")
    if prefix == label:
        return ""
    return ApiKey.objects.filter(prefix=prefix).values_list("made_by", flat=True).first() or ""


def audit_list(
    *,
    organisation_id: int | None,
    action: str = "",
    actor: str = "",
    thing: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """Lines of the trail, newest first: one organisation's, or all with None."""
    rows = AuditEntry.objects.order_by("-seq")
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    wanted: dict[str, Any] = {
        "action__startswith": action, "actor": actor, "object": thing,
        "at__gte": since, "at__lt": until,
    }  # fmt: skip
    return rows.filter(**{name: value for name, value in wanted.items() if value})
