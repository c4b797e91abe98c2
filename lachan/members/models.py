from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7

from .records import Role


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


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str) -> "Person":
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Someone of an organisation who signs in. Reporters are never persons here."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    language = models.CharField(max_length=10, default="vi")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]


class RoleGrant(models.Model):
    """A role, held for a time."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role])
    valid_from = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=models.Q(valid_until__isnull=True),
                name="one_standing_grant_a_role",
            )
        ]


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
