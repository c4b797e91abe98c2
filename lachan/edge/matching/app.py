"""The HTTP side of look-ups: granian calls it (RSGI), one process, one thread, no Django.

Nothing of what is asked is written anywhere: no access log, no body in an error, counts alone.
"""

import asyncio
import contextlib
import os
import sys
import time
from typing import Any

from lachan.edge.matching.answering import (
    BODY_BYTES,
    KINDS,
    Answer,
    answer_encode,
    question_answer,
    question_read,
)
from lachan.edge.matching.keyring import Keyring
from lachan.edge.matching.problems import (
    Problem,
    broken,
    not_found,
    quota_spent,
    too_large,
    too_many_values,
    unavailable,
    wrong_method,
)
from lachan.edge.matching.quotas import Quotas
from lachan.edge.matching.settings import MASTER, Settings, settings_make
from lachan.edge.matching.sightings import Sightings
from lachan.formats.problems import CONTENT_TYPE
from lachan.formats.sharing import KEEPER
from lachan.kernel.bounds import number_read
from lachan.kernel.process import die_with_parent
from lachan.kernel.tally import Tally
from lachan.matching.algorithms.algorithm import algorithm_of
from lachan.matching.between.lookup_status import LookupStatus, status_remove, status_write
from lachan.matching.between.paths import collection_folder, damage_tell, keys_file
from lachan.matching.collection import Collection
from lachan.matching.records import MatchingError, SegmentCorrupt

_PATH = "/v1/match"
_JSON = "application/json"
# Who sends too much hears why only if it is read to the end; beyond this the line is cut.
_READ_BYTES = 8 * BODY_BYTES
_STATUS_SECONDS, _SPOOL_SECONDS = 0.5, 2.0
_ALWAYS = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
_ERRORS = Tally(lambda line: sys.stderr.write(f"error: {line}\n"))


class Application:
    def __init__(self, settings: Settings) -> None:
        self._home = settings.home
        self._keys = Keyring(keys_file(settings.home))
        self._quotas = Quotas(settings.share)
        self._sightings = Sightings(settings.home)
        host, port = settings.listen
        self._status = LookupStatus(pid=os.getpid(), listen=f"{host}:{port}", started=time.time())
        self._collection: Collection | None = None
        self._ticker: asyncio.Task[None] | None = None

    # What granian calls

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        die_with_parent(int(os.environ.get(MASTER, "0")) or None)
        loop.set_exception_handler(_say_type_only)
        with contextlib.suppress(MatchingError):
            self._warm()
        self._ticker = loop.create_task(self._tick())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sightings.put_down()
        status_remove(self._home)

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        try:
            body = await self._answered(scope, proto)
            status, kind, headers = 200, _JSON, _ALWAYS
        except Problem as problem:
            self._status.refuse(problem.code)
            status, kind, body = problem.status, CONTENT_TYPE, problem.body()
            headers = [*_ALWAYS, *problem.headers]
        except Exception as error:  # noqa: BLE001  its text may hold what was asked, and would be logged
            _ERRORS.count(type(error).__name__)
            status, kind, body, headers = 500, CONTENT_TYPE, broken().body(), _ALWAYS
        proto.response_bytes(status, [("content-type", kind), *headers], body)

    # Inside

    async def _answered(self, scope: Any, proto: Any) -> bytes:
        if scope.proto != "http" or scope.path != _PATH:
            raise not_found()
        if scope.method != "POST":
            raise wrong_method()
        key = self._keys.open(scope.headers.get("authorization"))
        asked = question_read(await _body(scope, proto))
        self._pay(key.prefix, len(asked.values))
        began, answer = time.perf_counter(), Answer(0, [], [])
        try:
            for piece in question_answer(asked, self._opened(), key.viewer):
                answer.values += piece.values
                answer.hits += piece.hits
                answer.unread += piece.unread
                await asyncio.sleep(
                    0
                )  # a small question need not wait for the whole of a large one
        except MatchingError as error:
            self._close(error)
            raise unavailable() from None
        self._sightings.see([hit.indicator for hit in answer.hits], key.owner)
        self._status.count(answer.values, len(answer.hits), time.perf_counter() - began)
        return answer_encode(answer)

    def _pay(self, key: str, values: int) -> None:
        """Count a call's values. Raises: Problem, where they are more than the key may ask for."""
        if values > self._quotas.most:
            raise too_many_values(self._quotas.most)
        if seconds := self._quotas.take(key, values, time.time()):
            raise quota_spent(seconds)

    def _opened(self) -> Collection:
        if self._collection is None:
            self._collection = Collection.open(collection_folder(self._home))
        return self._collection

    def _close(self, error: MatchingError) -> None:
        """Open anew next time."""
        self._collection = None
        if isinstance(error, SegmentCorrupt):
            damage_tell(self._home)

    def _warm(self) -> None:
        """Load the compiled kernels before the first question comes."""
        collection = self._opened()
        for kind in KINDS:
            if algorithm := algorithm_of(kind):
                examples = algorithm.examples()
                collection.find_many(examples, viewer=KEEPER, algorithm=algorithm.name)

    async def _tick(self) -> None:
        spool_at = time.monotonic() + _SPOOL_SECONDS
        while True:
            with contextlib.suppress(MatchingError):
                self._status.sequence = self._opened().sequence
            status_write(self._home, self._status)
            if time.monotonic() >= spool_at:
                self._sightings.put_down()
                spool_at = time.monotonic() + _SPOOL_SECONDS
            await asyncio.sleep(_STATUS_SECONDS)


async def _body(scope: Any, proto: Any) -> bytes:
    """The request's body, of which no more than `BODY_BYTES` is ever held."""
    told = scope.headers.get("content-length") or ""
    if number_read(told, high=BODY_BYTES) is not None:
        whole: bytes = await proto()
        return whole
    parts, size = [], 0
    async for part in proto:
        size += len(part)
        if size > _READ_BYTES:
            break
        if size <= BODY_BYTES:
            parts.append(part)
    if size > BODY_BYTES:
        raise too_large(BODY_BYTES)
    return b"".join(parts)


def _say_type_only(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception's text may hold what was asked, and its moment tells when: types are counted."""
    error = context.get("exception")
    _ERRORS.count(type(error).__name__ if error else "unknown")


def application_make() -> Application:
    """What granian's worker starts with."""
    return Application(settings_make())
