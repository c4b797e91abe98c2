"""Names that no alias blocks. A bank's name is often an alias of a content network's: whoever blocks that one,
meaning somebody else's site behind it, must not block the bank. What the guard knows keeps the word of its own
name; asked itself, a blocked name stays blocked whoever owns it.
"""

from pathlib import Path

from lachan.formats.guard.loading import Stamp, domains_read, guard_build, guard_stamp
from lachan.formats.guard.rules import Guard
from lachan.formats.observables.wire import wire_to_domain


class Shelter:
    """The guard as this process has it: followed by one thread, asked by another."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._guard: Guard | None = None
        self._seen: tuple[Stamp, tuple[str, ...]] | None = None

    def refresh(self) -> None:
        """Read what changed of the guard's files since."""
        seen = guard_stamp(self._home), domains_read(self._home)
        if seen != self._seen:
            self._guard = guard_build(*seen)
            self._seen = seen

    def covers(self, wire: bytes) -> bool:
        """Whether a name, lower-case wire form without root, is guarded or lies below what is."""
        if self._guard is None:
            self.refresh()
        return self._guard is not None and self._guard.stands(wire_to_domain(wire))
