"""DNS over HTTPS (RFC 8484): granian calls it (RSGI), one process, one thread, with tables and cache of its own.

Nothing of what is asked is written anywhere: no access log, no word of a question in an error.
"""

import asyncio
import binascii
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]

from lachan.edge.dns.answers import MESSAGE, least_ttl
from lachan.edge.dns.asker import HTTPS, Connection
from lachan.edge.dns.engine import Engine
from lachan.edge.dns.names import label_read
from lachan.edge.dns.question import Question
from lachan.edge.dns.served import MASTER, Served
from lachan.edge.dns.settings import Settings, parser_make, settings_make
from lachan.edge.dns.status import EdgeStatus, StatusFile, Way, counts_sum
from lachan.kernel.bounds import number_read
from lachan.kernel.process import die_with_parent
from lachan.kernel.tally import Tally

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import StreamPath

PATH = "/dns-query"
MEDIA = "application/dns-message"
BODY_SECONDS = 10.0
TICK_SECONDS = 0.5
_LONGEST = MESSAGE * 4 // 3 + 100  # of a question in base64
_ERRORS = Tally(lambda line: sys.stderr.write(f"error: {line}\n"))
_TEXT = ("content-type", "text/plain; charset=utf-8")
_ALWAYS = [("x-content-type-options", "nosniff")]


class Refused(Exception):
    """A request that is no question of DNS over HTTPS."""

    def __init__(self, status: int, words: str, *headers: tuple[str, str]) -> None:
        super().__init__(words)
        self.status, self.words, self.headers = status, words, headers


class Application:
    """What answers requests."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = Engine(settings, _say)
        self._names = settings.ways.names
        self._served = Served(settings)
        self._status = StatusFile(settings.home, "dns-https")
        self._way = Way()
        self._path: StreamPath | None = None
        self._ticker: asyncio.Task[None] | None = None

    # What granian calls

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        die_with_parent(int(os.environ.get(MASTER, "0")) or None)
        loop.set_exception_handler(_count_type_only)
        self._engine.policy_follow()
        self._engine.watch.start()
        self._engine.compile(self._use_compiled)
        self._ticker = loop.create_task(self._tick())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._engine.stopping.set()
        self._status.remove(os.getpid())

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        try:
            reply = await self._answered(scope, proto)
            ttl = least_ttl(reply)
            headers = [("content-type", MEDIA), ("cache-control", f"max-age={ttl}"), *_ALWAYS]
            proto.response_bytes(200, headers, reply)
        except Refused as refused:
            head = [_TEXT, ("cache-control", "no-store"), *_ALWAYS, *refused.headers]
            proto.response_bytes(refused.status, head, f"{refused.words}\n".encode())
        except (ProtocolClosed, ProtocolError):
            pass  # who asked has gone
        except Exception as error:  # noqa: BLE001  its text may hold what was asked, and would be logged
            _ERRORS.count(type(error).__name__)
            proto.response_bytes(500, [_TEXT, *_ALWAYS], b"this did not work\n")

    # Inside

    async def _answered(self, scope: Any, proto: Any) -> bytes:
        connection = self._connection(scope)
        packet = _asked(scope) if scope.method == "GET" else await _posted(scope, proto)
        self._way.questions += 1
        peer = scope.client.rpartition(":")[0].strip("[]")
        policies, responder = self._engine.policies, self._engine.responder
        if self._path is not None:
            framed = len(packet).to_bytes(2, "big") + packet
            found = self._path.answer(framed, policies.row_of(peer, connection), connection.block)
            if found.replies:
                return found.replies[2:]
        asker = policies.asker(peer, connection)
        reply = responder.at_once(packet, asker)
        if isinstance(reply, Question):
            return await responder.forward(reply, asker)
        if reply is None:
            raise Refused(400, "that is no question of DNS")
        return reply

    def _connection(self, scope: Any) -> Connection:
        """By which device's name it is asked: of the path, or of the host."""
        path: str = scope.path
        if path != PATH:
            if not path.startswith(f"{PATH}/"):
                raise Refused(404, f"questions are answered at {PATH}")
            token = label_read(path[len(PATH) + 1 :].encode("ascii", "replace"))
        else:
            host = scope.authority or scope.headers.get("host") or ""
            token = self._names.token_of(host.partition(":")[0])
        return msgspec.structs.replace(HTTPS, token=token) if token else HTTPS

    def _use_compiled(self) -> None:
        self._path = self._engine.stream_path()

    async def _tick(self) -> None:
        while True:
            engine = self._engine
            engine.policy_follow()
            if await asyncio.to_thread(self._served.follow):
                # granian reads the certificate when a worker begins: a new one takes this one's place.
                os.kill(os.getppid(), signal.SIGHUP)
            path = self._path
            self._status.write(
                EdgeStatus(
                    pid=os.getpid(),
                    listen=[],
                    started=engine.started,
                    written=time.time(),
                    compiled=path is not None,
                    snapshot=engine.reader.status(),
                    counts=counts_sum(
                        engine.responder.counts, [path.counts.tolist()] if path else []
                    ),
                    cached_answers=len(engine.cache),
                    categories=sorted(engine.policies.rows[0].categories or ()),
                    fault=engine.fault,
                    ways={"https": self._way},
                    encrypted=self._served.status(),
                    profiles=engine.watch.profiles.reader.status(),
                )
            )
            await asyncio.sleep(TICK_SECONDS)


def _asked(scope: Any) -> bytes:
    """The question of a GET."""
    for part in scope.query_string.split("&"):
        name, _, value = part.partition("=")
        if name == "dns":
            if len(value) > _LONGEST:
                raise Refused(414, "a question has 65,535 bytes at most")
            plain = value.replace("%3D", "").replace("%3d", "").rstrip("=")
            try:
                return binascii.a2b_base64(
                    plain.translate(_FROM_URL) + "=" * (-len(plain) % 4), strict_mode=True
                )
            except ValueError:
                break
    raise Refused(400, "`dns` holds the question in base64url (RFC 8484)")


_FROM_URL = str.maketrans({"-": "+", "_": "/", "+": "!", "/": "!"})


async def _posted(scope: Any, proto: Any) -> bytes:
    """The question of a POST."""
    if scope.method != "POST":
        raise Refused(405, "GET and POST are answered", ("allow", "GET, POST"))
    kind = scope.headers.get("content-type") or ""
    if kind.partition(";")[0].strip().lower() != MEDIA:
        raise Refused(415, f"a body of the type {MEDIA} is wanted")
    told = scope.headers.get("content-length")
    if told is not None and number_read(told, high=MESSAGE) is None:
        raise Refused(413, "a question has 65,535 bytes at most", ("connection", "close"))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            if told is not None:
                whole: bytes = await proto()
                return whole
            parts, size = [], 0
            async for part in proto:
                size += len(part)
                if size > MESSAGE:
                    raise Refused(
                        413, "a question has 65,535 bytes at most", ("connection", "close")
                    )
                parts.append(part)
            return b"".join(parts)
    except TimeoutError:
        raise Refused(408, "the question did not come in time", ("connection", "close")) from None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _count_type_only(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception's text may hold a name that someone asked for, and its moment tells when: types are counted."""
    error = context.get("exception")
    _ERRORS.count(type(error).__name__ if error else "unknown")


def application_make() -> Application:
    """What granian's worker starts with."""
    return Application(settings_make(parser_make().parse_args([])))
