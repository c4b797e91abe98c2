from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault
from lachan.cli.follower import Follower


class Snapshot(Check):
    """What edges answer from is whole, and as new as the ledger."""

    name, order = "snapshot", 8

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.formats.snapshot.reader import SnapshotReader
        from lachan.indicators.records import PUBLIC_AUDIENCE
        from lachan.indicators.selectors import ledger_head

        follower = Follower("snapshot", "shield")
        reader = SnapshotReader(home / "snapshots")

        def sequence() -> int:
            reader.refresh()
            return reader.sequence

        head = ledger_head(PUBLIC_AUDIENCE)
        follower.wait(head, sequence)
        status = reader.status()
        if status.state == "stale":
            return fault(f"the newest files cannot be used ({status.fault})", follower.anew)
        if apart := follower.apart(status.sequence, head):
            return apart
        if status.state == "absent":
            return follower.absent
        return Finding(says=f"{status.entries:,} entries at sequence {status.sequence}")
