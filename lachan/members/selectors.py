"""Reads: people, organisations, keys, the trail."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet

from lachan.kernel.clock import now
from lachan.proofs.services import Remembered, row_holds

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
from .policy import TABLE, WITHOUT_ROLE, Action, PolicyAction, action_named, policy_allows
from .records import (
    PUBLIC,
    Actor,
    ActorKind,
    ApiKeyRecord,
    DeskKeyHolders,
    DeskKeyRecord,
    Role,
    system,
)

__all__ = [
    "actor_for",
    "actor_labelled",
    "api_key_is_used_by",
    "api_key_list",
    "api_key_scopes",
    "api_key_usable_list",
    "audit_list",
    "circles_of",
    "desk_key_current",
    "desk_key_holders",
    "desk_key_home",
    "desk_key_list",
    "desk_key_people",
    "desk_key_uids",
    "invitation_list",
    "label_names",
    "organisation_acting",
    "organisation_domain_list",
    "organisation_home",
    "organisation_ids",
    "organisation_list",
    "organisation_type",
    "organisation_uid",
    "organisations_able",
    "people_able",
    "person_list",
    "programme_list",
    "session_list",
]


def actor_for(person: Person) -> Actor:
    """The actor that a signed-in person is now."""
    # What holds now is picked here: each act and each page asks this, and the bare question costs half.
    grants = list(RoleGrant.objects.select_related("person__organisation").filter(person=person.pk))
    here = grants[0].person if grants else None
    # A suspended organisation's people keep their accounts and lose what they may do; a role that somebody
    # wrote into the database is none.
    stands = (
        here is not None
        and here.organisation.is_standing
        and all(map(row_holds, (here, here.organisation)))
    )
    return Actor(
        kind=ActorKind.PERSON,
        person_id=person.pk,
        organisation_id=person.organisation_id,
        organisation_type=here.organisation.type if here and stands else "",
        roles=frozenset(Role(g.role) for g in grants if stands and g.is_standing and row_holds(g)),
        label=str(person.uid),
    )


def actor_labelled(label: str) -> Actor | None:
    """Who an act's label stands for, with the rights of now: none where the person has left or the label
    is a key's or the public's.

    Acts outlast rights: whatever goes on by itself after it was made (a key, a link) is asked for its
    maker again each time it is used.
    """
    uid = _uid(label)
    if uid is None:
        return None if label.startswith("key:") or label == PUBLIC.label else system(label)
    person = Person.objects.filter(uid=uid, is_active=True).first()
    return actor_for(person) if person else None


def people_able(action: PolicyAction) -> frozenset[int]:
    """The primary keys of everybody who may do `action` now, at least to what is their organisation's."""
    roles = [role.value for role, scope in TABLE[action].items() if scope]
    grants = RoleGrant.objects.acting().filter(role__in=roles, person__is_active=True)
    return frozenset(grants.values_list("person_id", flat=True))


def organisations_able(action: PolicyAction) -> dict[int, str]:
    """The organisations in which somebody may do `action` now: primary key → type."""
    rows = Organisation.objects.filter(people__in=people_able(action))
    return dict(rows.values_list("pk", "type"))


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


def organisation_acting(uid: UUID) -> int | None:
    """The primary key of an organisation that may act now; None where there is none such."""
    row = Organisation.objects.filter(uid=uid).first()
    return row.pk if row is not None and row.is_standing and row_holds(row) else None


def organisation_type(organisation_id: int) -> str:
    """What sort of organisation it is: a value of `Organisation.Type`."""
    return Organisation.objects.values_list("type", flat=True).get(pk=organisation_id)


def circles_of(organisation_id: int) -> frozenset[int]:
    """The circles of which an organisation is, by number (`formats/sharing`): itself. Whatever keeps groups or
    programmes adds them here, and every list, page and look-up follows.
    """
    return frozenset({organisation_id})


def organisation_home() -> Organisation | None:
    """The organisation that runs this instance and receives its reports; None before the first start."""
    return Organisation.objects.filter(is_home=True).first()


def desk_key_home() -> DeskKeyRecord | None:
    """The key that a report is sealed to now; None until `first_link` or the first administrator made it."""
    return _desk_key_home.get()


def desk_key_current(organisation_id: int) -> DeskKeyRecord | None:
    """The key to which an organisation's desk has things sealed now; None where it keeps no desk."""
    return next(iter(_desk_keys(organisation_id=organisation_id)), None)


def desk_key_list() -> list[DeskKeyRecord]:
    """Each desk's current key: the home organisation's first."""
    return _desk_keys()


def _desk_key_rows(**whose: Any) -> QuerySet[DeskKey]:
    return DeskKey.objects.filter(valid_until=None, **whose).select_related("organisation")


def _desk_keys(**whose: Any) -> list[DeskKeyRecord]:
    rows = _desk_key_rows(**whose)
    # What a child writes is sealed to no key that this instance did not make.
    sound = [row for row in rows if row_holds(row) and row_holds(row.organisation)]
    newest = {row.organisation_id: row for row in sorted(sound, key=attrgetter("pk"))}
    return [
        DeskKeyRecord(uid=row.uid, organisation_id=row.organisation_id, public=row.public)
        for row in sorted(newest.values(), key=lambda row: not row.organisation.is_home)
    ]


_desk_key_home = Remembered(  # each form and each report asks
    lambda: _desk_key_rows(organisation__is_home=True),
    lambda: next(iter(_desk_keys(organisation__is_home=True)), None),
)


def desk_key_uids(organisation_id: int, *, since: datetime) -> frozenset[UUID]:
    """The keys of an organisation's desk to which something was sealed at a moment or after it."""
    rows = DeskKey.objects.filter(organisation_id=organisation_id)
    lasting = rows.filter(Q(valid_until=None) | Q(valid_until__gte=since))
    return frozenset(lasting.values_list("uid", flat=True))


def desk_key_numbers() -> frozenset[str]:
    """The check numbers of all keys that reports were ever sealed to here."""
    rows = DeskKey.objects.filter(organisation__is_home=True).select_related("organisation")
    return frozenset(row.number for row in rows if row_holds(row))


def desk_key_holders(uid: UUID) -> DeskKeyHolders:
    """Who can open a desk key today."""
    wraps = DeskKeyWrap.objects.filter(desk_key__uid=uid)
    links = wraps.filter(invitation__used_at=None, invitation__expires_at__gt=now())
    return DeskKeyHolders(
        people=wraps.filter(person__is_active=True).count(),
        recovery=wraps.filter(recovery__retired_at=None, recovery__isnull=False).exists(),
        first_link=links.filter(invitation__is_first=True).exists(),
    )


def desk_key_people() -> dict[int, int]:
    """Everybody who holds a copy of a key of the own desk: primary key → the organisation's."""
    wraps = DeskKeyWrap.objects.filter(person__organisation=F("desk_key__organisation"))
    return dict(wraps.values_list("person_id", "person__organisation_id"))


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
    people = (
        organisation.people.prefetch_related(
            Prefetch(
                "grants",
                RoleGrant.objects.standing().order_by("role"),
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
    """An organisation's keys: those that work first; each with `maker` (a name, or a label) and `scopes_now`."""
    rows = ApiKey.objects.filter(organisation_id=organisation_id).select_related("organisation")
    keys = list(rows.order_by(F("revoked_at").asc(nulls_first=True), "-made_at"))
    names = label_names([key.made_by for key in keys])
    for key in keys:
        key.maker = names[key.made_by]  # type: ignore[attr-defined]
        key.scopes_now = api_key_scopes(key)  # type: ignore[attr-defined]
    return keys


def api_key_count(maker: Person) -> int:
    """How many keys that somebody made have neither ended nor been revoked."""
    rows = ApiKey.objects.filter(made_by=str(maker.uid), revoked_at=None, expires_at__gt=now())
    return rows.count()


def label_names(labels: Iterable[str]) -> dict[str, str]:
    """Each label with the name of its person; what is no person's stands for itself."""
    found = {label: _uid(label) for label in labels}
    people = Person.objects.filter(uid__in=[uid for uid in found.values() if uid])
    names = dict(people.values_list("uid", "name"))
    return {label: names.get(uid, label) if uid else label for label, uid in found.items()}


def _uid(label: str) -> UUID | None:
    try:
        return UUID(label)
    except ValueError:
        return None


def api_key_scopes(key: ApiKey) -> frozenset[str]:
    """What a key may do now: of its scopes those that its maker could still give it; none where the maker
    has left or may make keys no more. A key does not outlive the right that it was made by.
    """
    maker = actor_labelled(key.made_by)
    own = key.organisation_id
    if maker is None or not policy_allows(maker, Action.API_KEY_MANAGE, organisation_id=own):
        return frozenset()
    known = [action for scope in key.scopes if (action := action_named(scope))]
    may = (action.value for action in known if policy_allows(maker, action, organisation_id=own))
    return frozenset(may)


def _right_ends(maker: str, actions: Iterable[PolicyAction]) -> datetime | None:
    """When the first of these rights of a key's maker runs out by itself; None where none does."""
    ends: list[datetime] = []
    held = RoleGrant.objects.standing().filter(person__uid=_uid(maker))
    grants = list(held.values_list("role", "valid_until"))
    for action in actions:
        by = [until for role, until in grants if TABLE[action][Role(role)]]
        if by and not WITHOUT_ROLE[action] and None not in by:
            ends.append(max(by))
    return min(ends, default=None)


def api_key_usable_list(action: PolicyAction) -> list[ApiKeyRecord]:
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
            expires_at=min(
                row.expires_at,
                row.organisation.valid_until or row.expires_at,
                _right_ends(row.made_by, (Action.API_KEY_MANAGE, action)) or row.expires_at,
            ),
        )
        for row in rows.order_by("prefix")
        if action.value in row.scopes
        and row.organisation.is_standing
        and all(map(row_holds, (row, row.organisation)))
        and action.value in api_key_scopes(row)
    ]


def api_key_is_used_by(by: Actor, label: str) -> bool:
    """Whether an actor's label is a key's that `by` can act with: its maker, who has seen its secret, and
    who manages the keys of its organisation, and the programs that hold them.
    """
    prefix = label.removeprefix("key:")
    key = ApiKey.objects.filter(prefix=prefix).first() if prefix != label else None
    if key is None:
        return False
    own = by.organisation_id == key.organisation_id
    manages = policy_allows(by, Action.API_KEY_MANAGE, organisation_id=key.organisation_id)
    return key.made_by == by.label or (own and manages)


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
