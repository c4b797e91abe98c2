"""Words for what this room keeps as codes, and what each age begins with."""

import dataclasses
from collections.abc import Collection, Mapping
from functools import cache, lru_cache

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lachan.formats.classification.categories import categories
from lachan.formats.known_names.loading import (
    service_kind_list,
    service_list,
    services_of,
)
from lachan.formats.profiles.age_bands import age_band_get
from lachan.formats.profiles.records import BREAK, DAY_KINDS, EXAM, HOLIDAY, DayKind
from lachan.formats.profiles.rules import Rules

from .class_list import Trouble
from .records import Band, Change

BANDS: Mapping[Band, Promise | str] = {
    Band.UNDER_9: _("Under 9"),
    Band.FROM_9: _("9 to 11"),
    Band.FROM_12: _("12 to 15"),
    Band.FROM_16: _("16 and 17"),
}
CHANGES: Mapping[str, Promise | str] = {
    Change.FOUNDED: _("began this family"),
    Change.OPENED: _("opened it with a code"),
    Change.CODE_MADE: _("made a new code"),
    Change.CODE_ENDED: _("ended a code"),
    Change.ADULT_INVITED: _("made a link for one more adult"),
    Change.ADULT_JOINED: _("came in"),
    Change.ADULT_NAMED: _("chose a name"),
    Change.ADULT_REMOVED: _("took an adult out"),
    Change.ADULT_LEFT: _("left"),
    Change.SESSION_ENDED: _("closed the family on a device"),
    Change.CHILD_ADDED: _("added a child"),
    Change.CHILD_CHANGED: _("changed what is said of a child"),
    Change.CHILD_REMOVED: _("took a child out"),
    Change.RULES_CHANGED: _("changed the rules"),
    Change.NAME_ALLOWED: _("opened a site"),
    Change.NAME_BLOCKED: _("closed a site"),
    Change.NAME_REMOVED: _("took a site off the list"),
    Change.PAUSED: _("paused everything"),
    Change.PAUSE_ENDED: _("ended the pause"),
    Change.TIME_GIVEN: _("gave more time"),
    Change.DEVICE_ADDED: _("added a device"),
    Change.DEVICE_REMOVED: _("took a device out"),
    Change.MESSAGES_ON: _("asked to be told of requests"),
    Change.MESSAGES_OFF: _("asked not to be told any more"),
    Change.ASK_GRANTED: _("said yes to a request"),
    Change.ASK_REFUSED: _("said no to a request"),
    Change.CLASSES_TAKEN: _("took classes from a list:"),
    Change.LESSON_BEGUN: _("set a lesson"),
    Change.LESSON_ENDED: _("ended a lesson early"),
    Change.BOARD_MADE: _("made the page for the wall"),
    Change.BOARD_ENDED: _("ended the page for the wall"),
    Change.TEACHER_SET: _("said which classes somebody has"),
}
TROUBLES: Mapping[str, Promise | str] = {
    Trouble.NO_NAME: _("The class has no name. Write one in the first column, like 6A."),
    Trouble.LONG_NAME: _("The name is longer than %(about)s letters. Shorten it."),
    Trouble.UNKNOWN_AGE: _(
        "“%(about)s” is no age that rules know. Write under 9, 9–11, 12–15 or 16–17; between two, the younger."
    ),
    Trouble.NO_NETWORK: _(
        "“%(about)s” is no network. Write it like 10.20.6.0/24, with a blank between two."
    ),
    Trouble.NO_NUMBER: _("“%(about)s” is no number of devices. Write one, or leave it empty."),
    Trouble.MANY_DEVICES: _("A class has %(about)s devices at most here. Make two groups of it."),
    Trouble.MANY_CELLS: _(
        "There are more than %(about)s columns. Put blanks, not commas, between networks; leave out names of pupils."
    ),
    Trouble.OPEN_QUOTE: _("A quotation mark is not closed. Close it, or take it out."),
    Trouble.CLASS_TWICE: _("This class stands in line %(about)s already. Put both lines into one."),
    Trouble.NETWORK_TWICE: _(
        "The network %(about)s stands in an earlier line already. A network belongs to one class."
    ),
    Trouble.NETWORK_TAKEN: _(
        "Another class has the network %(about)s. Take it out there first; a network belongs to one class."
    ),
    Trouble.NETWORK_UNGRANTED: _(
        "Whoever runs this server has not given your school the network %(about)s yet. Ask them, with the number below."
    ),
    Trouble.MANY_LINES: _("A list has %(about)s lines at most. Take the rest as a second list."),
}
WHYS: Mapping[str, Promise | str] = {
    "bedtime": _("Bedtime"),
    "homework": _("Homework"),
    "schedule": pgettext_lazy("rules", "Something else"),
}
_SCHOOL = frozenset({0, 1, 2, 3, 4, EXAM})
DAY_KINDS_OF: Mapping[str, frozenset[DayKind]] = {
    "every-day": frozenset(range(DAY_KINDS)),  # type: ignore[arg-type]
    "school-nights": frozenset({6, 0, 1, 2, 3, EXAM}),
    "free-nights": frozenset({4, 5, HOLIDAY, BREAK}),
    "school-days": _SCHOOL,
    "free-days": frozenset({5, 6, HOLIDAY, BREAK}),
    "weekdays": frozenset(range(5)),  # type: ignore[arg-type]
    "weekend": frozenset({5, 6}),
}
# What protects against crime stands outside of taste and age: no page offers to open it.
OFFERED = (
    "content.sexual", "contract.gambling", "content.aggressive", "content.self-harm", "content.values",
    "contract.drugs", "conduct.values",
)  # fmt: skip
"""Categories of the exchange that a parent may open, in the order of the page."""


@dataclasses.dataclass(frozen=True)
class Service:
    """As a page shows it. Attributes: tile: a letter or two that stand for it in place of a picture."""

    code: str
    kind: str
    name: str
    tile: str


def service_choices() -> tuple[Service, ...]:
    """What a parent may switch by name, in the language of the moment."""
    return _services(get_language() or "vi")


@lru_cache(maxsize=8)
def _services(language: str) -> tuple[Service, ...]:
    found = [
        Service(one.code, one.kind, _said(one.name, language), one.tile) for one in service_list()
    ]
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def service_kinds() -> Mapping[str, str]:
    """What services are for: what rules may name as a whole."""
    language = get_language() or "vi"
    return {kind.code: _said(kind.name, language) for kind in service_kind_list()}


def _said(text: Mapping[str, str], language: str) -> str:
    return text.get(language, text["en"])


@cache
def service_groups() -> Mapping[str, frozenset[str]]:
    """By kind, the codes of its services."""
    return {kind.code: services_of(kind.code) for kind in service_kind_list()}


def rules_of(band: Band) -> Rules:
    """What a child of this age begins with."""
    return age_band_get(band.value).rules()


def categories_opened(wide: frozenset[str], opened: Collection[str]) -> frozenset[str]:
    """Categories without some that lie below them: a wide one becomes those of it that stay closed."""
    found: set[str] = set()
    for code in wide - set(opened):
        if any(one.startswith(f"{code}.") for one in opened):
            found |= {one for one in categories() if one.startswith(f"{code}.")} - set(opened)
        else:
            found.add(code)
    return frozenset(found)


def is_closed(code: str, closed: Collection[str]) -> bool:
    return any(f"{code}.".startswith(f"{one}.") for one in closed)
