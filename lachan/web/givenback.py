"""Refused forms: what somebody typed, given back on the page that refused it.

Whatever the reason (signed out, an old page, no cookies, a right that ended, a database that is away), the
words are in the request, so the answer to it can hold them: no copy rests anywhere. From there they are sent
again by one press, or copied.

- A form that another site made is not given back: it would put a stranger's words on our page, and with a
  fresh token make them one press away from being done in the name of who sits there.
- A form that stood on somebody else's page is given back sealed, and opens for that person alone.
"""

import dataclasses
import re

import msgspec
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError

from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock_with, unlock_with

from .sent import (
    MACHINERY,
    NUMBER,
    OWNER,
    SEALED,
    SEEN,
    is_anothers,
    is_ours,
    keyed,
    owner_mark,
    posted,
)

# What must not stand on a screen, or in a browser's memory, a second time.
SECRET = frozenset({"password", "again", "old", "code", "passkey", "receipt"})
# Fields that a page fills in or lets choose. All others are typed, whatever their words look like: a child's
# message may be a number alone.
CHOSEN = frozenset(
    {"about", "category", "clock", "confidence", "decision", "form", "key", "kind", "language", "link", "mine", "next"}
    | {"other", "outcome", "pick", "province", "question", "report", "role", "roles", "status", "tlp", "to", "token"}
    | {"quality", "turned", "urgency", "which", "work"}
    | {"band", "class", "closed", "days", "device", "effect", "how", "looked_at", "manages", "minutes", "named"}
    | {"pause", "service", "shown", "slot", "sort", "take", "way", "what", "why"}
)  # fmt: skip
# What such a field may hold: codes, numbers and identifiers. Given back too, but nothing that anybody would miss.
_CODE = re.compile(r"[a-z0-9_.+-]*")
_THING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROW = re.compile(r"(\w+)-(\d+|new)")
_HIDDEN = frozenset({"form", "token", "work"})
_KEPT_MACHINERY = (NUMBER, OWNER, SEEN)
Field = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class GivenBack:
    """A refused form.

    Attributes:
        words: what was typed, by field.
        choices: what else it held.
        machinery: hidden fields that go with it when it is sent again.
        address: where it was sent to.
        sealed: the whole for its owner, where somebody else is signed in; then there are no words.
        may_send: whether it may be sent again from here.
    """

    address: str
    words: list[Field] = dataclasses.field(default_factory=list)
    choices: list[Field] = dataclasses.field(default_factory=list)
    machinery: list[Field] = dataclasses.field(default_factory=list)
    sealed: str = ""
    may_send: bool = True


def given_back(request: HttpRequest) -> GivenBack | None:
    """What a refused request held; None where it held nothing that anybody could miss."""
    if request.method != "POST" or is_ours(request) is False:
        return None
    try:
        fields = [(name, value) for name, values in posted(request).lists() for value in values]
    except (SuspiciousOperation, BadRequest, UnreadablePostError):  # it did not arrive
        return None
    if sealed := posted(request).get(SEALED, ""):
        opened = _opened(request, sealed)
        if opened is None:
            owner = (OWNER, posted(request).get(OWNER, ""))
            return GivenBack(request.get_full_path(), machinery=[owner], sealed=sealed)
        fields = opened
    elif is_anothers(request):
        owner = (OWNER, posted(request).get(OWNER, ""))
        sealed = _sealed(owner[1], [f for f in fields if f[0] not in SECRET])
        return GivenBack(request.get_full_path(), machinery=[owner], sealed=sealed)
    return _sorted(request, fields)


def _sorted(request: HttpRequest, fields: list[Field]) -> GivenBack | None:
    plain = [f for f in fields if f[0] not in MACHINERY | SECRET and f[1].strip()]
    if all(_is_chosen(f) and (f[1].isdecimal() or _is_hidden(f)) for f in plain):
        return None
    shown = [f for f in plain if not _is_hidden(f)]
    return GivenBack(
        request.get_full_path(),
        words=[f for f in shown if not _is_chosen(f)],
        choices=[f for f in shown if _is_chosen(f)],
        machinery=[f for f in fields if f[0] in _KEPT_MACHINERY or _is_hidden(f)],
        may_send=_may_send(request, dict(fields).get(OWNER, "")),
    )


def is_chosen(name: str) -> bool:
    """Whether a field of this name is filled in or chosen, not typed; also one of a table's numbered rows."""
    row = _ROW.fullmatch(name)
    return name in CHOSEN or bool(
        row and (row[1] in CHOSEN or (row[1] == "value" and row[2] != "new"))
    )


def _is_chosen(field: Field) -> bool:
    return is_chosen(field[0]) and (field[0] in _HIDDEN or _CODE.fullmatch(field[1]) is not None)


def _is_hidden(field: Field) -> bool:
    name, value = field
    return name in _HIDDEN or (is_chosen(name) and _THING.fullmatch(value) is not None)


def _may_send(request: HttpRequest, owner: str) -> bool:
    """With a fresh token it would be done at one press: only what our own page is known to have held."""
    present = owner_mark(request)
    return not present or owner == present or is_ours(request) is True


def _sealed(owner: str, fields: list[Field]) -> str:
    return lock_with(msgspec.json.encode(fields).decode(), secret=keyed("sealed", owner)).hex()


def _opened(request: HttpRequest, sealed: str) -> list[Field] | None:
    try:
        plain = unlock_with(bytes.fromhex(sealed), secret=keyed("sealed", owner_mark(request)))
    except (LockHeld, ValueError):
        return None
    return msgspec.json.decode(plain.encode(), type=list[Field])
