"""Probes: whether a part of the instance works, asked of itself, by the way that others ask it."""

import contextlib
import http.client
import json
import secrets
import socket
import ssl
from collections.abc import Callable, Iterable

_PATIENCE = 1.0  # seconds; all of them are on this machine
# RFC 4892's question for a server's version: refused here at once, and never asked upstream.
_VERSION = b"\x07version\x04bind\x00\x00\x10\x00\x03"


def web_answers(address: tuple[str, int], host: str) -> bool:
    """The pages, under one of the hosts that they are served for."""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        status, body = _http(address, "/healthz", host)
        return status == 200 and json.loads(body) == {"status": "ok"}
    return False


def match_answers(address: tuple[str, int]) -> bool:
    """The look-ups: they say without a key that they are asked by POST."""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        status, body = _http(address, "/v1/match", "localhost")
        return status == 405 and json.loads(body)["code"] == "wrong-method"
    return False


def dns_answers(addresses: Iterable[tuple[str, int]]) -> bool:
    """The DNS edge, over UDP and TCP, at each of its addresses."""
    with contextlib.suppress(OSError):
        return all(_udp(address) and _tcp(address) for address in addresses)
    return False


def https_answers(address: tuple[str, int]) -> bool:
    """DNS over HTTPS: it says that nothing stands at its root. Whose certificate it has is for devices to judge."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError, http.client.HTTPException):
        host, port = reached(address)
        with contextlib.closing(
            http.client.HTTPSConnection(host, port, timeout=2 * _PATIENCE, context=context)
        ) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status == 404
    return False


def process_answers(pid: int) -> bool:
    """A process that waits for wake-ups: it went round once since it began."""
    from lachan.outbox.sockets import is_waiting

    return is_waiting(pid, _PATIENCE / 2)


def reached(address: tuple[str, int]) -> tuple[str, int]:
    """Where to ask what listens there: what listens everywhere is asked on this machine."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  nothing listens here
    return everywhere.get(address[0], address[0]), address[1]


def _http(address: tuple[str, int], path: str, host: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*reached(address), timeout=2 * _PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read(1000)


def _udp(address: tuple[str, int]) -> bool:
    host, port = reached(address)
    with socket.socket(_family(host), socket.SOCK_DGRAM) as out:
        out.settimeout(_PATIENCE)
        out.connect((host, port))
        question = _question()
        out.send(question)
        return _is_reply(out.recv(512), question)


def _tcp(address: tuple[str, int]) -> bool:
    with socket.create_connection(reached(address), _PATIENCE) as out:
        question = _question()
        out.sendall(len(question).to_bytes(2, "big") + question)
        with out.makefile("rb") as answer:
            return _is_reply(answer.read(int.from_bytes(answer.read(2), "big")), question)


def _question() -> bytes:
    return secrets.token_bytes(2) + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + _VERSION


def _is_reply(reply: bytes, question: bytes) -> bool:
    return len(reply) >= 12 and reply[:2] == question[:2] and bool(reply[2] & 0x80)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Roll:
    """Which parts have answered since they were last started.

    Attributes:
        answered: their names.
    """

    def __init__(self, ask: dict[str, Callable[[int], bool]]) -> None:
        """`ask`: name → whether the part answers, given its process number."""
        self._ask = ask
        self._answered: dict[str, int] = {}

    @property
    def answered(self) -> list[str]:
        return sorted(self._answered)

    def call(self, running: dict[str, int], only: str = "") -> list[str]:
        """Ask those that have not answered yet; the names of those that do now.

        Args:
            running: name → process number.
            only: ask this one alone.
        """
        self._answered = {n: p for n, p in self._answered.items() if running.get(n) == p}
        fresh = {
            name: pid
            for name, pid in running.items()
            if name not in self._answered and only in {"", name} and self._ask[name](pid)
        }
        self._answered |= fresh
        return sorted(fresh)
