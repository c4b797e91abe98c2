"""Writes: a school's classes from a list, and their networks. Nothing is taken away here."""

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Literal

import msgspec
from django.db import transaction

from lachan.family import conf
from lachan.family.class_list import (
    ClassRow,
    Fault,
    Trouble,
    class_key,
    class_list_read,
    networks_read,
)
from lachan.family.errors import NetworkUnusable, TooMany
from lachan.family.granted import is_granted
from lachan.family.labels import rules_of
from lachan.family.models import Child, Device, Household
from lachan.family.policy import Action
from lachan.family.projecting import profile_changed, way_hash
from lachan.family.records import Band, Change, ChildWords, DeviceWords, WayKind
from lachan.family.words import words_open, words_seal
from lachan.formats.profiles.rules import Rules
from lachan.members.records import Actor
from lachan.outbox.services import durable
from lachan.proofs.services import row_holds

from .acting import acting_adult, history_add, own_child
from .children import called, child_put
from .devices import label_new, way_new


@dataclasses.dataclass(frozen=True, kw_only=True)
class Planned:
    """What a line of the list comes to.

    Attributes:
        networks, devices: that are added; those that are there stay.
        waiting: networks of the line that the operator has not granted to this school.
    """

    row: ClassRow
    status: Literal["new", "changed", "same"]
    networks: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    devices: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """Attributes: left: names of the classes that the list does not name; they stay as they are."""

    rows: tuple[Planned, ...]
    faults: tuple[Fault, ...]
    left: tuple[str, ...]


@dataclasses.dataclass
class _Class:
    row: Child
    name: str
    networks: set[str]
    devices: int


def class_rules(band: Band) -> Rules:
    """What a class of this age begins with: as a child's, but for nights and a day's game time, which are the family's."""
    return msgspec.structs.replace(
        rules_of(band), slots=(), budget=None, safe_search=True, ways_round="closed"
    )


def classes_plan(*, by: Actor, key: str, text: str) -> Plan:
    """What `classes_take` would do."""
    household = acting_adult(by, Action.HOUSEHOLD_MANAGE).household
    return _plan(household, _classes(household, key), text)


def classes_take(*, by: Actor, key: str, text: str) -> Plan:
    """Take the good lines of a list: unknown classes are made, known ones changed, none is taken away. A second time
    the same list changes nothing.

    Raises:
        TooMany: there would be more classes, or devices of one, than may be; nothing is taken then.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.HOUSEHOLD_MANAGE)
        household = Household.objects.select_for_update().get(pk=adult.household_id)
        known = _classes(household, key)
        plan, ways, changed = _plan(household, known, text), list[Device](), list[int]()
        for one in plan.rows:
            if one.status == "same":
                continue
            row = _class_put(household, known.get(class_key(one.row.name)), one)
            ways += _ways(row, one, known.get(class_key(one.row.name)))
            changed.append(row.number)
        Device.objects.bulk_create(ways)
        if changed:
            history_add(
                household, Change.CLASSES_TAKEN, adult=adult.number, about=str(len(changed))
            )
        for number in changed:
            profile_changed(number)
    return plan


def _classes(household: Household, key: str) -> Mapping[str, _Class]:
    found = {}
    for row in household.children.prefetch_related("devices__child"):
        row.household = household
        words = words_open(row.sealed, ChildWords, "family child", row.uid, key=key)
        if words is None or not row_holds(row):
            continue
        networks = {
            network_of(one, key) for one in row.devices.all() if one.kind == WayKind.NETWORK
        }
        devices = sum(one.kind == WayKind.DEVICE for one in row.devices.all())
        found[class_key(words.nickname)] = _Class(row, words.nickname, networks - {""}, devices)
    return found


def network_of(device: Device, key: str) -> str:
    words = words_open(device.sealed, DeviceWords, "family device", device.uid, key=key)
    return words.network if words and row_holds(device) else ""


def _plan(household: Household, known: Mapping[str, _Class], text: str) -> Plan:
    rows, faults = class_list_read(text)
    holders = {net: name for name, one in known.items() for net in one.networks}
    strangers = _strangers(household, {net for row in rows for net in row.networks})
    planned, lines = [], text.splitlines()
    for row in rows:
        key = class_key(row.name)
        if taken := next((net for net in row.networks if holders.get(net, key) != key), ""):
            about = f"{taken} ({known[holders[taken]].name})"
            line = lines[row.line - 1] if row.line <= len(lines) else row.name
            faults.append(Fault(row.line, Trouble.NETWORK_TAKEN, line, about))
            continue
        planned.append(_planned(household, row, known.get(key), strangers))
    named = {class_key(row.name) for row in rows}
    left = tuple(sorted(one.name for key, one in known.items() if key not in named))
    faults.sort(key=lambda one: one.line)
    return Plan(rows=tuple(planned), faults=tuple(faults), left=left)


def _planned(
    household: Household, row: ClassRow, old: _Class | None, strangers: set[str]
) -> Planned:
    fresh = [net for net in row.networks if old is None or net not in old.networks]
    granted = {net for net in fresh if net not in strangers and is_granted(household, net)}
    devices = max(0, row.devices - (old.devices if old else 0))
    is_same = old and old.name == row.name and old.row.band == row.band
    return Planned(
        row=row,
        status="new" if old is None else "changed" if granted or devices or not is_same else "same",
        networks=tuple(net for net in fresh if net in granted),
        waiting=tuple(net for net in fresh if net not in granted),
        devices=devices,
    )


def _strangers(household: Household, networks: set[str]) -> set[str]:
    """Those by which another household is known."""
    ways = {way_hash(WayKind.NETWORK, one): one for one in networks}
    rows = Device.objects.filter(way__in=ways).exclude(child__household=household)
    return {ways[bytes(way)] for way in rows.values_list("way", flat=True)}


def _class_put(household: Household, old: _Class | None, planned: Planned) -> Child:
    name, band = planned.row.name, planned.row.band
    if old is None:
        return child_put(household, nickname=name, band=band, rules=class_rules(band))
    if (old.name, old.row.band) != (name, band):
        words = ChildWords(nickname=name)
        old.row.band = band
        old.row.sealed = words_seal(words, "family child", old.row.uid, to=[household.public])
        old.row.save(update_fields=["band", "sealed"])
    return old.row


def _ways(row: Child, planned: Planned, old: _Class | None) -> list[Device]:
    have = old.devices if old else 0
    if row.devices.count() + len(planned.networks) + planned.devices > conf.MOST["class devices"]:
        raise TooMany("the class has as many networks and devices as may be")
    found = [_network_new(row, one) for one in planned.networks]
    for number in range(have + 1, have + 1 + planned.devices):
        label = label_new()
        words = DeviceWords(name=f"{planned.row.name} {number:02d}", label=label)
        found.append(way_new(row, WayKind.DEVICE, way_hash(WayKind.DEVICE, label), words))
    return found


def _network_new(row: Child, network: str) -> Device:
    way = way_hash(WayKind.NETWORK, network)
    return way_new(row, WayKind.NETWORK, way, DeviceWords(network=network))


def class_network_add(*, by: Actor, key: str, child: uuid.UUID, text: str) -> str:
    """What asks from this network has the class's rules; the canonical network.

    Raises:
        NetworkUnusable: it is none, is not the school's, or another class has it.
        NotAllowed, NotFound, TooMany: as for any way in.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.DEVICE_MANAGE)
        row = own_child(by, Action.DEVICE_MANAGE, child)
        network = _network_usable(adult.household, text)
        if row.devices.count() >= conf.MOST["class devices"]:
            raise TooMany("there are as many networks and devices as may be")
        _network_new(row, network).save(force_insert=True)
        history_add(
            adult.household, Change.DEVICE_ADDED, adult=adult.number, about=called(row, key)
        )
        profile_changed(row.number)
    return network


def _network_usable(household: Household, text: str) -> str:
    try:
        (network,) = networks_read(text)
    except ValueError:
        raise NetworkUnusable(Trouble.NO_NETWORK, text.strip()) from None
    if not is_granted(household, network):
        raise NetworkUnusable(Trouble.NETWORK_UNGRANTED, network)
    if Device.objects.filter(way=way_hash(WayKind.NETWORK, network)).exists():
        raise NetworkUnusable(Trouble.NETWORK_TAKEN, network)
    return network
