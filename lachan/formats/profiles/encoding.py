"""Rules and overrides as JSON for the database; and what is made of them before they are reckoned."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from lachan.formats.profiles.rules import Budget, InvalidRules, Override, Rules, Slot

_T = TypeVar("_T", Slot, Budget, Override)
_encoder = msgspec.json.Encoder(order="deterministic")
_rules = msgspec.json.Decoder(Rules)
_override = msgspec.json.Decoder(Override)
_version = msgspec.json.Decoder(dict[str, msgspec.Raw])


def rules_bytes(rules: Rules) -> bytes:
    """As JSON; equal rules give equal bytes.

    Raises:
        InvalidRules: they could not be read again.
    """
    data = _encoder.encode(rules)
    rules_read(data)
    return data


def rules_read(data: bytes | str) -> Rules:
    """Read rules.

    Raises:
        InvalidRules: these are none, or a later program's.
    """
    try:
        return _rules.decode(data)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidRules(_fault(data, error)) from None


def override_bytes(override: Override) -> bytes:
    """As JSON; equal ones give equal bytes.

    Raises:
        InvalidRules: it could not be read again.
    """
    data = _encoder.encode(override)
    override_read(data)
    return data


def override_read(data: bytes | str) -> Override:
    """Read an override.

    Raises:
        InvalidRules: this is none.
    """
    try:
        return _override.decode(data)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidRules(str(error)) from None


def rules_grouped(rules: Rules, groups: Mapping[str, frozenset[str]]) -> Rules:
    """Rules in which each group of services ("game") is replaced by its services; to be done before they are reckoned.

    Args:
        groups: by code, the codes of their services.
    """
    return msgspec.structs.replace(
        rules,
        services=_members(rules.services, groups),
        slots=tuple(_grouped(slot, groups) for slot in rules.slots),
        budget=rules.budget and _grouped(rules.budget, groups),
    )


def override_grouped(override: Override, groups: Mapping[str, frozenset[str]]) -> Override:
    """An override in which each group of services is replaced by its services."""
    return _grouped(override, groups)


def _grouped(one: _T, groups: Mapping[str, frozenset[str]]) -> _T:
    return msgspec.structs.replace(one, services=_members(one.services, groups))


def _members(codes: frozenset[str], groups: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(groups.get(code) or {code} for code in codes))


def _fault(data: bytes | str, error: Exception) -> str:
    try:
        version = _version.decode(data).get("version", msgspec.Raw(b"1"))
    except (msgspec.DecodeError, UnicodeError):
        return "these are no rules: no JSON object"
    if (written := bytes(version)).isdigit() and int(written) > 1:
        return "these rules were written by a later program: upgrade this one"
    return str(error)
