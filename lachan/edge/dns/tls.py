"""TLS on one connection, apart from its socket: bytes from the network in, bytes for it out.

asyncio's own keeps a quarter of a megabyte for each connection, and takes a step of its loop for what comes in one
piece here; phones hold a connection open all day.
"""

import contextlib
import ssl

from lachan.edge.dns.certificates import Certificates, Named


class Tunnel:
    """The server's end.

    Attributes:
        open: whether the handshake is done.
    """

    def __init__(self, certificates: Certificates) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._link = certificates.front.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.open = False

    @property
    def asked(self) -> str | None:
        """The name that the client asked to reach."""
        return self._link.asked if isinstance(self._link, Named) else None

    @property
    def protocol(self) -> str | None:
        """What was agreed on to be spoken (ALPN)."""
        return self._link.selected_alpn_protocol()

    def receive(self, raw: memoryview) -> None:
        """Take what came from the network."""
        self._incoming.write(raw)

    def handshake(self) -> bool:
        """Go on with it as far as what came allows; whether it is done.

        Raises:
            ssl.SSLError: it cannot be done.
        """
        with contextlib.suppress(ssl.SSLWantReadError):
            self._link.do_handshake()
            self.open = True
        return self.open

    def read(self, into: memoryview) -> int:
        """Bytes that were decrypted into `into`: as many as there are, or fit.

        Raises:
            ssl.SSLError, ssl.SSLZeroReturnError: nothing more will come.
        """
        size = 0
        with contextlib.suppress(ssl.SSLWantReadError):
            while size < len(into) and (self._incoming.pending or self._link.pending()):
                got = self._link.read(len(into) - size, into[size:])
                if not got:
                    raise ssl.SSLZeroReturnError
                size += int(got)
        return size

    def write(self, plain: bytes) -> None:
        self._link.write(plain)

    @property
    def unsent(self) -> int:
        """Bytes that `to_send` would give."""
        return self._outgoing.pending

    def close(self) -> None:
        """Say that nothing more is sent."""
        with contextlib.suppress(ssl.SSLError):
            self._link.unwrap()

    def to_send(self) -> bytes:
        """What the network is to be given now; empty for nothing."""
        return self._outgoing.read() if self._outgoing.pending else b""
