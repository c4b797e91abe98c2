import signal
import socket
import time
import urllib.error
import urllib.request

import click

from lachan.cli.setup import django_ready, unreachable
from lachan.cli.supervisor import Supervisor, orphans
from lachan.kernel.home import home_path, home_prepare

_FIRST, _THEN = ("shield", "web", "worker"), ("matching",)


@click.command()
@click.option(
    "--web", default="127.0.0.1:8000", show_default=True, help="Address of the pages and API."
)
@click.option("--dns", default="127.0.0.1:5353", show_default=True, help="Address of the DNS edge.")
@click.option(
    "--match", default="", help="Address for look-ups by platforms; none unless it is given."
)
def command(web: str, dns: str, match: str) -> None:
    """Start everything on this machine: pages, worker, shield, matching and DNS, on SQLite and files.

    \b
    lachan up
    lachan up --web 127.0.0.1:9000 --dns 127.0.0.1:9053
    lachan up --match 127.0.0.1:8001
    LACHAN_HOME=/srv/lachan lachan up

    Stop it with Ctrl-C. What falls is started again; the DNS edge goes on answering meanwhile.
    """
    began = time.monotonic()
    for option, address in (("--web", web), ("--dns", dns), ("--match", match or web)):
        if not address.rpartition(":")[2].isdigit():
            raise click.BadParameter(f"{address!r} is not ADDRESS:PORT", param_hint=option)
    if not orphans(home_path()):
        # A killed supervisor's children hold the ports, and go on until their successors start.
        _port_is_free(web, "--web", socket.SOCK_STREAM)
        _port_is_free(dns, "--dns", socket.SOCK_DGRAM)
        if match:
            _port_is_free(match, "--match", socket.SOCK_STREAM)
    click.echo("Preparing …", err=True)
    home_prepare(home_path())
    supervisor = Supervisor(
        home_path(),
        {
            "dns": ["dns", "--listen", dns],
            "shield": ["shield"],
            "matching": ["matching"],
            "web": ["web", "--listen", web],
            "worker": ["worker"],
        }
        | ({"match": ["match-server", "--listen", match]} if match else {}),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop.set())
    try:
        supervisor.start("dns")  # names wait neither for Django nor for the database
        link = _prepare(supervisor)
        if not supervisor.stop.is_set():
            supervisor.start(*_FIRST)
        while not supervisor.stop.is_set() and not _answers(web):
            supervisor.look()
            supervisor.stop.wait(0.1)
        if not supervisor.stop.is_set():
            # What pages and names do not wait for must not take the processor from them now.
            supervisor.start(*_THEN, *(["match"] if match else []))
            _say(web, dns, match, link, time.monotonic() - began)
        supervisor.run()
    finally:
        supervisor.end()
    click.echo("Stopped.", err=True)


def _prepare(supervisor: Supervisor) -> str | None:
    """Bring the database up to date, as soon as it answers; the first administrator's link."""
    from django.db import OperationalError

    while not supervisor.stop.is_set():
        try:
            django_ready()
            from lachan.members.services import first_link

            return first_link()
        except OperationalError as error:
            click.echo(f"{unreachable(error)}; names are answered, trying again", err=True)
        supervisor.look()
        supervisor.stop.wait(2)
    return None


def _say(web: str, dns: str, match: str, link: str | None, seconds: float) -> None:
    host, _, port = dns.rpartition(":")
    click.echo(f"\nLá Chắn is up ({seconds:.1f} s).")
    click.echo(f"  Report and check:  http://{web}/")
    click.echo(f"  Staff:             http://{web}/staff/")
    click.echo(f"  API:               http://{web}/v1/openapi.json")
    click.echo(f"  DNS:               {dns}    try: dig @{host} -p {port} example.org")
    if match:
        click.echo(f"  Look-ups:          http://{match}/v1/match")
    if link:
        click.echo(
            f"\n  Become the administrator (once, within seven days):\n  http://{web}{link}\n"
        )
    click.echo("Ctrl-C stops it.")


def _answers(web: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{web}/healthz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _port_is_free(address: str, option: str, kind: socket.SocketKind) -> None:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            raise click.ClickException(
                f"{address} cannot be used ({error.strerror}): stop what uses it, or choose another with {option}"
            ) from None
