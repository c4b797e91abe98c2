"""DNS over TLS as a way in: its addresses, its certificate, and what is told of both.

Plain DNS waits for neither: without a certificate that can be used, this way alone stays shut, is tried again and
again, and the status says why.
"""

import asyncio
import time
from typing import TYPE_CHECKING

from lachan.edge.dns.asker import TLS, Policies
from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.settings import Settings
from lachan.edge.dns.status import Encrypted, Way
from lachan.edge.dns.tcp import TcpServer
from lachan.edge.dns.values import address_shown
from lachan.kernel.errors import LachanError, Unavailable

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import StreamPath

LOOK_SECONDS = 2.0


class TlsWay:
    """Attributes: listen: the addresses that are listened on; servers: theirs; path: the compiled half, once it is there."""

    def __init__(self, settings: Settings, responder: Responder, policies: Policies) -> None:
        self._settings, self._responder, self._policies = settings, responder, policies
        self._certificates: Certificates | None = None
        self.server: TcpServer | None = None
        self.servers: list[asyncio.Server] = []
        self.listen: list[str] = []
        self._fault, self._next = "", 0.0
        self.path: StreamPath | None = None

    @property
    def way(self) -> Way:
        return self.server.way if self.server else Way()

    def use_compiled(self, path: "StreamPath") -> None:
        """From now on, and where it is opened later."""
        self.path = path
        if self.server is not None:
            self.server.path = path

    async def look(self) -> None:
        """Open where it is not open yet, and follow the certificate's files; now and then, as often as it is called.

        Raises:
            Unavailable: an address cannot be listened on.
        """
        if not self._settings.ways.tls or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_SECONDS
        if self._certificates is not None:
            await asyncio.to_thread(self._certificates.follow)
            return
        ways = self._settings.ways
        try:
            self._certificates = ways.certificates(self._settings.home, ["dot"])
        except (LachanError, OSError) as error:
            self._fault = str(error)
            return
        self.server = TcpServer(
            self._responder,
            self._policies,
            TLS,
            certificates=self._certificates,
            names=ways.names,
        )
        self.server.path = self.path
        for host, port in ways.tls:
            try:
                server = await self.server.start(host, port)
            except OSError as error:
                why = error.strerror or "in use"
                raise Unavailable(f"cannot listen on {host} port {port}: {why}") from None
            self.servers.append(server)
            self.listen.append(address_shown(host, server.sockets[0].getsockname()[1]))

    def status(self) -> Encrypted:
        found = self._certificates
        if found is None:
            return Encrypted(fault=self._fault)
        return Encrypted(tuple(self.listen), found.until.timestamp(), found.fault)
