"""An encrypted way in, DNS over TLS or over HTTPS: its addresses, its certificate, and what is told of both.

Plain DNS waits for neither: without a certificate that can be used, this way alone stays shut, is tried again and
again, and the status says why.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.settings import Settings
from lachan.edge.dns.status import Encrypted, Way
from lachan.edge.dns.streams import StreamServer
from lachan.edge.dns.values import address_shown
from lachan.kernel.errors import LachanError, Unavailable

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import StreamPath

LOOK_SECONDS = 0.5


class EncryptedWay:
    """Attributes: listen: the addresses that are listened on; path: the compiled half, once it is there."""

    def __init__(
        self,
        settings: Settings,
        addresses: tuple[tuple[str, int], ...],
        protocols: list[str],
        make: Callable[[Certificates], StreamServer],
    ) -> None:
        """`protocols`: what may be spoken (ALPN). `make`: the server, once there is a certificate."""
        self._settings, self._addresses = settings, addresses
        self._protocols, self._make = protocols, make
        self._certificates: Certificates | None = None
        self._server: StreamServer | None = None
        self._servers: list[asyncio.Server] = []
        self.listen: list[str] = []
        self._fault, self._next = "", 0.0
        self.path: StreamPath | None = None

    @property
    def way(self) -> Way:
        return self._server.way if self._server else Way()

    def use_compiled(self, path: "StreamPath") -> None:
        """From now on, and where it is opened later."""
        self.path = path
        if self._server is not None:
            self._server.path = path

    async def look(self) -> None:
        """Open where it is not open yet, and follow the certificate's files; now and then, as often as it is called.

        Raises:
            Unavailable: an address cannot be listened on.
        """
        if not self._addresses or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_SECONDS
        if self._certificates is not None:
            await asyncio.to_thread(self._certificates.follow)
            return
        ways, home = self._settings.ways, self._settings.home
        try:
            self._certificates = ways.certificates(home, self._protocols)
        except (LachanError, OSError) as error:
            self._fault = str(error)
            return
        self._server = self._make(self._certificates)
        self._server.path = self.path
        for host, port in self._addresses:
            try:
                server = await self._server.start(host, port)
            except OSError as error:
                why = error.strerror or "in use"
                raise Unavailable(f"cannot listen on {host} port {port}: {why}") from None
            self._servers.append(server)
            self.listen.append(address_shown(host, server.sockets[0].getsockname()[1]))

    def status(self) -> Encrypted:
        found = self._certificates
        if found is None:
            return Encrypted(fault=self._fault)
        return Encrypted(tuple(self.listen), found.until.timestamp(), found.fault)

    def close(self) -> None:
        for server in self._servers:
            server.close()
        if self._server is not None:
            self._server.close()
