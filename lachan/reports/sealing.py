"""From plain words to rows that the server itself cannot read. Nothing here touches the database."""

import hashlib
import hmac
import uuid
from datetime import datetime

import msgspec

from lachan.kernel.clock import hour
from lachan.kernel.sealing.bound import bind
from lachan.kernel.sealing.envelope import seal
from lachan.kernel.sealing.receipts import receipt_identity, receipt_locator, receipt_salt
from lachan.members.records import DeskKeyRecord
from lachan.outbox.services import time_kept

from . import conf
from .models import Message, Report
from .records import Author, ReportContent


def report_seal(
    desk: DeskKeyRecord, *, receipt: str, token: bytes, content: ReportContent
) -> Report:
    """A row, not saved, sealed to the desk and to the receipt: about 10 ms, nearly all of it Argon2id."""
    salt = receipt_salt()
    recipient = receipt_identity(receipt, salt).public
    plain = msgspec.json.encode(content)
    uid = uuid.uuid4()
    return Report(
        uid=uid,
        received_hour=hour_now(),
        organisation_id=desk.organisation_id,
        desk_key=desk.uid,
        locator=receipt_locator(receipt, conf.secret("locator")),
        salt=salt,
        recipient=recipient,
        form_mark=hashlib.sha256(token).digest()[:16],
        content_mark=hmac.digest(token, plain, hashlib.sha256)[:16],
        sealed=seal(bind(plain, "report", uid), to=[desk.public, recipient]),
    )


def message_seal(
    desk: DeskKeyRecord, report: Report, *, author: Author, words: str, mark: bytes, number: int
) -> Message:
    """A row, not saved, sealed to the desk's present key and to the report's receipt: the report's
    `number`th message.
    """
    place = ("message", report.uid, number, author)
    return Message(
        report=report,
        number=number,
        author=author,
        written_hour=hour_now(),
        mark=mark,
        sealed=seal(bind(words.encode(), *place), to=[desk.public, report.recipient]),
    )


def hour_now() -> datetime:
    """The hour that began; exact times are not kept."""
    return hour(time_kept())
