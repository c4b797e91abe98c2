from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lachan.cli.check import Check, Finding, Tell, fault, warning

if TYPE_CHECKING:
    from lachan.outbox.records import Failing

_LATE = timedelta(minutes=1)
_WAY = "`lachan outbox list` says what, `lachan outbox retry` tries again once the cause is mended"


class Outbox(Check):
    """What one room says arrives at the others."""

    name, order = "outbox", 7

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.kernel.clock import now
        from lachan.outbox.selectors import event_count_waiting, event_oldest, failing_list
        from lachan.outbox.services import ATTEMPTS_BEFORE_ALARM

        waiting, oldest, failing = event_count_waiting(), event_oldest(), failing_list()
        if lost := [one for one in failing if one.gave_up]:
            return fault(f"gave up: {'; '.join(map(_said, lost))}", _WAY)
        if stuck := [one for one in failing if one.attempts >= ATTEMPTS_BEFORE_ALARM]:
            return fault(f"fail again and again: {'; '.join(map(_said, stuck))}", _WAY)
        if any(one.attempts for one in failing):
            return warning(f"failed and are tried again: {'; '.join(map(_said, failing))}", _WAY)
        if oldest is not None and now() - oldest > _LATE:
            minutes = int((now() - oldest).total_seconds() // 60)
            way = "look whether `lachan worker` runs"
            return warning(f"{waiting} events wait, the oldest for {minutes} min", way)
        return Finding(says=f"{waiting} events wait")


def _said(one: "Failing") -> str:
    """Codes alone: how many at which handler, since when, and why."""
    number = one.gave_up or one.waiting
    events = f"{number:,} {'event' if number == 1 else 'events'}"
    why = ", ".join(one.errors) or "no reason kept"
    return f"{events} at {one.handler or 'no handler'} since {one.since:%Y-%m-%d %H:00} UTC ({why})"
