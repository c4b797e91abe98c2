"""For checks of what follows the ledger: whether it has caught up, and what to say where it has not."""

import dataclasses
import time
from collections.abc import Callable

from lachan.cli.check import Finding, fault, warning

_PATIENCE = 2.0  # seconds in which one that runs has caught up


@dataclasses.dataclass(frozen=True)
class Follower:
    """What is made from the ledger, and the command of the process that makes it."""

    made: str
    command: str

    @property
    def anew(self) -> str:
        """How to make it anew."""
        return f"stop `lachan {self.command}`, then: lachan {self.command} --once --rebuild"

    @property
    def absent(self) -> Finding:
        return warning("there is none yet", f"start `lachan {self.command}`")

    def wait(self, head: int, sequence: Callable[[], int]) -> None:
        """Return once it stands at `head`, or after as long as one that runs may take."""
        end = time.monotonic() + _PATIENCE
        while sequence() < head and time.monotonic() < end:
            time.sleep(0.05)

    def apart(self, sequence: int, head: int) -> Finding | None:
        """What is wrong with where it stands; None where it has all up to `head`, and nothing beyond the ledger."""
        from lachan.indicators.selectors import ledger_head

        if sequence > ledger_head():
            says = f"it stands at {sequence}, the ledger only at {ledger_head()}"
            return fault(says, f"the database is older than the {self.made}; {self.anew}")
        if sequence < head:
            says = f"it stands at {sequence}, the ledger at {head}"
            return warning(says, f"look whether `lachan {self.command}` runs")
        return None
