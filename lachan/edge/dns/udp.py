"""The UDP loops: compiled where the machine allows it, plain elsewhere. One thread a socket."""

import asyncio
import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

from lachan.edge.dns.asker import UDP, Asker, Connection, Policies
from lachan.edge.dns.question import Question
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shares import Shares

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import FastPath

WAIT_SECONDS = 0.25
BUFFER = 4 << 20
HANDED_LIMIT = 1_024
WAITING_LIMIT = 8_192
"""Batches on their way between the threads, and questions that wait for upstream, however many ask the same.
What is more is dropped, as by a full socket: the asker will ask again. Of questions, those of who has most."""


def udp_socket(host: str, port: int) -> socket.socket:
    """A bound socket with a receive buffer that outlasts a compaction's hiccup.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, port))
    return sock


class SlowLane:
    """Carries packets from a socket's thread into the asyncio thread, and their replies back out."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, responder: Responder, policies: Policies
    ) -> None:
        self._loop, self._responder, self._policies = loop, responder, policies
        self._room = threading.Semaphore(HANDED_LIMIT)
        self._waiting = Shares(WAITING_LIMIT)

    def hand_over(
        self, sock: socket.socket, batch: list[tuple[bytes, Any]], connection: Connection = UDP
    ) -> None:
        """Called from the socket's thread: one hop for the whole batch."""
        if not self._room.acquire(blocking=False):
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is stopping
            self._loop.call_soon_threadsafe(self._take, sock, batch, connection)

    def _take(
        self, sock: socket.socket, batch: list[tuple[bytes, Any]], connection: Connection
    ) -> None:
        self._room.release()
        for packet, address in batch:
            try:
                self._one(sock, packet, address, connection)
            except Exception as error:  # noqa: BLE001  whatever it is: the others of the batch are not to blame
                said = {"message": "a question was not answered", "exception": error}
                self._loop.call_exception_handler(said)

    def _one(
        self, sock: socket.socket, packet: bytes, address: Any, connection: Connection
    ) -> None:
        asker = self._policies.asker(address[0], connection)
        reply = self._responder.at_once(packet, asker)
        if isinstance(reply, Question):
            task = self._loop.create_task(self._wait(sock, reply, address, asker))
            self._waiting.take(asker.network, task, task.cancel)
            task.add_done_callback(self._waiting.give)
        elif reply is not None:
            _send(sock, reply, address)

    async def _wait(
        self, sock: socket.socket, question: Question, address: Any, asker: Asker
    ) -> None:
        _send(sock, await self._responder.forward(question, asker), address)


def _send(sock: socket.socket, reply: bytes, address: Any) -> None:
    # A full buffer, a forged port 0 or a vanished network: the asker will ask again.
    with contextlib.suppress(OSError):
        sock.sendto(reply, socket.MSG_DONTWAIT, address)


class UdpLoop(threading.Thread):
    """Answers on one socket until `stop`. `path` may be given to it at any time: from then on batches
    are answered by compiled code, and only what that leaves over goes the slow lane.
    """

    def __init__(
        self,
        sock: socket.socket,
        lane: SlowLane,
        stop: threading.Event,
        connection: Connection = UDP,
    ) -> None:
        super().__init__(name="dns-udp", daemon=True)
        self.sock, self.connection = sock, connection
        self._lane, self._stop_event = lane, stop
        self.path: FastPath | None = None

    def run(self) -> None:
        # A receive timeout in the kernel: for recvmmsg the descriptor itself must stay blocking.
        self.sock.setblocking(True)
        wait = struct.pack("@ll", 0, int(WAIT_SECONDS * 1e6))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        while not self._stop_event.is_set():
            if self.path is not None:
                self._batch(self.path)
            else:
                self._single()

    def _batch(self, path: "FastPath") -> None:
        frames = path.frames
        count = frames.receive()
        if count == 0:
            return
        try:
            replies, left = path.answer(count)
        except Exception:  # noqa: BLE001  whatever it is: an edge that answers slowly still protects
            replies, left = 0, list(range(count))
        frames.send(replies)
        if left:
            batch = [(frames.packet(i), frames.address(i)) for i in left]
            self._lane.hand_over(self.sock, batch, self.connection)

    def _single(self) -> None:
        # Nothing came in time, or an earlier reply met a closed port: neither is ours to mind.
        with contextlib.suppress(OSError):
            packet, address = self.sock.recvfrom(4096)
            self._lane.hand_over(self.sock, [(packet, address)], self.connection)
