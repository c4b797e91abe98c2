"""The process: sockets, threads, signals. The packet loops have threads of their own; all else waits in
one asyncio loop in the main thread.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from typing import Any

from lachan.edge.dns.asker import Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.settings import Settings, policy_overlay
from lachan.edge.dns.status import EdgeStatus, StatusFile, counts_sum
from lachan.edge.dns.tcp import TcpServer
from lachan.edge.dns.udp import SlowLane, UdpLoop, udp_socket
from lachan.edge.dns.upstream import Forwarder
from lachan.edge.dns.watch import SnapshotWatch
from lachan.kernel.errors import InvalidInput, Unavailable
from lachan.kernel.tally import Tally

TICK_SECONDS = 0.5
SWITCH_SECONDS = 0.0005
FILES = 8192
_PORT_TRIES = 20


class DnsServer:
    """One edge: call `run`, and `stop` from anywhere."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._compiled = mmsg_available() and not settings.plain
        self._stopping = threading.Event()
        self._watch = SnapshotWatch(settings.home, self._stopping)
        self._reader = self._watch.reader
        self._layers = Layers(self._reader)
        self._policies = Policies(settings.policy)
        self._cache = AnswerCache(settings.cache_bytes, compiled=self._compiled)
        forwarder = Forwarder(list(settings.upstreams))
        self._responder = Responder(
            self._layers, self._policies, self._cache, forwarder, self._watch.shelter.covers
        )
        self._status = StatusFile(settings.home)
        self._loops: list[UdpLoop] = []
        self._listen: list[str] = []
        self._policy_seen: bytes | str | None = None
        self._fault = ""

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            Unavailable: an address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_say_type_only)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        lane = SlowLane(loop, self._responder, self._policies)
        tcp = TcpServer(self._responder, self._policies)
        servers = [await self._open(host, port, lane, tcp) for host, port in self._settings.listen]
        self._tick()
        for thread in (self._watch, *self._loops):
            thread.start()
        if self._compiled:
            threading.Thread(target=self._compile, name="dns-warm", daemon=True).start()
        say(f"Lá Chắn DNS on {', '.join(self._listen)}, snapshot {self._reader.sequence}")
        while not stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), TICK_SECONDS)
            self._tick()
        self._stopping.set()
        for server in servers:
            server.close()
        for one in self._loops:
            await asyncio.to_thread(one.join)
        self._status.remove()

    async def _open(self, host: str, port: int, lane: SlowLane, tcp: TcpServer) -> asyncio.Server:
        """UDP and TCP on one address; with port 0 on the same free port."""
        for left in range(_PORT_TRIES if port == 0 else 1, 0, -1):
            sock: socket.socket | None = None
            try:
                sock = udp_socket(host, port)
                server = await tcp.start(host, sock.getsockname()[1])
            except OSError as error:
                if sock is not None:
                    sock.close()
                if left == 1:
                    why = error.strerror or "in use"
                    raise Unavailable(f"cannot listen on {host} port {port}: {why}") from None
                continue
            self._loops.append(UdpLoop(sock, lane, self._stopping))
            shown = f"[{host}]" if ":" in host else host
            self._listen.append(f"{shown}:{sock.getsockname()[1]}")
            return server
        raise AssertionError("unreachable")

    def _compile(self) -> None:
        """Load the compiled path beside the plain one, and give it to the loops once it is ready."""
        try:
            from lachan.edge.dns import fast_path
            from lachan.edge.dns.mmsg import Frames

            fast_path.warm()
            cache = self._cache.compiled
            if cache is None:
                return
            cache.ready = True
            for one in self._loops:
                one.path = fast_path.FastPath(
                    Frames(one.sock), self._layers, self._policies, cache, one.connection
                )
        except Exception as error:  # noqa: BLE001  no numba, no cache, no matter: the plain path serves
            say(f"the compiled path is not available ({type(error).__name__}); serving without it")

    def _tick(self) -> None:
        self._read_policy()
        paths = [one.path for one in self._loops if one.path is not None]
        self._status.write(
            EdgeStatus(
                pid=os.getpid(),
                listen=self._listen,
                started=self._status.started,
                written=time.time(),
                compiled=bool(paths),
                snapshot=self._reader.status(),
                counts=counts_sum(self._responder.counts, [path.counts.tolist() for path in paths]),
                cached_answers=len(self._cache),
                categories=sorted(self._policies.rows[0].categories),
                fault=self._fault,
            )
        )

    def _read_policy(self) -> None:
        """Follow the policy file; one that is bad or cannot be read changes nothing but the status."""
        read: bytes | str | None
        try:
            read = self._settings.policy_file.read_bytes()
        except FileNotFoundError:
            read = None
        except OSError as error:
            read = f"dns-policy.json: cannot be read: {error.strerror}"
        if read != self._policy_seen:
            self._policy_seen, self._fault = read, ""
            try:
                self._responder.follow(self._policy_of(read))
            except InvalidInput as error:
                self._fault = str(error)
                say(f"{self._fault}; the policy from before holds on")

    def _policy_of(self, read: bytes | str | None) -> Policy:
        if read is None:
            return self._settings.policy
        if isinstance(read, str):
            raise InvalidInput(read)
        return policy_overlay(self._settings.policy, read)


def _say_type_only(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception's text may hold a name that someone asked for, and its moment tells when: types are counted."""
    del loop
    error = context.get("exception")
    _ERRORS.count(type(error).__name__ if error else "unknown")


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


def serve(settings: Settings) -> None:
    """Run until told to stop.

    Raises:
        Unavailable: an address cannot be listened on.
    """
    # The packet loop takes the interpreter back after each wait: the usual 5 ms would be its latency.
    sys.setswitchinterval(SWITCH_SECONDS)
    _files_raise()
    asyncio.run(DnsServer(settings).run())
