"""Values in what JSON decodes to: objects that name one, arrays of such objects, arrays of plain values."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from lachan.formats.lists.columns import is_page_of, role, row_values
from lachan.formats.lists.form import Found, Lets
from lachan.formats.lists.holders import purpose

NOTHING = object()
"""What a text that is no JSON decodes to: `null` is JSON."""
_DEEPEST = 12
_BEGINS = re.compile(r"\s*(?:\[\s*(?:[\[{\"\]]|$)|\{\s*(?:\"|$))")
# A text that nobody closes goes on to the end: its escaped quotes open none of their own.
_TOKENS = re.compile(r"\"(?:[^\"\\]++|\\.)*+(?P<closed>\")?|[\[\]{}]", re.DOTALL)


def document(text: str) -> Any:
    """The value of a JSON text, or NOTHING."""
    try:
        if text.isascii() or not _is_damaged(text):
            with contextlib.suppress(msgspec.DecodeError):
                return msgspec.json.decode(text)
        # The slower decoder keeps what stands for bytes that are no UTF-8, and numbers that no machine holds, as
        # they were written, so that such a one spoils its own value alone.
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return NOTHING


def document_values(found: Any, shown: str) -> Iterator[list[Found]]:
    """The values of each object or plain value in what a JSON text decodes to, in order."""
    nothing = True
    for values in _walk(found, None, "", 0, shown):
        nothing = False
        yield values
    if nothing and found != []:
        yield [Found(shown, reason="no-value")]


def _walk(
    found: Any, kind: str | None, reason: str, depth: int, shown: str = ""
) -> Iterator[list[Found]]:
    """`kind` and `reason` are those of plain values, as the key above them says."""
    shown = shown or str(found)
    if isinstance(found, str):
        yield [_refused(Found(found, kind), reason)]
    elif depth > _DEEPEST or not isinstance(found, dict | list):
        yield [Found(shown, reason="no-value")]
    elif isinstance(found, list):
        for each in found:
            yield from _walk(each, kind, reason, depth + 1)
    elif pages := _pages(found):
        yield [_refused(page, reason) for page in pages]
    elif _names_value(found) or not (holders := _holders(found)):
        yield [_refused(each, reason) for each in row_values(found, shown)]
    else:
        # A warning list of MISP holds what must not be blocked.
        reason = reason or ("not-to-block" if "matching_attributes" in found else "")
        for name, each in holders.items():
            meant = purpose(name)
            if meant == "unknown":
                yield [Found(f"{name}: {each}", reason="unknown-holder")]
            else:
                let = "not-to-block" if meant == "let-through" else ""
                yield from _walk(each, _kind_of(name), reason or let, depth + 1)


def _refused(found: Found, reason: str) -> Found:
    """A value as what is let through, where it stands among such."""
    if not reason or found.reason:
        return found
    return found._replace(reason=reason, lets=Lets(found.text, found.kind))


def _names_value(row: Mapping[str, Any]) -> bool:
    return any(isinstance(cell, str) and _is_value(name) for name, cell in row.items())


def _pages(row: Mapping[str, Any]) -> list[Found]:
    """The pages that an object lists of the host that it names: they are meant, and not all of the host."""
    host = next(
        (cell for name, cell in row.items() if isinstance(cell, str) and role(name) == "domain"), ""
    )
    if not host or any(isinstance(cell, str) and role(name) == "url" for name, cell in row.items()):
        return []
    if any(found.reason for found in row_values(row, "")):
        return []  # refused as a whole
    pages = []
    for name, cell in row.items():
        for each in cell if isinstance(cell, list) else ():
            text = (
                next((v for k, v in each.items() if role(k) in ("url", "path")), "")
                if isinstance(each, dict)
                else each
            )
            if isinstance(text, str) and text.startswith("/"):
                text = f"{host}{text}"
            if isinstance(text, str) and (is_page_of(text, host) or (role(name) == "url" and text)):
                pages.append(Found(text, "url"))
    return pages


def _holders(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an object without a value of its own holds further values in; the rest describes the list."""
    return {
        name: cell
        for name, cell in row.items()
        if isinstance(cell, dict | list) and cell and purpose(name) != "about"
    }


def _is_value(name: str) -> bool:
    return role(name) not in ("", "kind", "path", "block", "allow", "action", "label")


def _kind_of(name: str) -> str | None:
    """`urls: […]` holds URLs; of what else holds plain values the kind is guessed."""
    return "url" if role(name) == "url" else None


def _is_damaged(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def broken_values(text: str) -> Iterator[list[Found]]:
    """The values of what is whole in a document that is not: objects and plain values in arrays under names that
    hold entries, never what lies deeper in them.
    """
    if not _BEGINS.match(text):
        yield [Found(text, reason="not-json")]
        return
    # Bracket, where it stands, whether entries are in it, whether it is in an array.
    open_: list[tuple[str, int, bool, bool]] = []
    name, end, last = "", 0, -1
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign in "[{":
            inside = not open_ or (open_[-1][2] and (not name or purpose(name) == "entries"))
            listed = bool(open_) and (open_[-1][0] == "[" or open_[-1][3])
            open_.append((sign, token.start(), inside, listed))
            name = ""
        elif sign in "]}":
            if not open_:
                continue
            _, start, inside, listed = open_.pop()
            name = ""
            if sign == "}" and inside and last < start and (listed or not open_):
                last = end = token.end()
                yield from _piece(text[start:end])
        elif not token["closed"]:
            break
        elif text[token.end() : token.end() + 9].lstrip().startswith(":"):
            read = document(sign)
            name = read if isinstance(read, str) else "?"
        else:
            name = ""
            if open_ and open_[-1][0] == "[" and open_[-1][2]:
                end = token.end()
                yield from _piece(sign)
    # That it is broken is said even where all its pieces could be read.
    yield [Found(text[end:].strip() or text[-1:], reason="not-json")]


def _piece(text: str) -> Iterator[list[Found]]:
    if (read := document(text)) is NOTHING:
        yield [Found(text, reason="not-json")]
    else:
        yield from document_values([read], text)
