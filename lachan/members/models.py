import hashlib
from datetime import datetime
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7
from lachan.kernel.passwords import password_normal, password_spellings
from lachan.kernel.sealing.fingerprint import key_number
from lachan.proofs.services import ProvedManager, ProvedQuerySet, proved

from .records import Role


@proved(
    "organisation",
    "uid",
    "name",
    "type",
    "status",
    "domains",
    "valid_from",
    "valid_until",
    "is_home",
)
class Organisation(models.Model):
    """A hotline, enterprise, NGO, school or authority of the network."""

    class Type(models.TextChoices):
        HOTLINE = "hotline"
        NGO = "ngo"
        ENTERPRISE = "enterprise"
        AUTHORITY = "authority"
        SCHOOL = "school"
        PARTNER = "partner"

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        LEFT = "left"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=20, choices=Type.choices)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    # Domains that are the organisation's own: the guard never lets them be blocked without a review.
    domains = models.JSONField(default=list, blank=True)
    valid_from = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)

    # The organisation that runs this instance: its desk receives the reports, its administrators keep
    # the network's list. There is one.
    is_home = models.BooleanField(default=False, editable=False)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_home"], condition=models.Q(is_home=True), name="one_home"
            )
        ]

    @property
    def is_standing(self) -> bool:
        """Whether its people and keys may act now."""
        moment = now()
        begun = self.status == self.Status.ACTIVE and (self.is_home or self.valid_from <= moment)
        return begun and (self.valid_until is None or self.valid_until > moment)


class PersonManager(BaseUserManager.from_queryset(ProvedQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str) -> "Person":
        return self.get(email__iexact=username)


@proved(
    "person",
    "uid",
    "email",
    "name",
    "organisation__uid",
    "is_active",
    "password",
    "public_key",
    "locked_key",
)
class Person(AbstractBaseUser):
    """Someone of an organisation who signs in. Reporters are never persons here."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    language = models.CharField(max_length=10, default="vi")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now)
    # An age key pair, made when the invitation is accepted; the private half is locked with the password.
    public_key = models.CharField(max_length=100, blank=True)
    locked_key = models.BinaryField(null=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def set_password(self, raw_password: str | None) -> None:
        normal = None if raw_password is None else password_normal(raw_password)
        super().set_password(normal)

    def check_password(self, raw_password: str) -> bool:
        """Whether this is the password, however a keyboard spells it."""
        return any(map(super().check_password, password_spellings(raw_password)))


class Session(AbstractBaseSession):
    """A signed-in browser. Neither its address nor its name is kept: the time it began must do."""

    person = models.ForeignKey(
        Person, null=True, on_delete=models.CASCADE, related_name="sessions", db_index=True
    )
    began_at = models.DateTimeField(default=now)

    @property
    def handle(self) -> str:
        """Names the row on a page without giving any of its key away."""
        return hashlib.sha256(b"lachan session " + self.pk.encode()).hexdigest()[:16]

    def get_decoded(self) -> dict[str, Any]:
        data: dict[str, Any] = self.get_session_store_class()(self.pk).decode(self.session_data)
        return data

    @classmethod
    def get_session_store_class(cls) -> type:
        from .sessions import SessionStore

        return SessionStore


class RoleGrantQuerySet(ProvedQuerySet):
    def standing(self, at: datetime | None = None) -> Self:
        """Roles that are held at a moment (now, unless told otherwise), with an end to come or none."""
        # Where it begins is not asked: one that a clock wrote which ran ahead would hold for nobody.
        return self.filter(models.Q(valid_until=None) | models.Q(valid_until__gt=at or now()))

    def acting(self) -> Self:
        """Those of them that may be used now: their organisation stands, too (`Organisation.is_standing`)."""
        moment = now()
        return self.standing(moment).filter(
            models.Q(person__organisation__valid_until=None)
            | models.Q(person__organisation__valid_until__gt=moment),
            # The home organisation stands from the first, also where that was by a clock that ran ahead.
            models.Q(person__organisation__is_home=True)
            | models.Q(person__organisation__valid_from__lte=moment),
            person__organisation__status=Organisation.Status.ACTIVE,
        )


@proved("role", "person__uid", "role", "valid_from", "valid_until", "granted_by")
class RoleGrant(models.Model):
    """A role, held for a time."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role])
    valid_from = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)
    granted_by = models.CharField(max_length=100, blank=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = models.Manager.from_queryset(RoleGrantQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=models.Q(valid_until__isnull=True),
                name="one_standing_grant_a_role",
            )
        ]

    @property
    def is_standing(self) -> bool:
        """As `standing`, of a row that was read."""
        return self.valid_until is None or self.valid_until > now()


class AuditEntry(models.Model):
    """One line of the append-only trail; `hash` covers the line and the hash before it."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT)
    action = models.CharField(max_length=60, db_index=True)
    object = models.CharField(max_length=100, blank=True, db_index=True)
    detail = models.JSONField(default=dict)
    hash = models.BinaryField(max_length=32)

    class Meta:
        # The page of the trail reads backwards through millions of lines.
        indexes = [
            models.Index(fields=["organisation", "-seq"], name="audit_by_organisation"),
            models.Index(fields=["actor", "-seq"], name="audit_by_actor"),
        ]


@proved("desk_key", "uid", "organisation__uid", "public", "valid_from", "valid_until")
class DeskKey(models.Model):
    """The key pair of an organisation's desk: reports are sealed to `public`. The private half exists only
    wrapped: for each person who may hold it, for an invitation's link, for the k-of-n shares.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="desk_keys"
    )
    public = models.CharField(max_length=100, unique=True)
    valid_from = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    @property
    def number(self) -> str:
        """For people to compare (`kernel.sealing.fingerprint`)."""
        return key_number(self.public)


@proved(
    "recovery_key", "uid", "organisation__uid", "public", "needed", "total", "made_at", "retired_at"
)
class RecoveryKey(models.Model):
    """A key pair whose private half was split into shares, printed, and forgotten. Every desk key is
    wrapped to it, those of later days too, so the shares stay good when a desk key changes.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="recovery_keys"
    )
    public = models.CharField(max_length=100, unique=True)
    needed = models.PositiveSmallIntegerField()
    total = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(default=now)
    retired_at = models.DateTimeField(null=True, blank=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


@proved(
    "invitation",
    "uid",
    "token_hash",
    "organisation__uid",
    "person__uid",
    "email",
    "roles",
    "is_first",
    "invited_by",
    "expires_at",
    "used_at",
)
class Invitation(models.Model):
    """A link by which someone joins, or comes back after losing the password. The token is in the link
    only; it opens this row once.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations"
    )
    # Set: this person gets a new password and key pair. Otherwise a new person is made.
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="returns")
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=150, blank=True)
    roles = models.JSONField(default=list)
    is_first = models.BooleanField(default=False)
    invited_by = models.CharField(max_length=100)
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


@proved(
    "confirmation",
    "uid",
    "organisation__uid",
    "person__uid",
    "invitation__uid",
    "role",
    "until",
    "asked_by",
    "ready_at",
    "confirmed_by",
)
class Confirmation(models.Model):
    """A power that one administrator asked for, and that a second one's yes, or a day, makes good: a role
    of `person`, or a link that gives powers (`invitation`).
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="confirmations"
    )
    # Whom it concerns, where that is somebody already.
    person = models.ForeignKey(
        Person, null=True, on_delete=models.CASCADE, related_name="confirmations"
    )
    invitation = models.OneToOneField(
        Invitation, null=True, on_delete=models.CASCADE, related_name="confirmation"
    )
    role = models.CharField(max_length=20, blank=True)
    until = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=100)
    asked_at = models.DateTimeField(default=now)
    ready_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=100, blank=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


@proved(
    "desk_key_wrap",
    "desk_key__uid",
    "person__uid",
    "invitation__uid",
    "recovery__uid",
    "sealed",
)
class DeskKeyWrap(models.Model):
    """A desk key's private half, for exactly one holder: sealed to a person's or a recovery key's public
    key, or locked under an invitation's token.
    """

    desk_key = models.ForeignKey(DeskKey, on_delete=models.CASCADE, related_name="wraps")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="wraps")
    invitation = models.ForeignKey(
        Invitation, null=True, on_delete=models.CASCADE, related_name="wraps"
    )
    recovery = models.ForeignKey(
        RecoveryKey, null=True, on_delete=models.CASCADE, related_name="wraps"
    )
    sealed = models.BinaryField()
    made_at = models.DateTimeField(default=now)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk_key", "person"], name="one_wrap_a_person"),
            models.UniqueConstraint(fields=["desk_key", "invitation"], name="one_wrap_a_link"),
            models.UniqueConstraint(fields=["desk_key", "recovery"], name="one_wrap_a_recovery"),
            models.CheckConstraint(
                name="one_holder",
                condition=(
                    models.Q(person__isnull=False, invitation=None, recovery=None)
                    | models.Q(person=None, invitation__isnull=False, recovery=None)
                    | models.Q(person=None, invitation=None, recovery__isnull=False)
                ),
            ),
        ]


class SignInPause(models.Model):
    """Failed sign-ins of one name: a keyed hash, a count and a moment. No address of any kind."""

    key = models.BinaryField(max_length=32, unique=True)
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    last_at = models.DateTimeField(default=now)


class Programme(models.Model):
    """A piece of work in certain places for a certain time."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=200)
    organisations = models.ManyToManyField(Organisation, related_name="programmes")
    # Codes of provinces (two digits) and communes (five) as of July 2025.
    places = models.JSONField(default=list, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)


@proved(
    "api_key",
    "uid",
    "organisation__uid",
    "prefix",
    "secret_hash",
    "scopes",
    "made_by",
    "expires_at",
    "revoked_at",
)
class ApiKey(models.Model):
    """A key for another program. The secret itself is shown once and never kept."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    # The day alone: enough to find a forgotten key, too little to watch someone's work.
    last_used_on = models.DateField(null=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()
