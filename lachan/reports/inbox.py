"""The reporter's inbox: opened by the receipt, held open for half an hour, closed by one press.

A wrong receipt and an unknown one take the same work, the same queries and the same answer: otherwise
somebody at the keyboard could find out whether a child has reported at all.
"""

import base64
import hashlib
import hmac
import secrets
import uuid

from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7
from lachan.kernel.sealing.envelope import KeyPair
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.kernel.sealing.receipts import (
    SALT_BYTES,
    receipt_identity,
    receipt_locator,
    receipt_parse,
)

from . import conf, selectors
from .models import InboxSession, Report
from .records import OpenReport

_NOBODY = Report(salt=bytes(SALT_BYTES), recipient="")
_SECRET_BYTES = 32


def inbox_open(text: str) -> bytes | None:
    """Open the inbox that a receipt belongs to.

    Returns:
        A secret for the cookie, which alone can unlock the key that stays here; None when there is no
        such inbox.

    Raises:
        ReceiptMalformed, ReceiptMiscopied: found in the digits alone, without looking anything up.
    """
    receipt = receipt_parse(text)
    locators = [receipt_locator(receipt, key) for key in conf.secrets("locator")]
    bucket = Report.objects.filter(locator__in=locators).only("id", "salt", "recipient")
    found: tuple[Report, KeyPair] | None = None
    for row in list(bucket) or [_NOBODY]:
        pair = receipt_identity(receipt, bytes(row.salt))
        if hmac.compare_digest(pair.public, row.recipient):
            found = row, pair
    if found is None:
        return None
    secret = secrets.token_bytes(_SECRET_BYTES)
    InboxSession.objects.create(
        mark=_mark(secret),
        report=found[0],
        locked=lock_with(found[1].private, secret=secret),
        expires_at=now() + conf.INBOX_OPEN_FOR,
    )
    return secret


def inbox_read(secret: bytes) -> OpenReport | None:
    """What the reporter may read; None when the inbox is closed or its time is over."""
    session = _session(secret)
    if session is None:
        return None
    key = unlock_with(session.locked, secret=secret)
    return selectors.opened(session.report, [key])


def inbox_report(secret: bytes) -> Report | None:
    """The report whose inbox stands open under this secret."""
    session = _session(secret)
    return session.report if session else None


def inbox_token(report: uuid.UUID) -> str:
    """A fresh one-time token for a page of this report's inbox. It names the inbox, to us alone: two may be
    open in one browser, whose cookie knows only the last.
    """
    return f"{uuid7()}.{_name(report)}"


def inbox_named(token: str) -> str:
    """What a page's token says of its inbox; empty where it says nothing."""
    return token.partition(".")[2]


def inbox_is(report: uuid.UUID, name: str) -> bool:
    """Whether a page that says this name belongs to the inbox of this report."""
    return hmac.compare_digest(name.encode(), _name(report).encode())


def _name(report: uuid.UUID) -> str:
    digest = hmac.digest(conf.secret("inbox page"), report.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:18]).decode()


def inbox_close(secret: bytes) -> None:
    InboxSession.objects.filter(mark=_mark(secret)).delete()


def _session(secret: bytes) -> InboxSession | None:
    if len(secret) != _SECRET_BYTES:
        return None
    return selectors.inbox_session_get(_mark(secret))


def _mark(secret: bytes) -> bytes:
    return hashlib.sha256(b"lachan inbox " + secret).digest()[:16]
