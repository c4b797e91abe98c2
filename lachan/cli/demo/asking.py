"""Polls of the demo: they ask the edges until these say what is awaited."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Callable

import dns.exception
import dns.message
import dns.query
import dns.rcode

from lachan.kernel.errors import Unavailable

_PATIENCE = 20.0


def until(awaited: Callable[[], bool], what: str) -> float:
    """Ask about every millisecond until it is so; the moment (`time.perf_counter`) at which it was.

    Raises:
        Unavailable: it never came.
    """
    deadline = time.perf_counter() + _PATIENCE
    while (now := time.perf_counter()) < deadline:
        if awaited():
            return time.perf_counter()
        time.sleep(max(0.0, 0.001 - (time.perf_counter() - now)))
    raise Unavailable(f"{what} did not come within {_PATIENCE:.0f} s")


def is_blocked(edge: str, name: str) -> bool:
    """Whether the DNS edge blocks a name (NXDOMAIN); a lost packet counts as no."""
    host, _, port = edge.rpartition(":")
    question = dns.message.make_query(name, "A", use_edns=True)
    try:
        answer = dns.query.udp(question, host, timeout=1.0, port=int(port))
    except dns.exception.DNSException:
        return False
    return answer.rcode() == dns.rcode.NXDOMAIN


class Api:
    """The check API over one kept connection, opened anew when the server has closed it."""

    def __init__(self, web: str) -> None:
        self._connection = http.client.HTTPConnection(web, timeout=10)

    def check(self, value: str) -> dict[str, object]:
        path = f"/v1/check?value={urllib.parse.quote(value)}"
        try:
            text = self._get(path)
        except (http.client.HTTPException, ConnectionError):
            self._connection.close()
            text = self._get(path)
        answer: dict[str, object] = json.loads(text)
        return answer

    def _get(self, path: str) -> bytes:
        self._connection.request("GET", path)
        return self._connection.getresponse().read()
