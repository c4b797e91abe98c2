import time
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning

_PATIENCE = 2.0  # seconds in which a running follower has caught up


class Matching(Check):
    """What fingerprints are looked up in is whole, and as new as the ledger."""

    name, order = "matching", 9

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.indicators.selectors import ledger_head
        from lachan.matching.collection import Collection
        from lachan.matching.places import collection_folder
        from lachan.matching.records import NoCollection, SegmentCorrupt, SegmentVersion

        anew = "stop `lachan matching`, then: lachan matching --once --rebuild"
        try:
            with Collection.open(collection_folder(home)) as collection:
                head, end = ledger_head(), time.monotonic() + _PATIENCE
                while collection.sequence < head and time.monotonic() < end:
                    time.sleep(0.05)
                collection.verify()
                stats = collection.stats()
        except NoCollection:
            return warning("there is none yet", "start `lachan matching`")
        except (SegmentCorrupt, SegmentVersion) as error:
            return fault(f"its files cannot be used ({error.code})", anew)
        if stats.sequence > ledger_head():
            says = f"it stands at {stats.sequence}, the ledger only at {ledger_head()}"
            return fault(says, f"the database is older than the collection; {anew}")
        if stats.sequence < head:
            says = f"it stands at {stats.sequence}, the ledger at {head}"
            return warning(says, "look whether `lachan matching` runs")
        entries = sum(each.entries for each in stats.algorithms.values())
        return Finding(says=f"{entries:,} entries at sequence {stats.sequence}")
