"""How many values a key may ask for: in each minute and each day of the clock."""

import msgspec

MINUTE, DAY = 60, 86_400


class Quota(msgspec.Struct, frozen=True):
    """Values that one key may ask for, of one process."""

    minute: int = 600_000
    day: int = 20_000_000


class Quotas:
    """Counts by key. They end with the process: nothing of anybody's asking is kept.

    Attributes:
        most: values that one call may ever hold; waiting helps none that holds more.
    """

    def __init__(self, quota: Quota) -> None:
        self.most = min(quota.minute, quota.day)
        self._limits = ((MINUTE, quota.minute), (DAY, quota.day))
        self._spent: dict[str, list[tuple[int, int]]] = {}

    def take(self, key: str, values: int, moment: float) -> int:
        """Count `values`; 0, or the seconds after which the rest can be asked. Then none of them is counted.

        Args:
            key: a known one: a stranger's must not fill the memory.
            values: `most` at most; a call without any counts as one.
        """
        values = max(values, 1)
        now, spent = int(moment), self._spent.get(key, [(0, 0), (0, 0)])
        after = []
        for (length, limit), (window, count) in zip(self._limits, spent, strict=True):
            present = now // length
            total = values + (count if window == present else 0)
            if total > limit:
                return (present + 1) * length - now
            after.append((present, total))
        self._spent[key] = after
        return 0
