"""DNS over TCP (RFC 7766): many questions on one connection, answered as they are ready."""

import asyncio
import contextlib
import struct

from lachan.edge.dns.asker import TCP, Asker, Connection, Policies
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shares import Shares, network_of

CONNECTIONS = 500
PIPELINE = 64
IDLE_SECONDS = 10.0
WRITE_SECONDS = 10.0
MESSAGE = 65_535
"""Bytes, as many as the two before a message can tell."""


class TcpServer:
    """Limits: connections in all, shared by networks; questions under way on each, silence, and unread replies."""

    def __init__(
        self,
        responder: Responder,
        policies: Policies,
        connection: Connection = TCP,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._responder, self._policies, self._connection = responder, policies, connection
        self._idle = idle_seconds
        self._open = Shares(CONNECTIONS)

    async def start(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, host, port, limit=MESSAGE + 2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = writer.get_extra_info("peername")
        peer = name[0] if name else ""
        self._open.take(network_of(peer), writer, writer.transport.abort)
        tasks: set[asyncio.Task[None]] = set()
        slots = asyncio.Semaphore(PIPELINE)
        try:
            while True:
                packet = await asyncio.wait_for(_packet(reader), self._idle)
                self._open.used(writer)
                await slots.acquire()
                asker = self._policies.asker(peer, self._connection)
                task = asyncio.create_task(self._one(packet, asker, writer, slots))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            if tasks:
                # The asker may have closed its sending half and still be reading.
                await asyncio.wait(tasks, timeout=WRITE_SECONDS)
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._open.give(writer)
            for task in tasks:
                task.cancel()
            with contextlib.suppress(OSError):
                writer.close()

    async def _one(
        self,
        packet: bytes,
        asker: Asker,
        writer: asyncio.StreamWriter,
        slots: asyncio.Semaphore,
    ) -> None:
        try:
            reply = await self._responder.answer(packet, asker)
            if reply is None:
                writer.close()
                return
            writer.write(struct.pack(">H", len(reply)) + reply)
            await asyncio.wait_for(writer.drain(), WRITE_SECONDS)
        except (OSError, TimeoutError):
            writer.transport.abort()
        finally:
            slots.release()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(size)
