"""What answers in one process: tables, policies, cache, upstream, and what is told of them. Sockets are the process's.

`server` has it with UDP, TCP and TLS; `https` in a process of its own, so that HTTP takes nothing from the packets.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from lachan.edge.dns.asker import Policies
from lachan.edge.dns.blocked_names import BlockedNames
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.own import OwnAnswers
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.settings import Settings, policy_overlay
from lachan.edge.dns.upstream import Forwarder
from lachan.edge.dns.watch import SnapshotWatch
from lachan.formats.profiles.door import KIND, BlockedAsk, Message
from lachan.kernel.doors import Door
from lachan.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import StreamPath


class Engine:
    """Attributes: fault: of the policy file; empty where it is followed."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self.is_compiled = mmsg_available() and not settings.plain
        self.stopping = threading.Event()
        self.watch = SnapshotWatch(settings.home, self.stopping, settings.own_hosts)
        self.reader = self.watch.reader
        self.layers = Layers(self.reader, known=self.watch.known, profiles=self.watch.profiles)
        self.policies = Policies(settings.policy, profiles=self.watch.profiles)
        self.cache = AnswerCache(settings.cache_bytes, compiled=self.is_compiled)
        self.own = OwnAnswers(settings.ways)
        self.blocked_names = BlockedNames(self.watch.profiles)
        self.responder = Responder(
            self.layers,
            self.policies,
            self.cache,
            Forwarder(list(settings.upstreams)),
            self.watch.shelter.covers,
            self.own.reply,
            self.blocked_names.see,
        )
        self._door = Door(settings.home, KIND, self._asked)
        self.started = time.time()
        self._policy_seen: bytes | str | None = None
        self.fault = ""

    async def door_open(self) -> None:
        """Let the pages of this home ask. Where that cannot be, names are answered all the same."""
        try:
            await self._door.open()
        except OSError as error:
            self._say(f"the door for this home's pages cannot be opened: {error.strerror}")

    def _asked(self, raw: bytes) -> bytes:
        """The answer to a message that came by the door.

        Raises:
            ValueError: it is none of ours.
        """
        message = msgspec.msgpack.decode(raw, type=Message)
        if isinstance(message, BlockedAsk):
            return msgspec.msgpack.encode(self.blocked_names.answer(message))
        return self.own.checks.answer(raw)

    def close(self) -> None:
        self.stopping.set()
        self._door.close()

    def compile(self, ready: Callable[[], None]) -> None:
        """Load the compiled path in a thread beside the plain one; then call `ready` there."""
        if self.is_compiled:
            threading.Thread(
                target=self._compile, args=(ready,), name="dns-warm", daemon=True
            ).start()

    def _compile(self, ready: Callable[[], None]) -> None:
        try:
            from lachan.edge.dns import fast_path

            fast_path.warm()
            if self.cache.compiled is not None:
                self.cache.compiled.ready = True
                ready()
        except Exception as error:  # noqa: BLE001  no numba, no cache, no matter: the plain path serves
            kind = type(error).__name__
            self._say(f"the compiled path is not available ({kind}); serving without it")

    def stream_path(self) -> "StreamPath":
        """A compiled path for what comes in streams; once `compile` is ready."""
        from lachan.edge.dns.fast_path import StreamPath

        cache = self.cache.compiled
        if cache is None:
            raise AssertionError("the compiled path is off")
        return StreamPath(self.layers, self.policies, cache)

    def policy_follow(self) -> None:
        """Follow the policy file; one that is bad or cannot be read changes nothing but the status. And let go of what
        was blocked too long ago to be told.
        """
        self.blocked_names.forget()
        read: bytes | str | None
        try:
            read = self._settings.policy_file.read_bytes()
        except FileNotFoundError:
            read = None
        except OSError as error:
            read = f"dns-policy.json: cannot be read: {error.strerror}"
        if read != self._policy_seen:
            self._policy_seen, self.fault = read, ""
            try:
                self.responder.follow(self._policy_of(read))
            except InvalidInput as error:
                self.fault = str(error)
                self._say(f"{self.fault}; the policy from before holds on")

    def _policy_of(self, read: bytes | str | None) -> Policy:
        if read is None:
            return self._settings.policy
        if isinstance(read, str):
            raise InvalidInput(read)
        return policy_overlay(self._settings.policy, read)
