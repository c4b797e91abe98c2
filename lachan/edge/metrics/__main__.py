"""`python -m lachan.edge.metrics`: see `--help` and docs/howto/metrics.md."""

import http.server
import ipaddress
import signal
import socket
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

from lachan.edge.metrics.numbers import families
from lachan.formats.openmetrics import CONTENT_TYPE, rendered
from lachan.kernel.env import Env
from lachan.kernel.env_kinds import address_port
from lachan.kernel.home import home_path
from lachan.kernel.process import fault_tell


def parser_make() -> ArgumentParser:
    parser = ArgumentParser(
        prog="lachan metrics",
        description="Numbers for operators as OpenMetrics, for this machine alone.",
        formatter_class=RawDescriptionHelpFormatter,
        epilog="""\
lachan metrics            on http://127.0.0.1:9464/metrics
lachan metrics --once     printed once

The flag may also be set by the variable in brackets. docs/howto/metrics.md""",
    )
    parser.add_argument("--once", action="store_true", help="print them and end")
    parser.add_argument(
        "--listen",
        metavar="ADDRESS:PORT",
        help="a loopback one [LACHAN_METRICS_LISTEN, 127.0.0.1:9464]",
    )
    return parser


def listen_setting(text: str | None = None) -> tuple[str, int]:
    """Where they are served: `text`, or the environment's.

    Raises:
        EnvError: it is no address of this machine alone.
    """
    env = Env(flags={} if text is None else {"LACHAN_METRICS_LISTEN": text})
    return env.parsed("LACHAN_METRICS_LISTEN", "127.0.0.1:9464", _loopback)


def _loopback(text: str) -> tuple[str, int]:
    host, port = address_port(text)
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(
            "a loopback address is wanted: whoever fetches from elsewhere comes through a proxy"
        )
    return host, port


class _Handler(http.server.BaseHTTPRequestHandler):
    home: Path
    timeout = 10
    server_version, sys_version = "lachan", ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = rendered(families(self.home))
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: who fetched, and when, is in no log here."""


def server_make(listen: tuple[str, int], home: Path) -> http.server.ThreadingHTTPServer:
    """Raises:
    OSError: the address is taken.
    """

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        daemon_threads = True

    return Server(listen, type("Handler", (_Handler,), {"home": home}))


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser_make().parse_args(arguments)
    home, listen = home_path(), listen_setting(given.listen)
    if given.once:
        sys.stdout.write(rendered(families(home)).decode())
        return 0
    try:
        server = server_make(listen, home)
    except OSError as error:
        said = f"{listen[0]}:{listen[1]} cannot be listened on: {(error.strerror or 'no reason').lower()}"
        sys.stderr.write(f"Error: {said}\n")
        fault_tell(said)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"Lá Chắn numbers on http://{listen[0]}:{listen[1]}/metrics\n")
    sys.stdout.flush()
    with server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
