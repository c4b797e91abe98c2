import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

import click
import msgspec

from lachan.cli.asking import (
    Roll,
    dns_answers,
    https_answers,
    match_answers,
    process_answers,
    reached,
    web_answers,
)
from lachan.cli.ports import Address, address_shown, host_bracketed, port_expect, port_free
from lachan.cli.setup import django_ready, unreachable
from lachan.cli.supervisor import Supervisor, orphans
from lachan.kernel.env import Env
from lachan.kernel.env_kinds import address_port
from lachan.kernel.home import home_path, home_prepare

_FIRST, _THEN = ("shield", "web", "family", "worker"), ("dns-https", "matching", "match")
_FRESH = 10.0  # seconds since an edge said something of itself
_LATE = 60.0  # seconds after which a part that runs and does not answer is named


@click.command()
@click.option(
    "--web", default="127.0.0.1:8000", show_default=True, help="Address of the pages and API."
)
@click.option(
    "--dns",
    default=lambda: Env().text("LACHAN_DNS_LISTEN", "127.0.0.1:5353"),
    show_default="LACHAN_DNS_LISTEN, 127.0.0.1:5353",
    help="Address of the DNS edge; several with commas.",
)
@click.option(
    "--match", default="", help="Address for look-ups by platforms; none unless it is given."
)
@click.option(
    "--dns-tls",
    default=lambda: _usual("TLS", 8853),
    show_default="LACHAN_DNS_TLS_LISTEN, 127.0.0.1:8853 or a free port",
    help="Address of DNS over TLS; several with commas, or none.",
)
@click.option(
    "--dns-https",
    default=lambda: _usual("HTTPS", 8443),
    show_default="LACHAN_DNS_HTTPS_LISTEN, 127.0.0.1:8443 or a free port",
    help="Address of DNS over HTTPS, or none.",
)
def command(web: str, dns: str, match: str, dns_tls: str, dns_https: str) -> None:
    """Start everything on this machine: pages, worker, shield, family, matching and DNS, on SQLite and files.

    \b
    lachan up
    lachan up --web 127.0.0.1:9000 --dns 127.0.0.1:9053
    lachan up --match 127.0.0.1:8001
    lachan up --dns-tls 192.0.2.53:853 --dns-https 192.0.2.53:443
    LACHAN_HOME=/srv/lachan lachan up

    Stop it with Ctrl-C. What falls is started again; the DNS edge goes on answering meanwhile. It says that
    it is up when every part has answered, and names a part that does not with the reason.
    """
    began = time.monotonic()
    at = {"web": _addresses("--web", web), "dns": _addresses("--dns", dns)}
    at |= {"match": _addresses("--match", match)} if match else {}
    for name, text in (("dns-tls", dns_tls), ("dns-https", dns_https)):
        chosen = "" if text.strip().lower() == "none" else text
        at |= {name: _addresses(f"--{name}", chosen)} if chosen else {}
        # All parts are told the same: pages say to families by which names and ports devices ask.
        os.environ[f"LACHAN_{name.upper().replace('-', '_')}_LISTEN"] = chosen
    _settings_expect(dns)
    if not orphans(home_path()):
        # A killed supervisor's children hold the ports, and go on until their successors start.
        for name, addresses in at.items():
            for address in addresses:
                port_expect(address, f"--{name}", socket.SOCK_STREAM)
                if name == "dns":
                    port_expect(address, "--dns", socket.SOCK_DGRAM)
    click.echo("Preparing …", err=True)
    home_prepare(home_path())
    supervisor = Supervisor(
        home_path(),
        {
            "dns": ["dns", "--listen", dns],
        }
        | ({"dns-https": ["dns", "--https", "--listen", dns]} if "dns-https" in at else {})
        | {
            "shield": ["shield"],
            "family": ["family"],
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
            supervisor.run(_Start(supervisor, at, link, began).look)
    finally:
        supervisor.end()
    click.echo("Stopped.", err=True)


def _usual(way: str, port: int) -> str:
    """Where an encrypted way is listened on unless somebody says: where a trial is looked for, or nearby."""
    env, name = Env(), f"LACHAN_DNS_{way}_LISTEN"
    if env.is_set(name):
        return env.text(name) or "none"
    # What a killed supervisor left goes on there until its successor starts.
    if left := _left(way):
        return left
    return address_shown(("127.0.0.1", port_free("127.0.0.1", port)))


def _left(way: str) -> str:
    """Where the edge that still runs in this home listens; empty for nowhere."""
    from lachan.edge.dns.status import EdgeStatus

    file = home_path() / "run" / ("dns-https.json" if way == "HTTPS" else "dns.json")
    with contextlib.suppress(OSError, ValueError):
        found = msgspec.json.decode(file.read_bytes(), type=EdgeStatus)
        if abs(time.time() - found.written) < _FRESH:
            return ",".join(found.encrypted.listen)
    return ""


def _addresses(option: str, text: str) -> list[Address]:
    try:
        found = [address_port(word) for word in text.split(",") if word.strip()]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None
    if not found or (option not in {"--dns", "--dns-tls"} and len(found) > 1):
        raise click.BadParameter("one ADDRESS:PORT is wanted", param_hint=option)
    return found


def _settings_expect(dns: str) -> None:
    """That all parts' settings can be used: each would stop by itself, and be started again and again.

    Raises:
        EnvError: one cannot.
    """
    import lachan.config.environment  # noqa: F401  reading them is what is wanted
    from lachan.edge.dns import settings as dns_settings
    from lachan.edge.matching import settings as match_settings
    from lachan.sightings.shards import shard_setting

    dns_settings.settings_make(dns_settings.parser_make().parse_args(["--listen", dns]))
    match_settings.settings_make()
    shard_setting()


def _prepare(supervisor: Supervisor) -> str | None:
    """Bring the database up to date, as soon as it answers; the first administrator's link."""
    from django.db import OperationalError

    while not supervisor.stop.is_set():
        try:
            django_ready(begin=True)
            from lachan.members.services import first_link

            return first_link()
        except OperationalError as error:
            click.echo(f"{unreachable(error)}; names are answered, trying again", err=True)
        supervisor.look()
        supervisor.stop.wait(2)
    return None


class _Start:
    """What is said of the parts, as they answer: of each only what it has shown."""

    def __init__(
        self, supervisor: Supervisor, at: dict[str, list[Address]], link: str | None, began: float
    ) -> None:
        self._supervisor, self._at, self._link, self._began = supervisor, at, link, began
        (web,), host = at["web"], _host(at["web"][0])
        ask: dict[str, Callable[[int], bool]] = {
            "dns": lambda _: dns_answers(at["dns"]),
            "web": lambda _: web_answers(web, host),
            **dict.fromkeys(("shield", "family", "worker", "matching"), process_answers),
        }
        if "dns-https" in at:
            ask["dns-https"] = lambda _: https_answers(at["dns-https"][0])
        if "match" in at:
            ask["match"] = lambda _: match_answers(at["match"][0])
        self._parts, self._roll = set(ask), Roll(ask)
        self._pages = self._whole = False
        self._told: dict[str, str] = {}

    def look(self) -> None:
        """Ask whoever has not answered yet, and say what is new."""
        running = self._supervisor.running()
        # Nothing else takes the processor from the pages before they are there; but nobody is named unasked.
        is_late = any(self._supervisor.age(name) > _LATE for name in self._parts)
        fresh = self._roll.call(running, only="" if self._pages or is_late else "web")
        has_begun = "web" in fresh and not self._pages
        if has_begun:
            fresh += self._roll.call(running, only="dns")  # whose line stands among the pages'
        for name in fresh:
            self._supervisor.stands(name)
            if self._told.pop(name, None) is not None:
                click.echo(f"{name} answers now.")
        if has_begun:
            self._pages = True
            self._say_pages()
            self._supervisor.start(*(name for name in _THEN if name in self._parts))
        if not self._whole and set(self._roll.answered) == self._parts:
            self._whole = True
            names = ", ".join(self._roll.answered)
            click.echo(f"Lá Chắn is up ({self._seconds:.1f} s): {names} have answered.")
            for address in self._at.get("match", []):
                click.echo(f"  Look-ups:          http://{address_shown(address)}/v1/match")
        self._say_missing()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _say_pages(self) -> None:
        base = _base(self._at["web"][0])
        click.echo(f"\nThe pages answer ({self._seconds:.1f} s).")
        click.echo(f"  Report and check:  {base}/")
        click.echo(f"  Staff:             {base}/staff/")
        click.echo(f"  API:               {base}/v1/openapi.json")
        for address in self._at["dns"]:
            host, port = reached(address)
            tried = f"try: dig @{host} -p {port} example.org"
            state = tried if "dns" in self._roll.answered else "does not answer yet"
            click.echo(f"  DNS:               {address_shown(address)}    {state}")
        self._say_encrypted()
        if self._link:
            click.echo(
                f"\n  Become the administrator (once, within seven days):\n  {self._way(base)}\n"
            )
        click.echo("Ctrl-C stops it.")

    def _say_encrypted(self) -> None:
        """The ways in that nobody reads along, and what devices need for them."""
        from lachan.edge.dns.ways import ways_make

        for name, words in (("dns-tls", "DNS over TLS:"), ("dns-https", "DNS over HTTPS:")):
            for address in self._at.get(name, []):
                click.echo(f"  {words:<18} {address_shown(address)}")
        ways = ways_make(Env())
        if (ways.tls or ways.https) and ways.certificate is None:
            click.echo(f"    under {ways.names.host}, with a certificate of this trial's own;")
            click.echo("    how devices come to trust it: lachan dns --authority")

    def _way(self, base: str) -> str:
        # What a service says goes to a journal, which others read and which is kept: a link is a key.
        if sys.stdout.isatty():
            return f"{base}{self._link}"
        return f"lachan admin-link --base {base}"

    def _say_missing(self) -> None:
        """Name what ends again and again, or runs and does not answer; once for each reason."""
        missing = {
            name: f"it ends again and again: {reason}"
            for name, reason in self._supervisor.falling().items()
        }
        for name in self._parts - set(self._roll.answered) - set(missing):
            if self._supervisor.age(name) > _LATE:
                missing[name] = "it runs and does not answer"
        for name, why in missing.items():
            if self._told.get(name) != why:
                self._told[name] = why
                click.echo(f"Lá Chắn is NOT wholly up, for want of {name}: {why}", err=True)


def _host(web: Address) -> str:
    """A host under which the pages may be asked for."""
    from django.conf import settings

    own = host_bracketed(web[0])
    allowed = [one.removeprefix(".") for one in settings.ALLOWED_HOSTS]
    return own if own in allowed else next((one for one in allowed if one != "*"), own)


def _base(web: Address) -> str:
    """What people put before a path: the outward origin where there is one, since others are refused."""
    from django.conf import settings

    outward = [one for one in settings.CSRF_TRUSTED_ORIGINS if "*" not in one]
    if outward:
        return str(outward[0])
    host = _host(web)
    if host == host_bracketed(web[0]) or not settings.HTTPS:
        return f"http://{host}:{web[1]}"
    return f"https://{host}"
