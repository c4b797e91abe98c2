"""Fair shares of what is limited, by askers' networks: one who takes all of it must not leave nothing to others.

While there is room, everybody takes what he likes. Then the oldest place of the network that holds most gives way to
the next one who comes, whoever that is: a flood pushes out itself. A network is an IPv4 /24 or an IPv6 /56, what one
household or one line is given; it is known in memory alone, and no longer than something is held in its name.
"""

import socket
from collections import OrderedDict
from collections.abc import Callable, Hashable


def network_of(host: str) -> bytes:
    """The first 24 bits of an IPv4 address, the first 56 of an IPv6 address; empty where it is neither."""
    try:
        if ":" not in host:
            return socket.inet_pton(socket.AF_INET, host)[:3]
        raw = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    except OSError:
        return b""
    return raw[12:15] if raw[:12] == bytes(10) + b"\xff\xff" else raw[:7]


class Shares:
    """At most `limit` places. Every call takes the same time, however many networks there are."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._network: dict[Hashable, bytes] = {}
        self._held: dict[bytes, OrderedDict[Hashable, Callable[[], object]]] = {}
        # How many places → the networks that hold so many, the longest there first.
        self._sizes: dict[int, OrderedDict[bytes, None]] = {}
        self._most = 0

    def __len__(self) -> int:
        return len(self._network)

    def take(self, network: bytes, place: Hashable, give_way: Callable[[], object]) -> None:
        """Hold a place, which is `place` alone's, until `give`, or until `give_way` is called because it was pushed
        out.
        """
        if len(self._network) >= self._limit:
            self._push_out(network)
        self._network[place] = network
        self._held.setdefault(network, OrderedDict())[place] = give_way
        self._resize(network, -1)

    def give(self, place: Hashable) -> None:
        """Give a place back; one that was pushed out is gone already."""
        network = self._network.pop(place, None)
        if network is not None:
            del self._held[network][place]
            self._resize(network, 1)

    def used(self, place: Hashable) -> None:
        """It is the youngest of its network again."""
        network = self._network.get(place)
        if network is not None:
            self._held[network].move_to_end(place)

    def lighten(self, network: bytes, place: Hashable) -> None:
        """Somebody else wants the same: from now on it is held in the name of whoever holds less."""
        before = self._network.get(place)
        if before is None or self._count(network) + 1 >= self._count(before):
            return
        give_way = self._held[before][place]
        self.give(place)
        self.take(network, place, give_way)

    def _count(self, network: bytes) -> int:
        return len(self._held.get(network, ()))

    def _push_out(self, network: bytes) -> None:
        if self._count(network) < self._most:
            network = next(iter(self._sizes[self._most]))
        place, give_way = next(iter(self._held[network].items()))
        self.give(place)
        give_way()

    def _resize(self, network: bytes, before: int) -> None:
        """The network holds `before` more, or fewer, than it does now."""
        size = self._count(network)
        old = self._sizes.get(size + before)
        if old is not None:
            old.pop(network, None)
            if not old:
                del self._sizes[size + before]
        if size:
            self._sizes.setdefault(size, OrderedDict())[network] = None
        else:
            self._held.pop(network, None)
        if size > self._most or self._most not in self._sizes:
            self._most = size
