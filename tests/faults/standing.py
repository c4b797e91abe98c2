"""What several tests of faults may share: the start of a whole instance is half of what they cost."""

import itertools

from tests.faults.kill import Publisher
from tests.faults.publisher import is_withdrawn, name_of
from tests.faults.reckoning import reckon, report_fields
from tests.faults.walks import report_send
from tests.instance import Instance


class Standing:
    """A running instance, and what it has acknowledged to any of the tests.

    Attributes:
        receipts: by the report's number. published: numbers besides 0, which is published first.
        imported: how many rows of the ledger came another way.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.receipts: dict[int, str] = {}
        self.published: set[int] = set()
        self.imported = 0
        self._publisher = Publisher(instance)
        self._numbers = itertools.count(1)
        self._publisher.publish(0)
        instance.until(lambda: instance.rcode(name_of(0)) == "NXDOMAIN", "to block")

    def report(self) -> None:
        """Send one more report, stubbornly."""
        number = next(self._numbers)
        self.receipts[number] = report_send(self.instance.web, **report_fields(number))[0]

    def publish(self) -> str:
        """Publish one more name, and stay with it; the name."""
        number = next(each for each in self._numbers if not is_withdrawn(each))
        self._publisher.publish(number)
        self.published.add(number)
        return name_of(number)

    def number(self) -> int:
        """For a report that the test sends itself; its receipt belongs in `receipts`."""
        return next(self._numbers)

    def names(self) -> list[str]:
        """All that is blocked."""
        return [name_of(number) for number in (0, *self.published)]

    def lost(self, *, small_disk: bool = False) -> list[str]:
        """What is not as it was acknowledged, to this test or to an earlier one."""
        found = reckon(
            self.instance,
            self.receipts,
            self.published,
            besides=self.imported,
            small_disk=small_disk,
        )
        return found["lost"]

    def close(self) -> None:
        self._publisher.close()
        self.instance.close()
