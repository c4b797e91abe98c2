import shutil
from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning

# A day of a busy intake with its journal and one new snapshot of a million names need less than the first.
_LOW, _EMPTY = 1_000_000_000, 200_000_000


class Disk(Check):
    """There is room to write."""

    name, order, needs = "disk", 2, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        free = shutil.disk_usage(home).free
        says = f"{free / 1e9:.1f} GB free"
        way = f"make room on the disk of {home}, or give it a larger one"
        if free < _EMPTY:
            return fault(says, way)
        return warning(says, way) if free < _LOW else Finding(says=says)
