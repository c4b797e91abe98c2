from datetime import timedelta
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning

_LATE = timedelta(minutes=1)


class Outbox(Check):
    """What one room says arrives at the others."""

    name, order = "outbox", 7

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.kernel.clock import now
        from lachan.outbox.selectors import event_count_failing, event_count_waiting, event_oldest
        from lachan.outbox.services import ATTEMPTS_BEFORE_ALARM

        waiting, oldest = event_count_waiting(), event_oldest()
        if stuck := event_count_failing(attempts=ATTEMPTS_BEFORE_ALARM):
            return fault(f"{stuck} events fail again and again", "the worker's log names them")
        if failing := event_count_failing():
            return warning(
                f"{failing} events failed and are tried again", "look at the worker's log"
            )
        if oldest is not None and now() - oldest > _LATE:
            minutes = int((now() - oldest).total_seconds() // 60)
            way = "look whether `lachan worker` runs"
            return warning(f"{waiting} events wait, the oldest for {minutes} min", way)
        return Finding(says=f"{waiting} events wait")
