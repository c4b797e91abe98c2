"""Who asks, as a family's or a school's profile, and what holds for it now: the table (`formats/profiles`) as this process
has it. Without a table everybody is answered by the edge's own policy, and nothing here costs anything.
"""

import socket
import struct
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from lachan.edge.dns.policy import ALLOW, BLOCK, PASS, Policy, policy_of
from lachan.formats.observables.wire import wire_to_domain
from lachan.formats.profiles.device_keys import DeviceKeys
from lachan.formats.profiles.door import FAMILY
from lachan.formats.profiles.keys import way_key
from lachan.formats.profiles.layout import ProfilesCorrupt, generations
from lachan.formats.profiles.mapped import Table
from lachan.formats.profiles.reader import ProfileReader
from lachan.formats.snapshot.records import Verdict

DAMAGED = (ProfilesCorrupt, struct.error, IndexError, ValueError)
"""What a table raises that no longer holds what its checksums stood for: nobody is known by it, and the edge goes on."""
LOOK_AGAIN_SECONDS = 3_600
"""After which an end that was not in sight is looked for again."""
ENDS_KEPT = 4_096
"""Profiles of which is remembered until when what holds now holds: at bedtime each device goes on asking."""


class Held(msgspec.Struct, frozen=True):
    """A profile at the moment of a question. Attributes: number: 0 for nobody's."""

    number: int = 0
    moment: float = 0.0


class End(NamedTuple):
    """Until when what holds for a profile holds.

    Attributes:
        table, place: whose record it is about.
        since, looked_until: when it was looked for, and until when that answer will do.
        until: 0 where no end is in sight.
        why: what the rules are that end then.
    """

    table: Table | None
    place: int
    since: int
    looked_until: int
    until: int
    why: str

    def holds(self, table: Table | None, place: int, moment: float) -> bool:
        here = self.table is table and self.place == place
        return here and self.since <= moment < self.looked_until


class Profiles:
    """Attributes:
    reader: the table's.
    ends: what was found out of ends, the oldest first, for the compiled path; begun anew now and then.
    """

    def __init__(self, home: Path, *, watch: Callable[[], None] | None = None) -> None:
        """With `watch`, no table is open before `reader.refresh` (`ProfileReader`)."""
        self._folder = home / "profiles"
        self.reader = ProfileReader(self._folder, watch=watch)
        self._device_keys = DeviceKeys(self._folder)
        self._ends: dict[int, End] = {}
        self.ends: list[End] = []

    @property
    def are_there(self) -> bool:
        """Whether there is a table, be it good or not."""
        return bool(generations(self._folder))

    def number(self, peer: str, token: bytes) -> int:
        """The profile of who comes from `peer` by the device's address `token`; 0 where there is none.

        A device's address that nobody knows (any more) is nobody's, wherever it comes from.
        """
        table = self.reader.current()
        if table is None:
            return 0
        try:
            if token:
                return self.reader.find(_device_way(table.layout.key, token)) or 0
            return self.reader.find_peer(address_packed(peer)) or 0
        except DAMAGED:
            return 0

    def device_key(self, token: bytes) -> str:
        """The public key of the page that a child opened on a device; empty where nobody did."""
        table = self.reader.current()
        try:
            return self._device_keys.find(_device_way(table.layout.key, token)) if table else ""
        except DAMAGED:
            return ""

    def policy(self, number: int, base: Policy) -> tuple[Held, Policy]:
        """What holds for a profile now, at an edge that answers by `base`."""
        moment = time.time()
        try:
            return Held(number, moment), policy_of(base, self.reader.rules_at(number, moment))
        except (KeyError, *DAMAGED):
            return Held(), base

    def own(self, held: Held, policy: Policy, wire: bytes) -> tuple[int, Verdict | None]:
        """What the household's own names say of a name."""
        if not held.number:
            return PASS, None
        try:
            effect, until, at = self.reader.own_at(held.number, wire, held.moment)
        except DAMAGED:
            return PASS, None
        if effect == PASS or (effect == ALLOW and policy.is_pause):
            return PASS, None
        action = "block" if effect == BLOCK else "allow"
        return effect, _verdict(wire[at:], ("own",), until, action)

    def everything(self, held: Held, policy: Policy, wire: bytes) -> Verdict:
        """Why all names are blocked."""
        return _verdict(wire, (policy.why,), self._end(held, policy))

    def closed(self, held: Held, policy: Policy, verdict: Verdict) -> Verdict:
        """Why a service or a way round is blocked."""
        scheduled = policy.why != "rules"
        until = self._end(held, policy) if scheduled else 0
        words = (verdict.categories[0], *((policy.why,) if scheduled else ()))
        return msgspec.structs.replace(
            verdict, categories=words, source=FAMILY, valid_until=until or None
        )

    def _end(self, held: Held, policy: Policy) -> int:
        """Until when what holds for a profile now holds; 0 where nothing is known of an end."""
        if policy.why == "rules":
            return 0
        try:
            table = self.reader.current()
            record = table.record(held.number) if table else None
            place = record.place if record else 0
            known = self._ends.get(held.number)
            if known and known.holds(table, place, held.moment):
                return known.until
            until = self.reader.changes_at(held.number, held.moment)
        except (KeyError, *DAMAGED):
            return 0
        if len(self._ends) >= ENDS_KEPT or len(self.ends) >= 4 * ENDS_KEPT:
            self._ends, self.ends = {}, []
        again = until or int(held.moment) + LOOK_AGAIN_SECONDS
        found = End(table, place, int(held.moment), again, until, policy.why)
        self._ends[held.number] = found
        self.ends.append(found)
        return until


def _verdict(wire: bytes, words: tuple[str, ...], until: int, action: str = "block") -> Verdict:
    return Verdict(
        kind="domain",
        value=wire_to_domain(wire),
        categories=words,
        action=action,  # type: ignore[arg-type]
        source=FAMILY,
        valid_until=until or None,
    )


@lru_cache(maxsize=4_096)
def _device_way(key: bytes, token: bytes) -> int:
    return way_key(key, "device", token)


def address_packed(peer: str) -> bytes:
    """The bytes of an address; empty where it is none."""
    try:
        if ":" not in peer:
            return socket.inet_pton(socket.AF_INET, peer)
        packed = socket.inet_pton(socket.AF_INET6, peer.partition("%")[0])
    except OSError:
        return b""
    return packed[12:] if packed[:12] == bytes(10) + b"\xff\xff" else packed
