from datetime import datetime

from django.db import models
from django.db.models import Q

from lachan.formats.sharing import Level, Reach, Tlp, Viewer, tlps_within
from lachan.kernel.bounds import moment_shown
from lachan.kernel.clock import now
from lachan.kernel.ids import key_random, uuid7
from lachan.proofs.services import ProvedManager, proved

from .records import Status

_OPEN = [tlp.value for tlp in tlps_within(Level.COMMUNITY)]
_PUBLISHED = Q(status=Status.PUBLISHED.value)


def seen_by(viewer: Viewer) -> Q:
    """The rule of `formats/sharing` as a condition on rows with a TLP and an organisation."""
    shared = Q(tlp__in=[tlp.value for tlp in tlps_within(viewer.level)])
    return shared | Q(organisation__in=viewer.circles) if viewer.circles else shared


@proved(
    "list_import",
    "uid",
    "source",
    "file_name",
    "category",
    "tlp",
    "by_label",
    "organisation_id",
    "started_at",
    "first_seq",
    "last_seq",
)
class ListImport(models.Model):
    """One run of `lachan import`; the counts grow chunk by chunk, with the rows they count."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    source = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    category = models.CharField(max_length=60)
    tlp = models.CharField(max_length=12)
    by_label = models.CharField(max_length=100)
    organisation = models.ForeignKey(
        "members.Organisation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)
    content = models.PositiveIntegerField(default=0)
    published = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    guarded = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    first_seq = models.PositiveBigIntegerField(null=True)
    last_seq = models.PositiveBigIntegerField(null=True)
    reasons = models.JSONField(default=dict)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


class Quarantined(models.Model):
    """A line that could not be used, kept so that its giver can mend it."""

    list_import = models.ForeignKey(ListImport, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField()
    reason = models.CharField(max_length=40)
    text = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["list_import", "line"], name="quarantined_line")]


@proved(
    "indicator",
    "uid",
    "kind",
    "value",
    "category",
    "confidence",
    "tlp",
    "status",
    "evidence",
    "organisation_id",
    "proposed_by_id",
    "proposed_label",
    "case_uid",
    "list_import__uid",
    "warnings",
    "valid_from",
    "valid_until",
    # What an import publishes comes by the thousand, and the ledger says all of it (verifying.py).
    unless=Q(list_import__isnull=False, seq__isnull=False),
)
class Indicator(models.Model):
    """Something that harms children, and what was decided about it.

    At most one published indicator a value is visible to any audience: one that all members see, and below it
    one of each organisation's for fewer eyes, which is covered while the organisation sees another. Who does
    not see amber may publish beside it: a refusal would tell.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=10)
    # 2048: what a PostgreSQL index entry can hold.
    value = models.CharField(max_length=2048)
    # Empty where it was written as it is kept.
    raw = models.TextField(blank=True)
    category = models.CharField(max_length=60)
    confidence = models.PositiveSmallIntegerField()
    tlp = models.CharField(max_length=12)
    status = models.CharField(max_length=10, default=Status.PROPOSED)
    valid_from = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)
    evidence = models.TextField(blank=True)
    # No index on what is never asked for by itself: each one costs every imported row.
    organisation = models.ForeignKey(
        "members.Organisation",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    proposed_by = models.ForeignKey(
        "members.Person", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    proposed_label = models.CharField(max_length=100)
    case_uid = models.UUIDField(null=True)
    list_import = models.ForeignKey(
        ListImport,
        null=True,
        on_delete=models.PROTECT,
        related_name="indicators",
        db_index=False,
    )
    warnings = models.JSONField(default=list)
    created_at = models.DateTimeField(default=now)
    decided_at = models.DateTimeField(null=True)
    seq = models.PositiveBigIntegerField(null=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                condition=_PUBLISHED & Q(tlp__in=_OPEN),
                name="one_shared_indicator_a_value",
            ),
            models.UniqueConstraint(
                fields=["kind", "value", "organisation"],
                condition=_PUBLISHED & ~Q(tlp__in=_OPEN),
                name="one_own_indicator_a_value",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=100), name="confidence_0_to_100"
            ),
        ]
        indexes = [
            models.Index(fields=["value", "kind"], name="indicator_value"),
            models.Index(fields=["status", "-id"], name="indicator_status"),
            models.Index(
                fields=["valid_until"],
                name="indicator_expiry",
                condition=_PUBLISHED & Q(valid_until__isnull=False),
            ),
            models.Index(
                fields=["case_uid"],
                name="indicator_case",
                condition=Q(case_uid__isnull=False),
            ),
        ]

    @property
    def reach(self) -> Reach:
        return Reach(Tlp(self.tlp).level, self.organisation_id or 0)

    @property
    def ends_at(self) -> datetime | None:
        """`valid_until` as it can be shown: some were kept before there were bounds."""
        return moment_shown(self.valid_until)


@proved(
    "review",
    "indicator__uid",
    "by_id",
    "by_label",
    "decision",
    "note",
    "override_reason",
    "warnings",
    "at",
)
class Review(models.Model):
    """What a second person decided, and why."""

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="reviews")
    by = models.ForeignKey("members.Person", null=True, on_delete=models.PROTECT, related_name="+")
    by_label = models.CharField(max_length=100)
    decision = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    override_reason = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    at = models.DateTimeField(default=now)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


@proved(
    "dispute",
    "uid",
    "indicator__uid",
    "reason",
    "note",
    "by_id",
    "organisation_id",
    "times",
    "weight",
    "opened_at",
    "due_at",
    "outcome",
    "answer",
    "answered_by_id",
    "answered_at",
)
class Dispute(models.Model):
    """Somebody says that an indicator is wrong. The public's own words are never taken: a reason is chosen."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="disputes")
    reason = models.CharField(max_length=30)
    note = models.TextField(blank=True)
    by = models.ForeignKey("members.Person", null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "members.Organisation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # The public's repeated disputes of one thing are one, counted: a flood is a number, not a queue.
    times = models.PositiveIntegerField(default=1)
    # How it stands in the queue (weighing.py); 0 waits aside.
    weight = models.PositiveSmallIntegerField(default=1)
    opened_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=20, blank=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        "members.Person", null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        indexes = [
            models.Index(fields=["outcome", "due_at"], name="dispute_due"),
            models.Index(fields=["outcome", "-weight", "due_at"], name="dispute_by_weight"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator"],
                condition=Q(outcome="", organisation__isnull=True),
                name="one_open_public_dispute",
            )
        ]


class DisputedValue(models.Model):
    """What somebody of the public disputed, until the worker has looked whether anything hidden covers it: in
    the answer itself, the time would tell. Locked under a key of the instance's secret; nobody is told of it.
    """

    id = models.BigAutoField(primary_key=True, default=key_random, editable=False)
    locked = models.BinaryField()


class LedgerHead(models.Model):
    """The one row whose lock orders the ledger: who holds it gives the next numbers, until he commits."""

    seq = models.PositiveBigIntegerField(default=0)
    hash = models.BinaryField(max_length=32)


class ListingRow(models.Model):
    """A row of the ledger about no indicator: which categories the open lists leave out from its number on.

    It stands in the same chain, and is written once and never changed, as `LedgerRow` is.
    """

    seq = models.PositiveBigIntegerField(primary_key=True)
    payload = models.TextField()
    hash = models.BinaryField(max_length=32)


class LedgerRow(models.Model):
    """One published decision. Rows are written once and never changed.

    `payload` is the canonical JSON that `hash` covers, together with the hash before; the columns beside it
    repeat parts of it for queries, and `ledger_verify` holds them to it. `reach` is the widest audience that
    the row concerns, by what the indicator was before and what it is now. `circle` is for whom it is within
    that: a circle of several, or where it is empty the organisation itself.
    """

    seq = models.PositiveBigIntegerField(primary_key=True)
    # By uid, not by key: a bulk import then writes both tables without reading keys back.
    indicator = models.ForeignKey(
        Indicator,
        to_field="uid",
        on_delete=models.PROTECT,
        related_name="ledger",
        db_index=False,
    )
    live = models.BooleanField()
    tlp = models.CharField(max_length=12)
    was_tlp = models.CharField(max_length=12, blank=True)
    reach = models.PositiveSmallIntegerField()
    organisation = models.ForeignKey(
        "members.Organisation",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    kind = models.CharField(max_length=10)
    payload = models.TextField()
    hash = models.BinaryField(max_length=32)
    # By number (formats/sharing), without a foreign key: an organisation is a circle too, and has no row for it.
    circle = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["reach", "seq"], name="ledger_reach"),
            models.Index(fields=["indicator", "seq"], name="ledger_indicator"),
            models.Index(
                fields=["organisation", "seq"],
                name="ledger_own",
                condition=Q(reach=Level.CIRCLE.value),
            ),
            models.Index(
                fields=["circle", "seq"], name="ledger_circle", condition=Q(circle__isnull=False)
            ),
        ]
