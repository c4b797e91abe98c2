from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault
from lachan.cli.follower import Follower


class Matching(Check):
    """What fingerprints are looked up in is whole, and as new as the ledger."""

    name, order = "matching", 9

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.indicators.selectors import ledger_head
        from lachan.matching.between.paths import collection_folder
        from lachan.matching.collection import Collection
        from lachan.matching.records import NoCollection, SegmentCorrupt, SegmentVersion

        follower = Follower("collection", "matching")
        try:
            with Collection.open(collection_folder(home)) as collection:
                head = ledger_head()
                follower.wait(head, lambda: collection.sequence)
                collection.verify()
                stats = collection.stats()
        except NoCollection:
            return follower.absent
        except (SegmentCorrupt, SegmentVersion) as error:
            return fault(f"its files cannot be used ({error.code})", follower.anew)
        if apart := follower.apart(stats.sequence, head):
            return apart
        entries = sum(each.entries for each in stats.algorithms.values())
        return Finding(says=f"{entries:,} entries at sequence {stats.sequence}")
