import os
import resource
import socket
import sys

import click

from lachan.cli.ports import port_expect
from lachan.cli.setup import django_ready
from lachan.kernel.env import Env
from lachan.kernel.env_kinds import address_port
from lachan.kernel.home import home_path
from lachan.kernel.process import SUPERVISED

_FILES = 16_384  # that many connections may each have an answer's file open


@click.command()
@click.option("--listen", default="127.0.0.1:8000", show_default=True, help="Address and port.")
@click.option("--workers", default=1, show_default=True, help="Processes that answer.")
@click.option("--threads", default=4, show_default=True, help="Requests that each answers at once.")
def command(listen: str, workers: int, threads: int) -> None:
    """Serve the pages and the API.

    \b
    lachan web
    lachan web --listen 0.0.0.0:8000    behind a proxy that speaks HTTPS
    """
    if not _is_ready():
        django_ready(begin=True)
    host, port = address = _address(listen)
    port_expect(address, "--listen", socket.SOCK_STREAM)
    connections = _connections_most()
    # Django's own threads stand behind lachan.config.server. No access log: it would hold addresses. HTTP/1
    # alone: what a proxy speaks to us; over HTTP/2 one connection would hold hundreds of slow requests.
    arguments = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "--no-ws", "--http", "1",
        "--host", host, "--port", str(port), "--workers", str(workers),
        "--backlog", "4096", "--backpressure", str(connections),
        "--http1-header-read-timeout", "10000",
        "--no-access-log", "--log-level", "warning", "--respawn-failed-workers",
        "--workers-kill-timeout", "5", "lachan.config.server:application_make",
    ]  # fmt: skip
    os.environ["LACHAN_WEB_THREADS"] = str(threads)
    os.environ["LACHAN_WEB_MASTER"] = str(os.getpid())  # it stays the same through exec
    os.execv(sys.executable, arguments)


def _is_ready() -> bool:
    """Whether `lachan up` has just prepared the instance; to look again costs half a second until pages answer,
    and the process that answers looks at secret and database for itself.
    """
    there = all((home_path() / name).exists() for name in ("db.sqlite3", "secret.key"))
    return SUPERVISED in os.environ and there and not Env().text("DATABASE_URL", "")


def _address(listen: str) -> tuple[str, int]:
    try:
        return address_port(listen)
    except ValueError as error:
        raise click.BadParameter(f"{listen!r}: {error}", param_hint="--listen") from None


def _connections_most() -> int:
    """As many as a process may have, and leave it files to work with: a slow one costs nothing but its place."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES and soft < hard:
        soft = min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(64, min(4096, soft // 2 - 64))
