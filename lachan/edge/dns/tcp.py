"""DNS over TCP (RFC 7766): many questions on one connection, answered as they are ready."""

import asyncio
import contextlib
import struct

from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shares import Shares, network_of

CONNECTIONS = 500
PIPELINE = 64
IDLE_SECONDS = 10.0
WRITE_SECONDS = 10.0
ROOM = 65_535


class TcpServer:
    """Limits: connections in all, shared by networks; questions under way on each, silence, and unread replies."""

    def __init__(self, responder: Responder, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._responder = responder
        self._idle = idle_seconds
        self._open = Shares(CONNECTIONS)

    async def start(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, host, port, limit=ROOM + 2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        network = network_of(peer[0]) if peer else b""
        self._open.take(network, writer, writer.transport.abort)
        tasks: set[asyncio.Task[None]] = set()
        slots = asyncio.Semaphore(PIPELINE)
        try:
            while True:
                packet = await asyncio.wait_for(_packet(reader), self._idle)
                self._open.used(writer)
                await slots.acquire()
                task = asyncio.create_task(self._one(packet, writer, slots, network))
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
        writer: asyncio.StreamWriter,
        slots: asyncio.Semaphore,
        network: bytes,
    ) -> None:
        try:
            reply = await self._responder.answer(packet, ROOM, network)
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
