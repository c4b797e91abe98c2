from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lachan.cli.check import Check, Finding, Tell, warning

if TYPE_CHECKING:
    from lachan.outbox.records import WayStand

_LATE = timedelta(hours=2)
_WAY = "docs/howto/messages.md says what each code means"


class Messages(Check):
    """What goes out to phones and mailboxes arrives there."""

    name, order = "messages", 7

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.outbox.selectors import message_list

        ways = message_list()
        if unwell := [one for one in ways if _is_unwell(one)]:
            return warning("; ".join(map(_said, unwell)), _WAY)
        # Said once something goes that way: nobody who sends nothing need set anything.
        if lacking := [one for one in ways if one.lacks and (one.sent or one.waiting)]:
            return warning("; ".join(f"{one.way}: {one.lacks}" for one in lacking), _WAY)
        return Finding(says="; ".join(map(_stands, ways)))


def _is_unwell(one: "WayStand") -> bool:
    from lachan.kernel.clock import now

    is_late = one.is_on and one.oldest is not None and now() - one.oldest > _LATE
    return bool(one.refused or (one.failing and is_late))


def _said(one: "WayStand") -> str:
    """Codes and counts alone."""
    return (
        f"{one.way}: {one.failing:,} fail, {one.refused:,} were refused ({', '.join(one.errors)})"
    )


def _stands(one: "WayStand") -> str:
    return f"{one.way}: {f'{one.waiting:,} wait' if one.is_on else 'off'}"
