"""The reporter's inbox: opened by the receipt, held open for half an hour, closed by one press.

A wrong receipt and an unknown one take the same work, the same queries and the same answer: otherwise
somebody at the keyboard could find out whether a child has reported at all.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from lachan.kernel.clock import hour, now
from lachan.kernel.ids import uuid7
from lachan.kernel.sealing.envelope import KeyPair
from lachan.kernel.sealing.errors import LockHeld
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
_SECRET_BYTES, _NAMING_BYTES = 48, 32
_CLOCKS_APART = timedelta(minutes=1)  # of several machines


def inbox_open(text: str) -> bytes | None:
    """Open the inbox that a receipt belongs to.

    Returns:
        A secret for the cookies, which alone can unlock the key that stays here; None when there is no
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
    closes = now() + conf.INBOX_OPEN_FOR
    # When a child was here is read from no disk: the row itself knows the hour alone.
    InboxSession.objects.create(
        mark=_mark(secret),
        report=found[0],
        locked=lock_with(f"{found[1].private} {int(closes.timestamp())}", secret=secret),
        closes_hour=hour(closes) + timedelta(hours=1),
    )
    return secret


def inbox_halves(secret: bytes) -> tuple[bytes, bytes]:
    """A secret in two: what names the inbox and can close it, and what is needed besides to open it."""
    return secret[:_NAMING_BYTES], secret[_NAMING_BYTES:]


def inbox_read(secret: bytes) -> OpenReport | None:
    """What the reporter may read; None when the inbox is closed or its time is over."""
    opened = _opened(secret)
    if opened is None:
        return None
    report, key = opened
    return selectors.opened(report, [key])


def inbox_report(secret: bytes) -> Report | None:
    """The report whose inbox stands open under this secret."""
    opened = _opened(secret)
    return opened[0] if opened else None


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
    """Close the inbox; the half of the secret that names it is enough."""
    InboxSession.objects.filter(mark=_mark(secret)).delete()


def _opened(secret: bytes) -> tuple[Report, str] | None:
    """The report whose inbox stands open under this secret, and the receipt's private key."""
    if len(secret) != _SECRET_BYTES:
        return None
    session = selectors.inbox_session_get(_mark(secret))
    if session is None:
        return None
    try:
        opened = unlock_with(session.locked, secret=secret)
    except LockHeld:  # the right name, with another half
        return None
    key, _, closes = opened.partition(" ")
    left = datetime.fromtimestamp(int(closes), UTC) - now()
    # One that would stay open for longer than any was opened by a clock that ran ahead.
    if not timedelta() < left <= conf.INBOX_OPEN_FOR + _CLOCKS_APART:
        return None
    return session.report, key


def _mark(secret: bytes) -> bytes:
    return hashlib.sha256(b"lachan inbox " + secret[:_NAMING_BYTES]).digest()[:16]
