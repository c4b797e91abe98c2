"""The asker of a question. Whatever answers takes an asker along whole: what is left behind on the way (where
from, by which way, by whose rules) is guessed at its end, and guessed wrong it is another's answer.
"""

from typing import Literal

import msgspec

from lachan.edge.dns.policy import Policy
from lachan.edge.dns.profiles import Held, Profiles
from lachan.edge.dns.shares import network_of

PROFILE_SHIFT = 16
"""Bits of a compiled path's row that name the policy; above them stands a profile's number, or 0."""
TELLS = 1 << 48
"""Mark of a row, above both: what is blocked for this asker is left to the plain path, which remembers it."""
Transport = Literal["udp", "tcp", "tls", "https"]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A way in, and what is the same for all who come by it.

    Attributes:
        transport: how packets come.
        room: bytes that a reply may have; None for what the asker's own UDP buffer takes.
        row: which of `Policies.rows` answers. A number is not given to another row while a connection may hold it.
        token: the label of a device's own name by which it came (`names.OwnNames.token_of`), lower case; empty for
            none. Somebody's secret: in no message, no log.
    """

    transport: Transport
    room: int | None = None
    row: int = 0
    token: bytes = b""

    @property
    def block(self) -> int:
        """Of how many bytes' multiples replies are made for who asks for padding: where nobody on the way can read
        along, their length still tells something (RFC 8467, section 4.1).
        """
        return 468 if self.transport in {"tls", "https"} else 0


UDP = Connection(transport="udp")
TCP = Connection(transport="tcp", room=65_535)
TLS = Connection(transport="tls", room=65_535)
HTTPS = Connection(transport="https", room=65_535)


class Asker(msgspec.Struct, frozen=True):
    """Who asks one question.

    Attributes:
        peer: the address of the machine that asked; empty where it is not known.
        policy: the row by which this question is answered, itself and not its number: while the answer is waited
            for, rows may change, and another's may come to stand in its place. Of who has a profile: what holds for it.
        held: the profile.
    """

    peer: str
    connection: Connection
    policy: Policy
    held: Held = Held()

    @property
    def network(self) -> bytes:
        """In whose name the question is asked upstream (`shares`)."""
        return network_of(self.peer)


class Policies:
    """The policies in force, a row each: read by all threads, replaced whole by one (`Responder.follow`).

    Attributes:
        profiles: who is more than an address; None for nobody.
        local_rules: by which of their rules names are answered here (`local`), each once.
    """

    def __init__(self, *rows: Policy, profiles: Profiles | None = None) -> None:
        self.profiles = profiles
        self.replace(rows)

    def replace(self, rows: tuple[Policy, ...]) -> None:
        self.local_rules = frozenset((policy.forward, policy.canaries) for policy in rows)
        self.rows = rows

    def asker(self, peer: str, connection: Connection) -> Asker:
        """Who asks now. Made anew for each packet: rows change while a connection stands."""
        base = self.rows[connection.row]
        number = self.profiles.number(peer, connection.token) if self.profiles else 0
        if not number or self.profiles is None:
            return Asker(peer, connection, base)
        held, policy = self.profiles.policy(number, base)
        return Asker(peer, connection, policy, held)

    def row_of(self, peer: str, connection: Connection) -> int:
        """The row of who asks now, for the compiled path: the policy's, above it the profile's number, and `TELLS`."""
        token = connection.token
        number = self.profiles.number(peer, token) if self.profiles else 0
        tells = number and token and self.profiles and self.profiles.device_key(token)
        return connection.row | number << PROFILE_SHIFT | (TELLS if tells else 0)
