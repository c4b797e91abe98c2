"""What was blocked on a child's device in the last minutes, in words for its page: the edge's processes are asked, and what
they remember is opened by the device's own key (docs/adr/0026). Nothing of it is kept here.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lachan.formats.classification.categories import UnknownCategory, categories, category_code
from lachan.formats.known_names.loading import way_kind_list
from lachan.formats.known_names.records import SERVICE, WAY_ROUND
from lachan.formats.profiles.door import FAMILY, Blocked, BlockedName, blocked, device_digest
from lachan.kernel.sealing.envelope import unseal
from lachan.kernel.sealing.errors import KeyUnusable, SealBroken

from .errors import NameUnusable
from .labels import OFFERED, is_closed, service_choices
from .projecting import name_read
from .records import Answer, AskShown, Band
from .words import name_shown

REMEMBERED_SECONDS = 600
YOUNG = frozenset({Band.UNDER_9, Band.FROM_9})
"""For whom a kind of site has no name of its own: "adult content" is a sentence that makes curious."""
_EVERYTHING: Mapping[str, Promise | str] = {
    "pause": gettext_lazy("Everything has a break now."),
    "bedtime": gettext_lazy("It is bedtime: everything rests."),
}
_TIMED = frozenset({"schedule", "bedtime", "budget", "pause"})
"""Last words of a rule that ends by itself (`profiles.records.Why`)."""
Who = Literal["family", "list"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockedShown:
    """One name that was not answered.

    Attributes:
        name: empty where it is not to be named.
        rule: the name above it that the rule is about, where it is another.
        at: when it was last asked for.
        why: in one sentence.
        until: None where no end is known.
        who: who can change it: the family, or the people who look after the list.
        source: whose list; empty for a family's rule.
        ask: what may be asked for: "site", "time", or nothing.
        waits: it was asked for, and nobody has answered.
        indicator: by which the list's people know it.
    """

    name: str
    rule: str
    at: datetime
    why: str
    until: datetime | None
    who: Who
    source: str
    ask: Literal["site", "time", ""]
    waits: bool
    indicator: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockedList:
    """Attributes:
    newest, older: the last first.
    since: when remembering began, where that is less than ten minutes ago; None otherwise.
    is_known: any process of the edge answered.
    more: there was more than is shown.
    mark: another where anything of this is another.
    """

    newest: BlockedShown | None
    older: tuple[BlockedShown, ...]
    since: datetime | None
    is_known: bool
    more: bool
    mark: str


def blocked_list(
    home: Path, *, label: str, key: str, band: Band, asks: Iterable[AskShown], at: datetime
) -> BlockedList:
    """What the device of this label met. `key`: its own; `asks`: what it has asked for."""
    told = blocked(home, device_digest(label)) if label else []
    waiting = {one.site for one in asks if one.answer is Answer.WAITING}
    found = [
        _shown(said, moment, waiting, is_young=band in YOUNG) for said, moment in _opened(told, key)
    ]
    found.sort(key=lambda one: one.at, reverse=True)
    since = max((one.since for one in told), default=0.0)
    began = since if at.timestamp() - since < REMEMBERED_SECONDS else 0.0
    seen = [(one.name, one.why, one.until, one.waits, one.at.minute) for one in found]
    return BlockedList(
        newest=found[0] if found else None,
        older=tuple(found[1:]),
        since=_moment(began) if began else None,
        is_known=bool(told),
        more=any(one.more for one in told),
        mark=hashlib.sha256(repr((seen, began, bool(told))).encode()).hexdigest()[:16],
    )


def _opened(told: Iterable[Blocked], key: str) -> list[tuple[BlockedName, float]]:
    """Each once, with the last moment; several processes may have met it. What was sealed to an earlier page of the
    device opens no more.
    """
    last: dict[BlockedName, float] = {}
    for each in told:
        for kept in each.kept:
            try:
                said = msgspec.msgpack.decode(unseal(kept.sealed, key=key), type=BlockedName)
            except (SealBroken, KeyUnusable, msgspec.DecodeError):
                continue
            last[said] = max(kept.at, last.get(said, 0.0))
    return list(last.items())


def _shown(said: BlockedName, at: float, waiting: set[str], *, is_young: bool) -> BlockedShown:
    is_family = said.source == FAMILY
    is_timed = is_family and not _TIMED.isdisjoint(said.words[-1:])
    ask: Literal["site", "time", ""] = "time" if is_timed else "site"
    if not said.name and not is_family:
        ask = ""
    codes = [] if is_family else [_code(word) for word in said.words]
    is_offered = any(is_closed(code, OFFERED) for code in codes)
    return BlockedShown(
        name=said.name,
        rule=said.rule if said.rule != said.name else "",
        at=_moment(at),
        why=_family_why(said) if is_family else _list_why(said, codes, is_young=is_young),
        until=_moment(said.until) if said.until else None,
        who="family" if is_family or is_offered else "list",
        source="" if is_family else said.source,
        ask=ask,
        waits=bool(ask) and ("" if ask == "time" else _asked_as(said.name)) in waiting,
        indicator=said.indicator,
    )


def _asked_as(name: str) -> str:
    """How it stands in what was asked for (`asks.ask_make`)."""
    try:
        return name_shown(name_read(name))
    except NameUnusable:
        return name


def _family_why(said: BlockedName) -> str:
    first, is_timed = (said.words or ("",))[0], not _TIMED.isdisjoint(said.words[-1:])
    if first.startswith(SERVICE):
        code = first.removeprefix(SERVICE)
        what = next((one.name for one in service_choices() if one.code == code), said.rule)
        if is_timed:
            return _("%(what)s is closed at this time.") % {"what": what}
        return _("Your rules close %(what)s.") % {"what": what}
    if first.startswith(WAY_ROUND):
        language, code = get_language() or "vi", first.removeprefix(WAY_ROUND)
        kind = next((one for one in way_kind_list() if one.code == code), None)
        return kind.said.get(language, kind.said["en"]) if kind else _("Your rules close this.")
    if first == "own":
        return _("Your family closed this site.")
    return str(_EVERYTHING.get(first) or _("Everything rests at this time."))


def _list_why(said: BlockedName, codes: list[str], *, is_young: bool) -> str:
    if not said.name:
        return _("Something there harms children. It is closed for everybody.")
    chosen = next((code for code in codes if is_closed(code, OFFERED)), "")
    if chosen and is_young:
        return _("Your rules close sites like this one.")
    if chosen:
        return _("Your rules close this kind of site: %(kind)s.") % {"kind": _kind(chosen)}
    if is_young or not codes:
        return _("This site has harmed children or cheated people.")
    return _("It is on the list of harmful sites: %(kind)s.") % {"kind": _kind(codes[0])}


def _kind(code: str) -> str:
    known = categories().get(code)
    return known.name(get_language() or "vi") if known else code


def _code(word: str) -> str:
    try:
        return category_code(word)
    except UnknownCategory:
        return word


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
