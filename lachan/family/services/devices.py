"""Writes: ways in to a child's profile: a device by its address, a home by its network."""

import base64
import secrets
import uuid

from django.db import transaction

from lachan.family import conf
from lachan.family.entry import (
    cookie_write,
    device_link_make,
    device_link_open,
    device_session_begin,
)
from lachan.family.errors import TooMany
from lachan.family.granted import is_anothers
from lachan.family.models import Child, Device
from lachan.family.policy import Action
from lachan.family.projecting import profile_changed, way_hash
from lachan.family.records import Change, DeviceWords, Sort, WayKind
from lachan.family.words import words_open, words_seal
from lachan.kernel.clock import hour
from lachan.kernel.errors import Conflict, InvalidInput
from lachan.kernel.sealing.envelope import keypair_new
from lachan.members.records import Actor
from lachan.outbox.services import durable

from .acting import acting_adult, history_add, own_child, own_device


def device_add(*, by: Actor, child: uuid.UUID, name: str = "") -> tuple[uuid.UUID, str]:
    """A device with an address of its own; its uid, and the token of the link that opens the child's pages on it.

    Raises:
        NotAllowed, NotFound: as `own_child`.
        TooMany: the child has as many as may be.
    """
    label = label_new()
    words = DeviceWords(name=name, label=label)
    with durable(), transaction.atomic():
        row = _way_add(by, child, WayKind.DEVICE, way_hash(WayKind.DEVICE, label), words)
        return row.uid, device_link_make(row, label=label)


def network_add(*, by: Actor, child: uuid.UUID, network: str, name: str = "") -> uuid.UUID:
    """What asks from this network has the child's rules; a network stands for one child at a time.

    Raises:
        InvalidInput: it is no network.
        Conflict: another household has said that it is theirs, or it is a school's.
        NotAllowed, NotFound, TooMany: as `device_add`.
    """
    try:
        way = way_hash(WayKind.NETWORK, network)
    except ValueError:
        raise InvalidInput("no network") from None
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.DEVICE_MANAGE)
        if is_anothers(adult.household, network):
            raise Conflict("this network is a school's")
        former = list(Device.objects.select_related("child").filter(way=way))
        if any(old.child.household_id != by.household_id for old in former):
            raise Conflict("this network has another household's rules")
        for old in former:
            old.delete()
        uid = _way_add(by, child, WayKind.NETWORK, way, DeviceWords(name=name)).uid
        for old in former:
            profile_changed(old.child.number)
        return uid


def _way_add(by: Actor, child: uuid.UUID, kind: WayKind, way: bytes, words: DeviceWords) -> Device:
    adult = acting_adult(by, Action.DEVICE_MANAGE)
    row = own_child(by, Action.DEVICE_MANAGE, child)
    most = "class devices" if adult.household.sort == Sort.SCHOOL else "devices"
    if row.devices.count() >= conf.MOST[most]:
        raise TooMany("there are as many devices as may be")
    device = way_new(row, kind, way, words)
    device.save(force_insert=True)
    history_add(adult.household, Change.DEVICE_ADDED, adult=adult.number, about=words.name)
    profile_changed(row.number)
    return device


def way_new(child: Child, kind: WayKind, way: bytes, words: DeviceWords) -> Device:
    """A row, not saved."""
    uid = uuid.uuid4()
    sealed = words_seal(words, "family device", uid, to=[child.household.public])
    return Device(uid=uid, child=child, kind=kind, way=way, sealed=sealed, made_hour=hour())


def label_new() -> str:
    """The address of a device, which nobody guesses."""
    return base64.b32encode(secrets.token_bytes(conf.LABEL_BYTES)).decode().lower()


def device_link_new(*, by: Actor, key: str, device: uuid.UUID) -> str:
    """Another link for a device: the last one is over."""
    with transaction.atomic():
        row = own_device(by, Action.DEVICE_MANAGE, device)
        return device_link_make(row, label=_words(row, key).label)


def device_remove(*, by: Actor, key: str, device: uuid.UUID) -> uuid.UUID:
    """It has no family's rules from now on, and its pages show nothing; the uid of its child."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.DEVICE_MANAGE)
        row = own_device(by, Action.DEVICE_MANAGE, device)
        name, child = _words(row, key).name, row.child
        row.delete()
        history_add(adult.household, Change.DEVICE_REMOVED, adult=adult.number, about=name)
        profile_changed(child.number)
    return child.uid


def _words(device: Device, key: str) -> DeviceWords:
    return (
        words_open(device.sealed, DeviceWords, "family device", device.uid, key=key)
        or DeviceWords()
    )


def device_join(*, by: Actor, token: str) -> str:
    """Open the child's pages on the device that holds the link; the cookie for it.

    Raises:
        LinkGone: it opens nothing, or no more.
    """
    with durable(), transaction.atomic():
        device, label = device_link_open(token, take=True)
        pair = keypair_new()
        device.public = pair.public
        device.save(update_fields=["public"])
        profile_changed(device.child.number)
        return cookie_write(device_session_begin(device, key=pair.private, label=label))
