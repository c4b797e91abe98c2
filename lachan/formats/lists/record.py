"""What reading a list yields: one item a value, good or quarantined; nothing is silently dropped."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lachan.formats.observables.record import Observable
from lachan.kernel.errors import InvalidInput

MAX_LINE = 16_384
MAX_SHOWN = 200


def _nothing() -> Mapping[str, Any]:
    return _NOTHING


_NOTHING: Mapping[str, Any] = MappingProxyType({})

REASONS = {
    "binary": "the line holds binary data",
    "not-utf-8": "the line is not UTF-8 text",
    "line-too-long": "the line is longer than 16,384 bytes",
    "other-form": "the line is not of the list's form",
    "not-json": "it is no JSON",
    "no-head": "no first row names the columns: domain, url, value and kind …",
    "no-value": "the row has no column with a value",
    "bad-csv": "the row is not well-formed CSV",
    "bad-hosts-line": "the line does not start with an address",
    "not-to-block": "the list itself says that this is not to be blocked",
    "local-name": "the name is the machine's own",
    "setting": "it is a setting of the program or zone, not a blocked name",
    "exception-rule": "the rule allows instead of blocking",
    "cosmetic-rule": "the rule hides parts of a page",
    "narrow-rule": "the rule holds only in some circumstances",
    "pattern-rule": "the rule is a pattern, not an address",
}


class UnreadableList(InvalidInput):
    """The whole file is no list: a wrong encoding, or an unknown form."""

    code = "unreadable-list"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One good value.

    Attributes:
        line: number in the file, from 1.
        observable: the value in canonical form, with the raw one.
        facts: what else the line says (category, note …), as plain JSON; unchecked.
    """

    line: int
    observable: Observable
    facts: Mapping[str, Any] = dataclasses.field(default_factory=_nothing)


@dataclasses.dataclass(frozen=True, slots=True)
class Rejected:
    """One value, or one line, that cannot be used.

    Attributes:
        line: number in the file, from 1.
        reason: a key of `REASONS` here or of the observables' reasons.
        text: at most 200 characters of it, with control characters escaped.
    """

    line: int
    reason: str
    text: str
