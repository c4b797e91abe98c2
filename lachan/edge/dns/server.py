"""The process: sockets, threads, signals. The packet loops have threads of their own; all else waits in
one asyncio loop in the main thread.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from typing import Any

from lachan.edge.dns.asker import TLS
from lachan.edge.dns.encrypted_way import EncryptedWay
from lachan.edge.dns.engine import Engine
from lachan.edge.dns.https import PROTOCOLS, HttpsServer
from lachan.edge.dns.settings import Settings
from lachan.edge.dns.status import EdgeStatus, StatusFile, counts_sum
from lachan.edge.dns.tcp import TcpServer
from lachan.edge.dns.udp import SlowLane, UdpLoop, udp_socket
from lachan.edge.dns.values import address_shown
from lachan.kernel.errors import Unavailable
from lachan.kernel.tally import Tally

TICK_SECONDS = 0.5
SWITCH_SECONDS = 0.0005
FILES = 8192
_PORT_TRIES = 20


class DnsServer:
    """One process of the edge: plain DNS and DNS over TLS, or DNS over HTTPS alone."""

    def __init__(self, settings: Settings, *, https: bool = False) -> None:
        self._settings = settings
        engine = self._engine = Engine(settings, say)
        self._status = StatusFile(settings.home, "dns-https" if https else "dns")
        self._loops: list[UdpLoop] = []
        self._listen: list[str] = []
        self._addresses = () if https else settings.listen
        self._tcp = TcpServer(engine.responder, engine.policies)
        names = settings.ways.names
        if https:
            self._kind, self._way = "https", EncryptedWay(
                settings, settings.ways.https, PROTOCOLS,
                lambda found: HttpsServer(engine.responder, engine.policies, found, names),
            )  # fmt: skip
        else:
            self._kind, self._way = "tls", EncryptedWay(
                settings, settings.ways.tls, ["dot"],
                lambda found: TcpServer(
                    engine.responder, engine.policies, TLS, certificates=found, names=names
                ),
            )  # fmt: skip

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            Unavailable: an address cannot be listened on.
        """
        engine, loop = self._engine, asyncio.get_running_loop()
        loop.set_exception_handler(say_type_only)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        lane = SlowLane(loop, engine.responder, engine.policies)
        servers = [await self._open(host, port, lane) for host, port in self._addresses]
        await self._way.look()
        await engine.door_open()
        self._tick()
        for thread in (engine.watch, *self._loops):
            thread.start()
        engine.compile(self._use_compiled)
        say(self._greeting())
        while not stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), TICK_SECONDS)
            await self._way.look()
            self._tick()
        engine.close()
        for server in servers:
            server.close()
        self._tcp.close()
        self._way.close()
        for one in self._loops:
            await asyncio.to_thread(one.join)
        self._status.remove()

    def _greeting(self) -> str:
        plain, over = ", ".join(self._listen), f"over {self._kind.upper()}"
        parts = [f"on {plain}"] if plain else []
        if self._way.listen:
            parts.append(f"{over} on {', '.join(self._way.listen)}")
        elif fault := self._way.status().fault:
            parts.append(f"not {over} yet ({fault})")
        return f"Lá Chắn DNS {', '.join(parts)}, snapshot {self._engine.reader.sequence}"

    async def _open(self, host: str, port: int, lane: SlowLane) -> asyncio.Server:
        """UDP and TCP on one address; with port 0 on the same free port."""
        for left in range(_PORT_TRIES if port == 0 else 1, 0, -1):
            sock: socket.socket | None = None
            try:
                sock = udp_socket(host, port)
                server = await self._tcp.start(host, sock.getsockname()[1])
            except OSError as error:
                if sock is not None:
                    sock.close()
                if left == 1:
                    why = error.strerror or "in use"
                    raise Unavailable(f"cannot listen on {host} port {port}: {why}") from None
                continue
            self._loops.append(UdpLoop(sock, lane, self._engine.stopping))
            self._listen.append(address_shown(host, sock.getsockname()[1]))
            return server
        raise AssertionError("unreachable")

    def _use_compiled(self) -> None:
        """Give the loops their compiled path."""
        from lachan.edge.dns.fast_path import FastPath
        from lachan.edge.dns.mmsg import Frames

        engine = self._engine
        cache = engine.cache.compiled
        if cache is None:
            return
        self._tcp.path = engine.stream_path()
        self._way.use_compiled(engine.stream_path())
        for one in self._loops:
            one.path = FastPath(
                Frames(one.sock), engine.layers, engine.policies, cache, one.connection
            )

    def _tick(self) -> None:
        engine = self._engine
        engine.policy_follow()
        loops = [one.path for one in self._loops if one.path is not None]
        streams = [one.path for one in (self._tcp, self._way) if one.path is not None]
        self._status.write(
            EdgeStatus(
                pid=os.getpid(),
                listen=self._listen,
                started=engine.started,
                written=time.time(),
                compiled=bool(loops or streams),
                snapshot=engine.reader.status(),
                counts=counts_sum(
                    engine.responder.counts, [path.counts.tolist() for path in (*loops, *streams)]
                ),
                cached_answers=len(engine.cache),
                categories=sorted(engine.policies.rows[0].categories or ()),
                fault=engine.fault,
                ways={"tcp": self._tcp.way, self._kind: self._way.way},
                encrypted=self._way.status(),
                profiles=engine.watch.profiles.reader.status(),
            )
        )


def say_type_only(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception's text may hold a name that someone asked for, and its moment tells when: types are counted."""
    del loop
    error = context.get("exception")
    _ERRORS.count(type(error).__name__ if error else "unknown")


def _count_type_only(raised: "sys.UnraisableHookArgs") -> None:
    """What a callback of TLS raises is printed with what it was given: the name that somebody asked to reach."""
    _ERRORS.count(raised.exc_type.__name__)


def _files_raise() -> None:
    """A question upstream holds a socket: a thousand at once are more than the usual limit allows."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


_ERRORS = Tally(lambda line: say(f"error: {line}"))


def serve(settings: Settings, *, https: bool = False) -> None:
    """Run until told to stop.

    Raises:
        Unavailable: an address cannot be listened on.
    """
    if https and not settings.ways.https:
        raise Unavailable("LACHAN_DNS_HTTPS_LISTEN names no address: there is nothing to serve")
    # The packet loop takes the interpreter back after each wait: the usual 5 ms would be its latency.
    sys.setswitchinterval(SWITCH_SECONDS)
    sys.unraisablehook = _count_type_only
    _files_raise()
    asyncio.run(DnsServer(settings, https=https).run())
