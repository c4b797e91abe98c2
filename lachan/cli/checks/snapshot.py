import time
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning

_PATIENCE = 2.0  # seconds in which a running shield has caught up


class Snapshot(Check):
    """What edges answer from is whole, and as new as the ledger."""

    name, order = "snapshot", 8

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.formats.snapshot.reader import SnapshotReader
        from lachan.indicators.records import PUBLIC_AUDIENCE
        from lachan.indicators.selectors import ledger_head

        anew = "stop `lachan shield`, then: lachan shield --once --rebuild"
        reader = SnapshotReader(home / "snapshots")
        head, end = ledger_head(PUBLIC_AUDIENCE), time.monotonic() + _PATIENCE
        while reader.sequence < head and time.monotonic() < end:
            time.sleep(0.05)
            reader.refresh()
        status = reader.status()
        if status.state == "stale":
            return fault(f"the newest files cannot be used ({status.fault})", anew)
        if status.sequence > ledger_head():
            says = f"it stands at {status.sequence}, the ledger only at {ledger_head()}"
            return fault(says, f"the database is older than the snapshot; {anew}")
        if status.sequence < head:
            says = f"it stands at {status.sequence}, the ledger at {head}"
            return warning(says, "look whether `lachan shield` runs")
        if status.state == "absent":
            return warning("there is none yet", "start `lachan shield`")
        return Finding(says=f"{status.entries:,} entries at sequence {status.sequence}")
