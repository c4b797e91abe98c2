"""What rests of a message until it is sent, locked under the instance's secret, which lies outside the database.

Whoever steals a disk or a backup learns nobody's address and no word; whoever writes into the database can make no
message, nor send one elsewhere, later, or as another.
"""

import hashlib
import hmac
import uuid
from datetime import datetime

import msgspec
from django.conf import settings

from lachan.kernel.sealing.errors import SealBroken
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.kernel.sealing.padding import padme

from .models import Message
from .records import Urgency

TAG_BYTES = 16


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it rests. way, tag and expires_at stand in its row too, and must be the same."""

    way: str
    tag: bytes
    expires_at: datetime
    to: str
    address: uuid.UUID
    payload: bytes
    urgency: Urgency
    occasion: str
    about: str


class _Kept(msgspec.Struct, frozen=True):
    way: str
    address: str


def parcel_close(parcel: Parcel) -> bytes:
    return _close(parcel)


def parcel_open(row: Message) -> Parcel:
    """What rests in a row.

    Raises:
        LockHeld: it was locked under another secret, or altered.
        SealBroken: it belongs to another row.
    """
    parcel = msgspec.json.decode(_open(bytes(row.sealed)), type=Parcel)
    if (parcel.way, parcel.tag, parcel.expires_at) != (row.way, bytes(row.tag), row.expires_at):
        raise SealBroken("this message belongs to another row")
    return parcel


def address_close(way: str, address: str) -> bytes:
    return _close(_Kept(way, address))


def address_open(way: str, kept: bytes) -> str:
    """An address as it was kept.

    Raises:
        LockHeld: it was locked under another secret, or altered.
        SealBroken: it is one of another way.
    """
    found = msgspec.json.decode(_open(kept), type=_Kept)
    if found.way != way:
        raise SealBroken("this address is one of another way")
    return found.address


def tag_of(name: str) -> bytes:
    """What a message is known by: nobody without the secret can say which name it was."""
    return hmac.digest(_keys()[0], b"tag " + name.encode(), hashlib.sha256)[:TAG_BYTES]


def _close(what: msgspec.Struct) -> bytes:
    # ASCII within JSON's strings is as many bytes as characters; what is not only makes it longer.
    said = msgspec.json.encode(what).decode()
    return lock_with(said.ljust(padme(len(said))), secret=_keys()[0])


def _open(locked: bytes) -> str:
    present, *former = _keys()
    return unlock_with(locked, secret=present, former=former)


def _keys() -> list[bytes]:
    """By the present secret, then by the former ones."""
    held = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(one.encode(), b"lachan message", hashlib.sha256) for one in held]
