from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, warning


class Clock(Check):
    """The clock follows from the time that the instance has seen."""

    name, order = "clock", 6

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.outbox.services import clock_leap

        if leap := clock_leap():
            ahead = f"{abs(leap).days} days {'ahead of' if leap.days >= 0 else 'behind'}"
            way = "put the clock right; where it is right, nothing need be done: it is believed after a day"
            return warning(f"it shows a time {ahead} the last: nothing is purged or ended", way)
        return Finding(says="it goes on from where it was")
