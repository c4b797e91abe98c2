"""The tests that a change in one room concerns first: its own, and its neighbours' that enter it by name.

    python tools/room_tests.py cases

Prints paths for pytest. `make test-room ROOM=cases` runs them, without browsers and faults.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The house's own rules, which any room can break.
_HOUSE = ["tests/architecture/test_floors.py", "tests/architecture/test_patterns.py"]


class NoRoom(Exception):
    """There is no such room; the message says which there are."""


def rooms() -> list[str]:
    """Names of the folders of `lachan/` that hold code."""
    return sorted(path.parent.name for path in ROOT.glob("lachan/*/__init__.py"))


def room_tests(room: str) -> list[str]:
    """Paths from the root.

    Raises:
        NoRoom: it is none.
    """
    if room not in rooms():
        raise NoRoom(f"ROOM={room or '…'} names no room; there are: {' '.join(rooms())}")
    entered = re.compile(rf"^(?:from|import) lachan\.{room}\b", re.MULTILINE)
    own = ROOT / "lachan" / room
    tests = [*ROOT.glob("lachan/**/test_*.py"), *ROOT.glob("tests/flows/test_*.py")]
    neighbours = [
        str(path.relative_to(ROOT))
        for path in sorted(tests)
        if own not in path.parents and entered.search(path.read_text(encoding="utf-8"))
    ]
    return [f"lachan/{room}", *neighbours, *_HOUSE]


def main(arguments: list[str]) -> int:
    try:
        found = room_tests(arguments[0] if arguments else "")
    except NoRoom as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(" ".join(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
