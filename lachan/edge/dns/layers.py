"""What the tables say of a name, layer by layer: overlays first, the ledger's snapshot last. `verdicts` is the
compiled half.

A layer is asked whole before the next: within one the most specific entry that has a say decides, and the first
layer in which one has a say decides for all. So what lies over the ledger can lift a block below the name that it
allows, and block what the ledger allows. An overlay is a snapshot like the ledger's, and seen as soon when it
changes; it speaks to the policies alone that name it.
"""

from collections.abc import Iterable

from lachan.edge.dns.policy import LEDGER, PASS, Policy
from lachan.formats.snapshot.reader import Pair, SnapshotReader
from lachan.formats.snapshot.records import Verdict


class Layers:
    """Readers in the order in which they are asked; `names` are theirs, the ledger's is empty."""

    def __init__(
        self, ledger: SnapshotReader, overlays: Iterable[tuple[str, SnapshotReader]] = ()
    ) -> None:
        self._layers = (*overlays, (LEDGER, ledger))
        self._ledger = ledger
        self.names = tuple(name for name, _ in self._layers)

    @property
    def sequence(self) -> int:
        """The ledger's sequence that answers include."""
        return self._ledger.sequence

    def current(self) -> tuple[Pair | None, ...]:
        """The tables to read from, a pair a layer; None where a layer has none yet."""
        return tuple([reader.current() for _, reader in self._layers])

    def decide(self, policy: Policy, wire: bytes) -> tuple[int, Verdict | None]:
        """What holds of a name (lower-case wire form without root) under a policy, and the verdict that says so."""
        for name, reader in self._layers:
            if policy.follows(name):
                effect, verdict = policy.decide(reader.covering_wire(wire), name)
                if effect != PASS:
                    return effect, verdict
        return PASS, None
