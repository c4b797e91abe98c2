from django.db import models

from lachan.kernel.ids import key_random
from lachan.proofs.services import ProvedManager, proved

from .records import Author, Status, Urgency


@proved(
    "report",
    "uid",
    "status",
    "category",
    "urgency",
    "province",
    "language",
    "received_hour",
    "closed_hour",
    "organisation_id",
    "desk_key",
    "locator",
    "salt",
    "recipient",
    "form_mark",
    "content_mark",
    "sealed",
    "written",
)
class Report(models.Model):
    """One report. Plain columns route it; `sealed` opens with the desk's key or the reporter's receipt.

    There is no exact time here on purpose, not in `uid` or in the order of rows either: it could be laid beside
    a school's or a provider's log, and would name the child.
    """

    id = models.BigAutoField(primary_key=True, default=key_random, editable=False)
    uid = models.UUIDField(unique=True, editable=False)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Status])
    category = models.CharField(max_length=40)
    urgency = models.CharField(max_length=10, choices=[(u.value, u.value) for u in Urgency])
    province = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10)
    received_hour = models.DateTimeField()
    closed_hour = models.DateTimeField(null=True)
    organisation = models.ForeignKey("members.Organisation", null=True, on_delete=models.PROTECT)
    desk_key = models.UUIDField()
    # The reporter's side: kernel/sealing/receipts.py says what each is and what it gives away.
    locator = models.BinaryField(max_length=3, db_index=True)
    salt = models.BinaryField(max_length=16)
    recipient = models.CharField(max_length=80)
    # The same form again is the same report; the same form with other words is an addition. Both marks
    # are keyed by the form's token, which is not kept: they cannot be used to guess words.
    form_mark = models.BinaryField(max_length=16, unique=True)
    content_mark = models.BinaryField(max_length=16)
    sealed = models.BinaryField()
    # How many messages there are: one that was taken away is missed.
    written = models.PositiveIntegerField(default=0)
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()

    class Meta:
        indexes = [models.Index(fields=["status", "received_hour"], name="report_by_hour")]


@proved(
    "message", "report__uid", "number", "author", "is_question", "written_hour", "mark", "sealed"
)
class Message(models.Model):
    """What was said after the report, sealed to the desk and to the reporter. `number` counts within the report:
    nothing tells of the order of two reports' messages.
    """

    id = models.BigAutoField(primary_key=True, default=key_random, editable=False)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="messages")
    number = models.PositiveIntegerField()
    author = models.CharField(max_length=10, choices=[(a.value, a.value) for a in Author])
    is_question = models.BooleanField(default=False)
    written_hour = models.DateTimeField()
    mark = models.BinaryField(max_length=16, unique=True)
    sealed = models.BinaryField()
    proof = models.BinaryField(max_length=21, null=True, editable=False)

    objects = ProvedManager()


class InboxSession(models.Model):
    """An inbox that stands open: the receipt's private key and the moment at which it closes, locked under a
    secret that only the two cookies hold. `mark` is a hash of the first; `closes_hour`, after which the row
    is of no use, is a whole hour.
    """

    id = models.BigAutoField(primary_key=True, default=key_random, editable=False)
    mark = models.BinaryField(max_length=16, unique=True)
    report = models.ForeignKey(Report, on_delete=models.CASCADE)
    locked = models.BinaryField()
    closes_hour = models.DateTimeField(db_index=True)
