import time
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning

_PATIENCE = 2.0  # seconds in which one that runs has caught up
_ANEW = "stop `lachan family`, then: lachan family --once --rebuild"


class Profiles(Check):
    """What edges know families by is whole, and as new as the database."""

    name, order = "profiles", 8

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.family.follower import table_stand

        end = time.monotonic() + _PATIENCE
        status, head = table_stand(home)
        while status.sequence < head and time.monotonic() < end:
            time.sleep(0.05)
            status, head = table_stand(home)
        if status.state == "stale":
            return fault(f"the table cannot be used ({status.fault})", _ANEW)
        if status.sequence > head:
            return fault("it is newer than the database: that is an older one", _ANEW)
        if status.sequence < head:
            says = f"it stands at {status.sequence}, the database at {head}"
            return warning(says, "look whether `lachan family` runs")
        if status.state == "absent":
            return Finding(says="no family has set anything yet")
        return Finding(says=f"{status.profiles:,} profiles at change {status.sequence}")
