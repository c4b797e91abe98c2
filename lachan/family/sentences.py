"""Rules as sentences, for a parent and for a child: each rule one."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lachan.formats.classification.categories import categories
from lachan.formats.profiles.rules import Rules
from lachan.formats.profiles.statements import Statement, Times, statements

from .labels import OFFERED, is_closed, service_choices, service_kinds

DAYS: Mapping[str, Promise | str] = {
    "every-day": gettext_lazy("every day"),
    "school-nights": gettext_lazy("evenings before school"),
    "free-nights": gettext_lazy("evenings before a free day"),
    "school-days": gettext_lazy("school days"),
    "free-days": gettext_lazy("free days"),
    "weekdays": gettext_lazy("Monday to Friday"),
    "weekend": gettext_lazy("Saturday and Sunday"),
}
_KINDS = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
    gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday"), gettext_lazy("holidays"),
    gettext_lazy("exam days"), gettext_lazy("school breaks"),
)  # fmt: skip

# A budget has no sentence while nothing counts minutes.
_SAID: Mapping[str, Promise | str] = {
    "bedtime": gettext_lazy("Bedtime: everything rests %(when)s."),
    "homework": gettext_lazy("Homework: %(what)s closed %(when)s."),
    "at-times": gettext_lazy("%(what)s closed %(when)s."),
    "only-at": gettext_lazy("%(what)s open only %(when)s."),
    "always": gettext_lazy("Always closed: %(what)s."),
    "safe-search": gettext_lazy("Search engines and videos show their safe mode."),
    "ways-round": gettext_lazy("Known ways around these rules are closed."),
}


def sentences(rules: Rules, *, young: bool = False) -> list[str]:
    """In the order in which a parent reads them: the night first, what is always so last.

    `young`: for a child of whom nobody wants that it reads what else there is in the world.
    """
    return [words for one in statements(rules) if (words := _sentence(one, young=young))]


def _sentence(one: Statement, *, young: bool) -> str:
    if young and one.kind == "always" and one.categories:
        return _("What is not for your age is closed.")
    what, is_shown = _what(one), one.kind == "ways-round" and not one.closed
    if one.kind not in _SAID or is_shown or (one.kind == "always" and not what):
        return ""
    return str(_SAID[one.kind]) % {"what": what, "when": listed(map(times_words, one.times))}


def _what(one: Statement) -> str:
    if one.everything:
        return _("everything")
    known, language = categories(), get_language() or "vi"
    named = service_kinds() | {each.code: each.name for each in service_choices()}
    words = [named[code] for code in one.services if code in named]
    words += [known[code].name(language) for code in OFFERED if is_closed(code, one.categories)]
    return listed(words)


def listed(words: Iterable[str]) -> str:
    return " · ".join(map(str, words))


def times_words(times: Times) -> str:
    """When: "evenings before school, 21:00 to 06:00 the next day"."""
    days = str(DAYS.get(times.days) or listed(_KINDS[kind] for kind in times.kinds))
    values = {"days": days, "start": _clock(times.start), "end": _clock(times.end)}
    if (times.start, times.end) == (0, 96):
        return _("%(days)s, all day") % values
    if times.next_day:
        return _("%(days)s, %(start)s to %(end)s the next day") % values
    return _("%(days)s, %(start)s to %(end)s") % values


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"
