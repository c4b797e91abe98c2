"""What the tables say of a name, layer by layer: overlays first, the ledger's snapshot last. `verdicts` is the
compiled half.

A layer is asked whole before the next: within one the most specific entry that has a say decides, and the first
layer in which one has a say decides for all. So what lies over the ledger can lift a block below the name that it
allows, and block what the ledger allows. An overlay is a snapshot like the ledger's, and seen as soon when it
changes; it speaks to the policies alone that name it.

Where there are profiles, the names that the product knows by itself lie above all (docs/adr/0026): help before the
household's own names, everything else that they say behind those.
"""

from collections.abc import Iterable

from lachan.edge.dns.policy import ALLOW, BLOCK, HELP, KNOWN, LEDGER, PASS, Policy
from lachan.edge.dns.profiles import Held, Profiles
from lachan.formats.snapshot.reader import Pair, SnapshotReader
from lachan.formats.snapshot.records import Verdict


class Layers:
    """Readers in the order in which they are asked; `names` are theirs, the ledger's is empty."""

    def __init__(
        self,
        ledger: SnapshotReader,
        overlays: Iterable[tuple[str, SnapshotReader]] = (),
        *,
        known: SnapshotReader | None = None,
        profiles: Profiles | None = None,
    ) -> None:
        above = [(KNOWN, known)] if known is not None else []
        self._layers = (*above, *overlays, (LEDGER, ledger))
        self._known, self._profiles = known, profiles
        self._ledger = ledger
        self.names = tuple(name for name, _ in self._layers)

    @property
    def sequence(self) -> int:
        """The ledger's sequence that answers include."""
        return self._ledger.sequence

    def current(self) -> tuple[Pair | None, ...]:
        """The tables to read from, a pair a layer; None where a layer has none yet."""
        return tuple([reader.current() for _, reader in self._layers])

    def decide(
        self, policy: Policy, wire: bytes, held: Held | None = None
    ) -> tuple[int, Verdict | None]:
        """What holds of a name (lower-case wire form without root) under a policy, for a profile where somebody has one,
        and the verdict that says so.
        """
        effect, verdict = self._before_lists(policy, wire, held or Held())
        if effect != PASS:
            return effect, verdict
        for name, reader in self._layers:
            if name != KNOWN and policy.follows(name):
                effect, verdict = policy.decide(reader.covering_wire(wire), name)
                if effect != PASS:
                    return effect, verdict
        # What came so far while everything is closed for somebody is open: so is what it leads to.
        return (ALLOW if policy.everything and held and held.number else PASS), None

    def _opens(self, policy: Policy, wire: bytes) -> bool:
        return self._known is not None and policy.opens(self._known.covering_wire(wire))

    def _before_lists(self, policy: Policy, wire: bytes, held: Held) -> tuple[int, Verdict | None]:
        """What the names that the product knows, and a profile's own rules, say of a name before any list does."""
        effect, verdict = PASS, None
        if self._known is not None:
            effect, verdict = policy.decide(self._known.covering_wire(wire), KNOWN)
        if effect == HELP:
            return ALLOW, verdict
        if not held.number or self._profiles is None:
            return effect, verdict
        own, said = self._profiles.own(held, policy, wire)
        if own != PASS:
            return own, said
        opened = effect == ALLOW or (effect == PASS and self._opens(policy, wire))
        if policy.everything and not opened:
            return BLOCK, self._profiles.everything(held, policy, wire)
        if effect == BLOCK and verdict is not None:
            return BLOCK, self._profiles.closed(held, policy, verdict)
        return effect, verdict
