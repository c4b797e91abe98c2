"""Ways in: codes of 28 digits, cookies, links that open once. Each holds the key of what it opens, locked.

    database: session row ── household's key, locked under a secret      browser: a cookie ── the secret

Neither half alone opens anything, and nothing rests from which a code or a secret could be told.
"""

import base64
import binascii
import dataclasses
import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from lachan.kernel.clock import hour, now
from lachan.kernel.errors import InvalidInput
from lachan.kernel.sealing.envelope import keypair_from_private, seal, unseal
from lachan.kernel.sealing.errors import LockHeld, SealBroken
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.kernel.sealing.receipts import (
    HOUSEHOLD,
    SALT_BYTES,
    receipt_identity,
    receipt_locator,
    receipt_new,
    receipt_parse,
    receipt_salt,
)
from lachan.members.records import Actor, ActorKind
from lachan.proofs.services import row_holds, row_require

from . import conf
from .errors import CodeUnknown, LinkGone
from .models import (
    Adult,
    AdultLink,
    AdultSession,
    Code,
    Device,
    DeviceLink,
    DeviceSession,
    Household,
)
from .teaching import manages

_NAMING, _SECRET_BYTES = 16, 48
S = TypeVar("S", bound=msgspec.Struct)
_NOBODY = Code(salt=bytes(SALT_BYTES), recipient="")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenHousehold:
    """Attributes: key: the household's private half, in memory for one request."""

    adult: Adult
    session: AdultSession
    key: str = dataclasses.field(repr=False)

    @property
    def household(self) -> Household:
        return self.adult.household

    @property
    def actor(self) -> Actor:
        return Actor(
            kind=ActorKind.ADULT if manages(self.adult) else ActorKind.TEACHER,
            household_id=self.household.pk,
            member_id=self.adult.pk,
            label=f"adult:{self.adult.uid}",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenDevice:
    """Attributes: key: the device's own private half; label: of its address."""

    device: Device
    key: str = dataclasses.field(repr=False)
    label: str = dataclasses.field(repr=False)

    @property
    def actor(self) -> Actor:
        return Actor(
            kind=ActorKind.CHILD,
            household_id=self.device.child.household_id,
            member_id=self.device.pk,
            label=f"device:{self.device.uid}",
        )


class _AdultSecret(msgspec.Struct):
    key: str
    adult: uuid.UUID


class _DeviceSecret(msgspec.Struct):
    key: str
    device: uuid.UUID
    label: str


# Codes.


def code_make(household: Household, adult: Adult | None, *, key: str) -> tuple[Code, str]:
    """A row, not saved, and its 28 digits, which are shown once."""
    digits, salt = receipt_new(HOUSEHOLD), receipt_salt()
    recipient = receipt_identity(digits, salt, HOUSEHOLD).public
    row = Code(
        uid=uuid.uuid4(),
        household=household,
        adult=adult,
        locator=receipt_locator(digits, conf.secrets("locator")[0], HOUSEHOLD),
        salt=salt,
        recipient=recipient,
        sealed=seal(key.encode(), to=[recipient]),
        made_hour=hour(),
    )
    return row, digits


def code_open(text: str) -> tuple[Code, str]:
    """The code that these digits are, and the household's key.

    A wrong code and an unknown one take the same work and get the same answer.

    Raises:
        ReceiptMalformed, ReceiptMiscopied: seen in the digits alone.
        CodeUnknown: they open nothing.
        RowUnproved: what they open was altered past the product.
    """
    digits = receipt_parse(text, HOUSEHOLD)
    locators = [receipt_locator(digits, one, HOUSEHOLD) for one in conf.secrets("locator")]
    rows = Code.objects.select_related("household", "adult__household").filter(locator__in=locators)
    found = None
    for row in list(rows) or [_NOBODY]:
        pair = receipt_identity(digits, bytes(row.salt), HOUSEHOLD)
        if hmac.compare_digest(pair.public, row.recipient):
            found = row, pair.private
    if found is None:
        raise CodeUnknown("these digits open no household")
    row_require(found[0])
    row_require(found[0].household)
    try:
        key = unseal(bytes(found[0].sealed), key=found[1]).decode()
    except SealBroken:
        raise CodeUnknown("these digits open no household") from None
    return found[0], key


# Cookies and links.


def adult_session_begin(adult: Adult, *, key: str, device: bytes) -> bytes:
    """The cookie's secret. `device`: sealed words for the list of sessions."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    AdultSession.objects.create(
        uid=uuid.uuid4(),
        mark=_mark(b"adult", secret),
        adult=adult,
        locked=_lock(_AdultSecret(key, adult.uid), secret),
        sealed=device,
        made_hour=hour(),
        used_hour=hour(),
    )
    return secret


def adult_session_find(cookie: str) -> OpenHousehold | None:
    """Who sits there, and the household's key."""
    secret = cookie_read(cookie)
    rows = AdultSession.objects.select_related("adult__household", "adult__teacher")
    session = rows.filter(mark=_mark(b"adult", secret)).first() if secret else None
    if session is None or session.used_hour < now() - conf.SESSION_FOR:
        return None
    held = _unlock(session.locked, _AdultSecret, secret)
    adult = session.adult
    if held is None or held.adult != adult.uid or not _is_key_of(held.key, adult.household.public):
        return None
    if not (row_holds(adult) and row_holds(adult.household)):
        return None
    if session.used_hour < hour() - conf.TOUCHED:
        AdultSession.objects.filter(pk=session.pk).update(used_hour=hour())
    return OpenHousehold(adult=adult, session=session, key=held.key)


def adult_link_make(household: Household, *, key: str) -> str:
    """A token that lets one more adult in, once."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    AdultLink.objects.create(
        mark=_mark(b"adult link", secret),
        household=household,
        locked=lock_with(key, secret=secret),
        ends_at=now() + conf.LINK_FOR,
    )
    return cookie_write(secret)


def adult_link_open(token: str, *, take: bool) -> tuple[Household, str]:
    """The household that a link leads into, and its key; `take` uses it up.

    Raises:
        LinkGone: unknown, used or over.
    """
    secret = cookie_read(token)
    rows = AdultLink.objects.select_related("household").filter(mark=_mark(b"adult link", secret))
    link = rows.first() if secret else None
    if link is None or not _is_on(link.ends_at):
        raise LinkGone("this link opens nothing")
    try:
        key = unlock_with(link.locked, secret=secret)
    except LockHeld:
        raise LinkGone("this link opens nothing") from None
    if not _is_key_of(key, link.household.public) or (take and not rows.delete()[0]):
        raise LinkGone("this link opens nothing")
    row_require(link.household)
    return link.household, key


def device_link_make(device: Device, *, label: str) -> str:
    """A token that opens the child's pages on one device, once. An earlier one of the device is over."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    DeviceLink.objects.filter(device=device).delete()
    DeviceLink.objects.create(
        mark=_mark(b"device link", secret),
        device=device,
        locked=_lock(_DeviceSecret("", device.uid, label), secret),
        ends_at=now() + conf.LINK_FOR,
    )
    return cookie_write(secret)


def device_link_open(token: str, *, take: bool) -> tuple[Device, str]:
    """The device that a link is for, and the label of its address.

    Raises:
        LinkGone: as `adult_link_open`.
    """
    secret = cookie_read(token)
    rows = DeviceLink.objects.select_related("device__child__household")
    rows = rows.filter(mark=_mark(b"device link", secret))
    link = rows.first() if secret else None
    held = _unlock(link.locked, _DeviceSecret, secret) if link and _is_on(link.ends_at) else None
    if link is None or held is None or held.device != link.device.uid:
        raise LinkGone("this link opens nothing")
    if take and not DeviceLink.objects.filter(pk=link.pk).delete()[0]:
        raise LinkGone("this link opens nothing")
    row_require(link.device)
    return link.device, held.label


def device_session_begin(device: Device, *, key: str, label: str) -> bytes:
    """The cookie's secret; a device has one browser, and the last one counts."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    DeviceSession.objects.filter(device=device).delete()
    DeviceSession.objects.create(
        mark=_mark(b"device", secret),
        device=device,
        locked=_lock(_DeviceSecret(key, device.uid, label), secret),
        used_hour=hour(),
    )
    return secret


def device_session_find(cookie: str) -> OpenDevice | None:
    secret = cookie_read(cookie)
    rows = DeviceSession.objects.select_related("device__child__household")
    session = rows.filter(mark=_mark(b"device", secret)).first() if secret else None
    if session is None or session.used_hour < now() - conf.DEVICE_FOR:
        return None
    held = _unlock(session.locked, _DeviceSecret, secret)
    device = session.device
    if held is None or held.device != device.uid or not _is_key_of(held.key, device.public):
        return None
    if not all(map(row_holds, (device, device.child, device.child.household))):
        return None
    if session.used_hour < hour() - conf.TOUCHED:
        DeviceSession.objects.filter(pk=session.pk).update(used_hour=hour())
    return OpenDevice(device=device, key=held.key, label=held.label)


def cookie_write(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode()


def cookie_read(text: str) -> bytes:
    """The secret; empty where it is none."""
    try:
        secret = base64.urlsafe_b64decode(text.encode("ascii"))
    except (ValueError, binascii.Error):
        return b""
    return secret if len(secret) == _SECRET_BYTES else b""


def _is_on(ends_at: datetime) -> bool:
    """Not over, and not begun by a clock that ran ahead."""
    return timedelta() < ends_at - now() <= conf.LINK_FOR + conf.CLOCKS_APART


def _is_key_of(private: str, public: str) -> bool:
    try:
        return hmac.compare_digest(keypair_from_private(private).public, public)
    except InvalidInput:
        return False


def _mark(purpose: bytes, secret: bytes) -> bytes:
    return hashlib.sha256(b"lachan family " + purpose + b" " + secret[:_NAMING]).digest()[:16]


def _lock(held: msgspec.Struct, secret: bytes) -> bytes:
    return lock_with(msgspec.json.encode(held).decode(), secret=secret)


def _unlock(locked: bytes, kind: type[S], secret: bytes) -> S | None:
    try:
        return msgspec.json.decode(unlock_with(locked, secret=secret).encode(), type=kind)
    except (LockHeld, msgspec.DecodeError):
        return None
