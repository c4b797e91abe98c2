"""What an upstream gives back as it got it, so that a forger has to guess it besides port and number: capitals
(draft-vixie-dnsext-dns0x20) and cookies (RFC 7873, RFC 9018).

Not every upstream does. One that has is held to it; one that does not is asked without for a while, and so is one
that was silent before it ever did, since what it does not understand may be why.
"""

import secrets
import struct
import time

import msgspec

from lachan.edge.dns.message import options_read
from lachan.edge.dns.question import HEADER_SIZE, Question

WITHOUT_SECONDS = 3_600.0
CAUTIOUS_SECONDS = 60.0
COOKIE = 10
BADCOOKIE = 23
_CLIENT = 8


class AlteredCase(Exception):
    """The reply fits but for its capitals: the upstream's way, or a forger's guess. Another way has to tell."""


class Echoes(msgspec.Struct):
    """What one upstream gives back.

    Attributes:
        case, cookies: whether it has done so, and is held to it.
        lower_until, bare_until: until when it is asked without; `monotonic` seconds.
        passed_over: whether a reply that fits otherwise gave back too little, and none better came since.
        cautious: whether it was silent lately, and has not answered since.
        client: our cookie for it, and for it alone: nobody can tell by it that two upstreams have one asker.
        server: its own, from its last reply.
    """

    case: bool = False
    cookies: bool = False
    lower_until: float = 0.0
    bare_until: float = 0.0
    passed_over: bool = False
    cautious: bool = False
    client: bytes = msgspec.field(default_factory=lambda: secrets.token_bytes(_CLIENT))
    server: bytes = b""

    def name(self, question: Question) -> bytes:
        """The name as it is asked: in capitals by chance, or in lower case."""
        if time.monotonic() < self.lower_until:
            return question.wire
        bits = secrets.randbits(8 * len(question.wire))
        return bytes(
            # No length is a letter: 63 is the most.
            byte ^ (0x20 if ord("a") <= byte <= ord("z") and bits >> at & 1 else 0)
            for at, byte in enumerate(question.wire)
        )

    def option(self) -> bytes:
        """The COOKIE option that is sent along; empty for none."""
        if time.monotonic() < self.bare_until:
            return b""
        whole = self.client + self.server
        return struct.pack(">HH", COOKIE, len(whole)) + whole

    def accept(self, message: bytes, query: bytes) -> bool:
        """Whether a reply that fits otherwise gives back what it should; learns from one that does.

        Raises:
            AlteredCase: it does not, and it is not known whether this upstream ever does.
        """
        sent, found = options_read(query).get(COOKIE, b""), options_read(message).get(COOKIE, b"")
        if found and found[:_CLIENT] != sent[:_CLIENT]:
            return False
        if sent and not found and self.cookies:
            self.passed_over = True
            return False
        exact = message[HEADER_SIZE:].startswith(_name_of(query))
        if not exact:
            if self.case:
                self.passed_over = True
                return False
            raise AlteredCase
        self.passed_over = False
        self.case = self.case or _name_of(query) != _name_of(query).lower()
        if self.cautious:
            self._relieved()
        if len(found) > _CLIENT:
            self.cookies, self.server = True, found[_CLIENT:]
        elif sent:
            self.bare_until = time.monotonic() + WITHOUT_SECONDS
        return True

    def altered(self) -> None:
        """It does not keep capitals."""
        self.lower_until = time.monotonic() + WITHOUT_SECONDS

    def silent(self) -> None:
        """Nothing acceptable came: what it never did is left out. What it was held to is to be proved anew, but only
        where something else came: an asker whose questions hang must not take our guard down.
        """
        until = time.monotonic() + CAUTIOUS_SECONDS
        if not self.case:
            self.lower_until = max(self.lower_until, until)
        if not self.cookies:
            self.bare_until = max(self.bare_until, until)
        self.cautious = True
        if self.passed_over:
            self.case = self.cookies = self.passed_over = False
            self.server = b""

    def _relieved(self) -> None:
        """It answers, and what it is asked without may be why."""
        now, self.cautious = time.monotonic(), False
        if self.lower_until > now:
            self.lower_until = now + WITHOUT_SECONDS
        if self.bare_until > now:
            self.bare_until = now + WITHOUT_SECONDS


def _name_of(query: bytes) -> bytes:
    end = HEADER_SIZE
    while query[end]:
        end += 1 + query[end]
    return query[HEADER_SIZE:end]
