"""DNS over HTTPS as a process: what granian starts with, and the copy of the certificate that it reads.

granian reads files by itself, and not at our moment: so it is given a copy that was looked at, under LACHAN_HOME/tls.
A pair that cannot be used never gets there, and a worker that is started again finds the last good one.
"""

import os
import signal
import socket
import sys
import time
from datetime import datetime

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from lachan.edge.dns.certificates import Pair, pair_check, pair_read
from lachan.edge.dns.settings import Settings
from lachan.edge.dns.status import Encrypted
from lachan.edge.dns.values import address_shown
from lachan.kernel.errors import LachanError, Unavailable
from lachan.kernel.files import file_write

MASTER = "LACHAN_DNS_MASTER"
LOOK_SECONDS = 2.0


class Served:
    """The copy. Attributes: fault: why what stands in the files is not in it; empty where it is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        folder = settings.home / "tls"
        self.files = folder / "https.pem", folder / "https.key"
        self.fault = ""
        self._until: datetime | None = None
        self._seen: Pair | None = None
        self._next = 0.0

    def follow(self) -> bool:
        """Copy what stands in the files now; whether it is another. Now and then, as often as it is called."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + LOOK_SECONDS
        try:
            pair = pair_read(*self._settings.ways.files(self._settings.home))
            if pair == self._seen:
                return False
            until, plain = pair_check(pair), _plain(pair)
            self._seen, self._until, self.fault = pair, until, ""
            if self._copy() == plain:
                return False
            self.files[0].parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file_write(self.files[1], plain.key)
            file_write(self.files[0], plain.certificate, mode=0o644)
        except (LachanError, OSError) as error:
            self._seen, self.fault = None, str(error)
            return False
        return True

    def _copy(self) -> Pair | None:
        try:
            return pair_read(*self.files)
        except LachanError:
            return None

    def there(self) -> bool:
        """Whether there is a copy to begin with, from now or from before."""
        try:
            self._until = pair_check(pair_read(*self.files))
        except LachanError:
            return False
        return True

    def status(self) -> Encrypted:
        until = self._until.timestamp() if self._until else 0.0
        listen = tuple(address_shown(*one) for one in self._settings.ways.https)
        return Encrypted(listen, until, self.fault)


def _plain(pair: Pair) -> Pair:
    """With the key as granian reads it (PKCS #8)."""
    key = load_pem_private_key(pair.key, None)
    raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(pair.certificate, raw)


def https_serve(settings: Settings, flags: dict[str, object]) -> None:
    """Become the server; ends only by an error or a signal.

    Raises:
        Unavailable: there is no address to listen on, or it is taken.
    """
    if not settings.ways.https:
        raise Unavailable("LACHAN_DNS_HTTPS_LISTEN names no address: there is nothing to serve")
    host, port = settings.ways.https[0]
    _expect_free(host, port)
    served = Served(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while not (served.follow() or served.there()):
        sys.stdout.write(f"DNS over HTTPS waits for its certificate: {served.fault}\n")
        sys.stdout.flush()
        time.sleep(LOOK_SECONDS)
    # The worker reads the environment: what a flag said must stand there too.
    for name, value in flags.items():
        if isinstance(value, str):
            os.environ[f"LACHAN_DNS_{name.upper()}"] = value
    os.environ[MASTER] = str(os.getpid())  # it stays the same through exec
    certificate, key = served.files
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "--no-ws",
        "--host", host, "--port", str(port), "--workers", "1", "--backpressure", "4096",
        "--ssl-certificate", str(certificate), "--ssl-keyfile", str(key), "--ssl-protocol-min", "tls1.2",
        "--http2-max-headers-size", "65536", "--http2-keep-alive-interval", "20000",
        "--http2-initial-stream-window-size", "131072",
        "--no-access-log", "--log-level", "warning", "--respawn-failed-workers",
        "--workers-kill-timeout", "5", "lachan.edge.dns.https:application_make",
    ]  # fmt: skip
    sys.stdout.write(f"Lá Chắn DNS over HTTPS on https://{address_shown(host, port)}/dns-query\n")
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606  a fixed list, no shell


def _expect_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left
        try:
            probe.bind((host, port))
        except OSError as error:
            why = (error.strerror or "in use").lower()
            raise Unavailable(f"cannot listen on {host} port {port}: {why}") from None
