"""What stands before Django: requests come in, and answers go out, without a worker.

granian calls it (RSGI). A worker is held from the moment a request is whole until its answer is, and never
for a network: four people who send or read slowly would otherwise be all that four workers ever serve.
"""

import asyncio
import contextlib
import io
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from granian.rsgi import ProtocolClosed, ProtocolError

from lachan.config.answers import Answer, Answers, NoRoom
from lachan.kernel.home import home_path

log = logging.getLogger(__name__)

BODY_SECONDS = 20.0
"""So long may a body take: 1 MB over the slowest mobile line that shows the pages at all."""
LOOK_SECONDS = 10.0
"""So often somebody looks how the parts stand."""
UNREAD_SECONDS = 20
"""So long may an answer lie unread before its connection is cut."""
_UNREAD_BYTES = (
    256 * 1024
)  # of each, in the system's memory; left to itself it takes ten times that
_BODY_BYTES = 1_250_000  # what Django takes (settings), and room for it to see that there is more
# Who sends too much hears why only if it is read to the end; beyond this the line is cut.
_READ_BYTES = 8 * _BODY_BYTES
_SMALL_BODY = 256 * 1024  # the longest report is half of that, percent-encoded
_LARGE_BODIES = 128 * 1024 * 1024  # bytes that all larger ones may hold at once
CROWDED = "lachan.crowded"
"""Stands in the environment of a request that is to be told so, since too many like it wait."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Refused = Callable[[int, str, str, str], tuple[list[tuple[str, str]], bytes]]
"""Gives headers and body for a status, and the path, the method and the cookies of who asked."""


class Lane:
    """Some workers, for requests that would otherwise hold them all; the others wait without one."""

    def __init__(self, workers: int, waiting: int) -> None:
        self._free, self._most, self._here = asyncio.Semaphore(workers), workers + waiting, 0

    @contextlib.asynccontextmanager
    async def entered(self) -> AsyncIterator[bool]:
        """Whether there was room to wait in."""
        if self._here >= self._most:
            yield False
            return
        self._here += 1
        try:
            async with self._free:
                yield True
        finally:
            self._here -= 1


class TooMuch(Exception):
    """There is no room for it now: others hold all of it."""


class NotWhole(Exception):
    """The line ended, or was garbled, before the body did: half a report must not pass for a whole one."""


class Server:
    """An RSGI application around a WSGI one.

    Attributes: held: bytes of large bodies that are here now.
    """

    def __init__(
        self,
        application: Wsgi,
        threads: int,
        folder: Path,
        look: Callable[[], None] | None = None,
        refused: Refused = lambda *_: ([], b""),
    ) -> None:
        """`threads`: requests answered at once. `folder`: for answers that are large. `look`: done every
        LOOK_SECONDS, in a thread of its own. `refused`: words for what never reaches the application.
        """
        self._application, self._answers = application, Answers(folder)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        # Lists and bulk look-ups are long; a password costs 100 MiB and a core, and there are always more.
        self._api, self._sign_in = Lane(max(1, threads // 2), 512), Lane(1, 64)
        # A worker is always there for a report, and one at most for saying that it is crowded.
        self._others, self._crowded = Lane(max(1, threads - 1), 2048), Lane(1, 64)
        self._refused = refused
        self._listening: asyncio.Task[None] | None = None
        self._look, self._looking = look, ThreadPoolExecutor(1, thread_name_prefix="look")
        self._looks: asyncio.Task[None] | None = None
        self.held = 0

    # What granian calls

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._listening = loop.create_task(_cut_unread())
        if self._look is not None:
            self._looks = loop.create_task(self._look_often(self._look))

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for pool in (self._pool, self._looking):
            pool.shutdown(wait=False, cancel_futures=True)
        self._answers.clear()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        held: list[int] = [0]
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body, length = await self._taken(scope, proto, held)
            environ = _environ(scope, body, length)
            answer = await self._in_lanes(environ, self._lanes(scope))
            await answer.give(proto)
        except TimeoutError:
            self._refuse(scope, proto, 408)
        except NotWhole:
            self._refuse(scope, proto, 400)
        except (TooMuch, NoRoom):
            self._refuse(scope, proto, 503)
        except (ProtocolClosed, ProtocolError):
            pass  # who asked has gone
        except Exception:
            log.exception("a request broke before it was answered")
            self._refuse(scope, proto, 500)
        finally:
            self.held -= held[0]

    # Inside

    def _refuse(self, scope: Any, proto: Any, status: int) -> None:
        cookies = scope.headers.get("cookie") or ""
        headers, body = self._refused(status, scope.path, scope.method, cookies)
        # What is left of the body would be read as the next request.
        proto.response_bytes(status, [*headers, ("connection", "close")], body)

    async def _look_often(self, look: Callable[[], None]) -> None:
        """One that hangs keeps the next from beginning, and nobody else from anything."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._looking, look)
            except Exception:
                log.exception("looking how the parts stand broke")
            await asyncio.sleep(LOOK_SECONDS)

    def _lanes(self, scope: Any) -> list[Lane]:
        if scope.path.startswith("/report/"):
            return []
        if scope.path.startswith("/v1/"):
            return [self._api, self._others]
        if scope.path.startswith("/staff/sign-in/") and scope.method == "POST":
            return [self._sign_in, self._others]
        return [self._others]

    async def _in_lanes(self, environ: dict[str, Any], lanes: list[Lane]) -> Answer:
        async with contextlib.AsyncExitStack() as entered:
            for lane in lanes:
                if not await entered.enter_async_context(lane.entered()):
                    break
            else:
                return await self._answered(environ)
        async with self._crowded.entered() as room:
            if room:
                return await self._answered(environ | {CROWDED: True})
        raise TooMuch

    async def _taken(self, scope: Any, proto: Any, held: list[int]) -> tuple[bytes, int]:
        """The body, as far as it may be of use, and how long it was.

        Raises:
            NotWhole, TooMuch.
        """
        told = scope.headers.get("content-length")
        if told is None and "transfer-encoding" not in scope.headers:
            return b"", 0
        if (told or "").isdecimal() and int(told) <= _SMALL_BODY:
            try:
                whole: bytes = await proto()
            except (ProtocolClosed, ProtocolError):
                raise NotWhole from None
            return whole, len(whole)
        parts, size, ends = [], 0, 0
        async for came in proto:
            size += len(came)
            ends += not came
            if size > _READ_BYTES:
                break
            part = came[: max(0, len(came) - size + _BODY_BYTES)]
            if size > _SMALL_BODY:
                held[0] += len(part)
                self.held += len(part)
                if self.held > _LARGE_BODIES:
                    raise TooMuch
            parts.append(part)
        # granian tells of no fault here: an empty part stands for the end, and one more for a fault before it.
        if size <= _READ_BYTES and (ends > 1 or (told is not None and size != int(told))):
            raise NotWhole
        return b"".join(parts), size

    async def _answered(self, environ: dict[str, Any]) -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._answer, environ)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        """In a worker: ask Django, and take all that it says."""
        head: list[Any] = [500, []]

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            head[:] = int(status.split(" ", 1)[0]), headers

        pieces = self._application(environ, start_response)
        try:
            return self._answers.take(environ, head[0], head[1], pieces)
        finally:
            if close := getattr(pieces, "close", None):
                close()


def _environ(scope: Any, body: bytes, length: int) -> dict[str, Any]:
    """PEP 3333's variables. Whose address it was is none of them."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"), "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"), "SERVER_PORT": port, "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": "",
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope.scheme, "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in scope.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        # With an underline a name would pass for another that the proxy sets: X_Forwarded_Proto.
        elif name != "content-length" and "_" not in name:
            variable = "HTTP_" + name.upper().replace("-", "_")
            between = "; " if name == "cookie" else ","
            before = environ.get(variable)
            environ[variable] = value if before is None else f"{before}{between}{value}"
    if length or "content-length" in scope.headers:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


async def _cut_unread() -> None:
    """Have the system hold little for, and soon cut, connections whose other end does not read; the server has no such deadline.

    What is set on the socket that listens holds for all that it accepts (Linux, tcp(7) TCP_USER_TIMEOUT: also
    for what a closed window keeps from being sent).
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    for _ in range(600 if option is not None else 0):
        if _listener_set(option, UNREAD_SECONDS * 1000):
            return
        await asyncio.sleep(0.05)  # the server opens its socket after it has begun


def _listener_set(option: int, value: int) -> bool:
    """Set an option of the sockets on which this process listens; whether there was one."""
    done = False
    for name in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # it is no socket, or gone meanwhile
            one = socket.socket(fileno=int(name.name))
            try:
                listens = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if listens and one.family in {socket.AF_INET, socket.AF_INET6}:
                    one.setsockopt(socket.IPPROTO_TCP, option, value)
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD_BYTES)
                    done = True
            finally:
                one.detach()
    return done


def application_make() -> Server:
    """What granian's worker starts with."""
    from lachan.config.wsgi import application
    from lachan.web.refused import Refusals
    from lachan.web.status import status_look

    threads, home = int(os.environ.get("LACHAN_WEB_THREADS", "4")), home_path()
    folder = home / "run" / "answers" / str(os.getpid())
    look, refused = lambda: status_look(home), Refusals().find
    return Server(application, threads, folder, look, refused)
