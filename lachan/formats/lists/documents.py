"""Values in what JSON decodes to: objects that name one, arrays of such objects, arrays of plain values."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from lachan.formats.lists.columns import role, row_values
from lachan.formats.lists.form import Found

NOTHING = object()
"""What a text that is no JSON decodes to: `null` is JSON."""
_DEEPEST = 12
_ALLOWED = re.compile(r"allow|white|safe|except|exclu|ignore|pass")
# Keys under which plain values are meant to be blocked, or let through.
_ENTRIES = frozenset(
    {
        *("list", "lists", "data", "items", "entries", "result", "results", "records", "rows"),
        *(
            "response",
            "values",
            "indicators",
            "iocs",
            "blocklist",
            "blacklist",
            "denylist",
            "blocked",
        ),
        *("allowlist", "whitelist", "domains", "urls", "hosts", "hostnames", "ips", "addresses"),
        *("emails", "phones"),
    }
)


def document(text: str) -> Any:
    """The value of a JSON text, or NOTHING."""
    try:
        if text.isascii():
            return msgspec.json.decode(text)
        # The slower decoder keeps what stands for bytes that are no UTF-8, so that it spoils its own value alone.
        return json.loads(text) if _is_damaged(text) else msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return NOTHING


def document_values(found: Any, shown: str) -> Iterator[list[Found]]:
    """The values of each object or plain value in what a JSON text decodes to, in order."""
    if isinstance(found, dict) and (_names_value(found) or not _holders(found)):
        yield list(row_values(found, shown))
        return
    nothing = True
    for values in _walk(found, None, "", 0):
        nothing = False
        yield values
    if nothing and found != []:
        yield [Found(shown, reason="no-value")]


def _walk(found: Any, kind: str | None, reason: str, depth: int) -> Iterator[list[Found]]:
    """`kind` and `reason` are those of plain values, as the key above them says."""
    if isinstance(found, str):
        yield [Found(found, kind, reason=reason)]
    elif depth > _DEEPEST or not isinstance(found, dict | list):
        yield [Found(str(found), reason="no-value")]
    elif isinstance(found, list):
        for each in found:
            yield from _walk(each, kind, reason, depth + 1)
    elif holders := {} if _names_value(found) else _holders(found):
        for name, each in holders.items():
            not_to_block = reason or ("not-to-block" if _ALLOWED.search(name.lower()) else "")
            yield from _walk(each, _kind_of(name), not_to_block, depth + 1)
    elif reason:
        yield [Found(str(found), reason=reason)]
    else:
        yield list(row_values(found, str(found)))


def _names_value(row: Mapping[str, Any]) -> bool:
    return any(isinstance(cell, str) and _is_value(name) for name, cell in row.items())


def _holders(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an object without a value of its own holds further values in; the rest describes the list."""
    return {name: cell for name, cell in row.items() if _is_holder(name, cell)}


def _is_holder(name: str, cell: Any) -> bool:
    if isinstance(cell, dict):
        return _is_row(cell)
    if not isinstance(cell, list):
        return False
    word = name.lower().replace("-", "_").rpartition("_")[2]
    named = word in _ENTRIES or _is_value(name)
    return any(_is_row(each) or (named and isinstance(each, str)) for each in cell)


def _is_row(found: Any) -> bool:
    """Whether values can be in it."""
    if not isinstance(found, dict):
        return isinstance(found, list)
    return _names_value(found) or any(isinstance(cell, dict | list) for cell in found.values())


def _is_value(name: str) -> bool:
    return role(name) not in ("", "kind", "path", "block", "severity")


def _kind_of(name: str) -> str | None:
    """`urls: […]` holds URLs; of what else holds plain values the kind is guessed."""
    return "url" if role(name) == "url" else None


def _is_damaged(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
