"""Tables of cases: plain columns for routing, sealed bytes for everything that somebody wrote."""

import uuid

from django.db import models

from lachan.kernel.clock import now
from lachan.kernel.ids import key_random, uuid7
from lachan.proofs.services import ProvedManager, proved

from .records import Happening, Status

_ORDER = ("-priority", "opened_at", "id")


@proved(
    "case",
    "uid",
    "report_uid",
    "organisation_id",
    "opened_at",
    "category",
    "urgency",
    "province",
    "language",
    "status",
    "assignee_id",
    "outcome",
    "closed_at",
    "reopened_at",
    "override",
)
class Case(models.Model):
    """One report at one organisation's desk, from its arrival to its outcome. The desk to which it was sent
    has one from the first, others where it was referred to them: each its own, and none sees another's.

    Its identifier says no time: it stands in addresses, in the trail and with its indicators.
    """

    id = models.BigAutoField(primary_key=True, default=key_random, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    report_uid = models.UUIDField()
    organisation = models.ForeignKey(
        "members.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    category = models.CharField(max_length=40)
    urgency = models.CharField(max_length=20)
    province = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10, default="vi")
    opened_at = models.DateTimeField(default=now)

    status = models.CharField(
        max_length=20, choices=[(s.value, s.value) for s in Status], default=Status.NEW
    )
    assignee = models.ForeignKey(
        "members.Person", null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=40, blank=True)
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    reporter_waits_since = models.DateTimeField(null=True)
    reporter_unread = models.BooleanField(default=False)
    # How many of the reporter's messages whoever worked on it has opened.
    reporter_read = models.PositiveIntegerField(default=0)

    # What the rules advise, kept so that the queue is one index walk.
    score = models.SmallIntegerField(default=0)
    reasons = models.JSONField(default=list)
    override = models.SmallIntegerField(null=True)
    priority = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    clocks_met = models.JSONField(default=list)
    next_rating_at = models.DateTimeField(null=True)
    rules_version = models.CharField(max_length=16, blank=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        # By expressions, which SQLite keeps as an index of its own: by fields, it would copy the table.
        constraints = [
            models.UniqueConstraint("report_uid", "organisation", name="one_case_a_report_and_desk")
        ]
        # `closed_at IS NULL` and not a status: SQLite uses a partial index only where the query's own
        # text proves the condition, and a bound parameter proves nothing.
        indexes = [
            models.Index(
                fields=["organisation", *_ORDER],
                name="case_queue_open",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(fields=["organisation", "status", *_ORDER], name="case_queue_status"),
            models.Index(fields=["organisation", "category", *_ORDER], name="case_queue_category"),
            models.Index(fields=["organisation", "province", *_ORDER], name="case_queue_province"),
            models.Index(fields=["assignee", *_ORDER], name="case_queue_mine"),
            models.Index(
                fields=["assignee"],
                name="case_held",
                condition=models.Q(closed_at__isnull=True, assignee__isnull=False),
            ),
            models.Index(
                fields=["next_rating_at"],
                name="case_rating_due",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["organisation", "category", "province", "opened_at"], name="case_near"
            ),
        ]


@proved("note", "uid", "case__uid", "kind", "author__uid", "created_at", "sealed")
class CaseNote(models.Model):
    """A colleague's words, or those of the desk that referred the case, sealed to the key of the case's desk: a
    note is about a child as much as a report is.
    """

    class Kind(models.TextChoices):
        NOTE = "note"
        PRIORITY = "priority"
        HANDOVER = "handover"
        OUTCOME = "outcome"
        REFERRAL = "referral"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.NOTE)
    author = models.ForeignKey("members.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    sealed = models.BinaryField()
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


@proved(
    "case_link",
    "uid",
    "case_id",
    "other_id",
    "kind",
    "made_by_id",
    "made_at",
    "undone_at",
    "status_before",
)
class CaseLink(models.Model):
    """Two cases of one organisation about one thing. A duplicate is closed into the other; undoing it
    brings it back as it was.
    """

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate"
        RELATED = "related"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    made_by = models.ForeignKey("members.Person", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True)
    # As it was before it was closed into `other`.
    status_before = models.CharField(max_length=20, blank=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(kind="duplicate", undone_at__isnull=True),
                name="duplicate_of_one_case",
            ),
            models.UniqueConstraint(
                fields=["case", "other"],
                condition=models.Q(undone_at__isnull=True),
                name="linked_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(case=models.F("other")), name="not_linked_to_itself"
            ),
        ]


@proved("case_event", "case_id", "at", "kind", "person_id", "detail", "key")
class CaseEvent(models.Model):
    """One line of the timeline: codes and identifiers, never words. Lines of a report stand by the hour among
    those of staff, which have exact times: so their keys have no order.
    """

    id = models.BigAutoField(primary_key=True, default=key_random, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=now)
    kind = models.CharField(max_length=20, choices=[(h.value, h.value) for h in Happening])
    person = models.ForeignKey(
        "members.Person", null=True, on_delete=models.PROTECT, related_name="+"
    )
    detail = models.JSONField(default=dict)
    # Names the happening, so that an event heard twice is written once.
    key = models.CharField(max_length=120, null=True)  # noqa: DJ001  NULL: nothing to be unique with
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="one_line_a_happening")]
        indexes = [models.Index(fields=["case", "at", "id"], name="case_timeline")]


class CaseFingerprint(models.Model):
    """That a report names some address, number or account, as a keyed hash: equal things have equal
    hashes within one desk, and nothing else can be told from it.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="fingerprints")
    kind = models.CharField(max_length=10)
    digest = models.BinaryField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "digest"], name="one_fingerprint_a_case"
            )
        ]
        indexes = [models.Index(fields=["digest"], name="case_fingerprint")]
