"""Asks a DNS edge all the while and notes every silence and every wrong answer."""

import socket
import threading
import time
from typing import Self

import dns.message
import dns.rcode

_EVERY, _TIMEOUT = 0.01, 0.25


class Asker:
    """Asks for the names of `expected` in turn; each maps to the code that is right.

    Attributes:
        asked, answered: counts. longest: the longest time without any answer, in seconds.
        wrong: how many answers had another code, by name and code.
    """

    def __init__(self, port: int, expected: dict[str, str]) -> None:
        self.expected = expected
        self.asked = self.answered = 0
        self.longest = 0.0
        self.wrong: dict[str, int] = {}
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def facts(self) -> dict[str, object]:
        return {
            "asked": self.asked,
            "answered": self.answered,
            "longest_gap_ms": round(self.longest * 1000),
            "wrong": self.wrong,
        }

    def _run(self) -> None:
        last = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self._port))
            sock.settimeout(_TIMEOUT)
            while not self._stop.is_set():
                for name, right in self.expected.items():
                    code = self._ask(sock, name)
                    if code is not None:
                        moment = time.monotonic()
                        self.longest, last = max(self.longest, moment - last), moment
                        if code != right:
                            key = f"{name} {code}"
                            self.wrong[key] = self.wrong.get(key, 0) + 1
                    self._stop.wait(_EVERY)
        self.longest = max(self.longest, time.monotonic() - last)

    def _ask(self, sock: socket.socket, name: str) -> str | None:
        query = dns.message.make_query(name, "A")
        self.asked += 1
        try:
            sock.send(query.to_wire())
            while True:
                reply = dns.message.from_wire(sock.recv(4096))
                if reply.id == query.id:
                    break
        except OSError:
            return None
        self.answered += 1
        return dns.rcode.to_text(reply.rcode())
