import dataclasses
import enum
import uuid
from datetime import datetime
from typing import Self

from django.utils.functional import Promise

from lachan.kernel.sealing.fingerprint import key_number


class Role(enum.StrEnum):
    """What a person may do in the organisation that gave the role. A reporter needs none."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    TECHNICAL = "technical"
    AUDITOR = "auditor"


class ActorKind(enum.StrEnum):
    PUBLIC = "public"
    PERSON = "person"
    API_KEY = "api_key"
    SYSTEM = "system"
    ADULT = "adult"
    TEACHER = "teacher"
    CHILD = "child"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: every service takes one first, every decision of the policy is about one.

    Attributes:
        kind: the public has no identity; the system acts by schedule or at the command line; adult, teacher and
            child are of a household: a teacher is an adult of a school who has some classes, a child acts by its device.
        person_id: primary key, for a person.
        organisation_id: primary key of the organisation acted for; None for public and system.
        organisation_type: what sort of organisation that is, a value of `Organisation.Type`; empty where
            nobody looked.
        roles: of the person there; empty for the others.
        scopes: of an API key.
        label: how the audit trail names it: a person's uid, a key's prefix, a command. Never a name.
        household_id: primary key of the household, of whoever is in it.
        member_id: primary key there: of the adult or teacher, or of the child's device.
    """

    kind: ActorKind
    person_id: int | None = None
    organisation_id: int | None = None
    organisation_type: str = ""
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    label: str = ""
    household_id: int | None = None
    member_id: int | None = None


class AuditAction(enum.StrEnum):
    """What a line of the audit trail says was done: the base of each room's own, in its `audit_actions.py`.

        class CaseAudit(AuditAction):
            CASE_CLAIMED = "case.claimed", _("claimed a case")

    Attributes:
        value: `<noun>.<verb>`, as it is stored for ever.
        words: what the trail's page says of it, after the name of whoever did it.
    """

    words: Promise | str

    def __new__(cls, code: str, words: Promise | str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.words = words
        return member


@dataclasses.dataclass(frozen=True, kw_only=True)
class ApiKeyRecord:
    """What a process without the database needs to know of a key.

    Attributes:
        secret_hash: see `kernel/bearer`.
        organisation_type: a value of `Organisation.Type`.
        expires_at: when it ends by itself, or its organisation's membership does.
    """

    prefix: str
    secret_hash: bytes = dataclasses.field(repr=False)
    organisation_id: int
    organisation_type: str
    expires_at: datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeskKeyRecord:
    """The public half of a desk's key pair: what a report is sealed to."""

    uid: uuid.UUID
    organisation_id: int
    public: str

    @property
    def number(self) -> str:
        """For people to compare (`kernel.sealing.fingerprint`)."""
        return key_number(self.public)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeskKeyHolders:
    """Attributes: people: active ones with a copy; recovery: standing shares can open it; first_link: an
    unused link for the first administrator can.
    """

    people: int
    recovery: bool
    first_link: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class InvitationRecord:
    """A fresh invitation; `path` holds its token and is shown once.

    Attributes:
        opens_at: when it opens without a second administrator's yes; None where it opens at once.
    """

    uid: uuid.UUID
    path: str = dataclasses.field(repr=False)
    expires_at: datetime
    with_desk_key: bool
    opens_at: datetime | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditCheck:
    """What a walk over the audit trail found.

    Attributes:
        lines: how many lines are sound, from the first on.
        broken_at: the number of the first line that is not; None when all are.
        why: in English, for the operator.
    """

    lines: int
    broken_at: int | None
    why: str


PUBLIC = Actor(kind=ActorKind.PUBLIC, label="public")


def system(label: str) -> Actor:
    """The instance itself, as a schedule or an operator's command drives it."""
    return Actor(kind=ActorKind.SYSTEM, label=label)
