"""From a parent's tap to what the child's device is answered, and from a published name to a profile that blocks it:
prints one JSON object.

    python benchmarks/family.py --times 100

A whole instance; the tap is a form sent by a browser, the answer is looked for over one TLS connection without a pause.
"""

import argparse
import io
import json
import os
import re
import socket
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.pop(0)  # this folder, in which a dns.py lies
sys.path.insert(0, str(Path(__file__).parents[1]))

import dns.message
import dns.query
import dns.rcode

from tests.instance import Instance, _free_port

_PATIENCE = 30.0


class Device:
    """A child's device: one connection, kept."""

    def __init__(self, port: int, label: str) -> None:
        self._port, self._name = port, f"{label}.dns.localhost"
        self._sock = self._open()

    def _open(self) -> ssl.SSLSocket:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self._port), 5)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return trust.wrap_socket(plain, server_hostname=self._name)

    def is_blocked(self, name: str) -> bool:
        try:
            dns.query.send_tcp(self._sock, dns.message.make_query(name, "A"))
            reply, _ = dns.query.receive_tcp(self._sock)
        except (OSError, EOFError):  # closed for being quiet, as any device meets it
            self._sock = self._open()
            return self.is_blocked(name)
        return reply.rcode() == dns.rcode.NXDOMAIN

    def until(self, name: str, *, blocked: bool, since: float) -> float:
        """Milliseconds since `since` until it is so."""
        while self.is_blocked(name) is not blocked:
            if time.perf_counter() - since > _PATIENCE:
                raise TimeoutError(name)
        return (time.perf_counter() - since) * 1000


def taps(instance: Instance, port: int, times: int) -> tuple[list[float], Device]:
    parent = instance.browser()
    page = parent.get("/family/start/")
    parent.send(page, page.form(action="/family/found/"))
    page = parent.get("/family/children/new/")
    # Without a bedtime: it is measured at any hour.
    page = parent.send(page, page.form(having="nickname"), nickname="Bống", band="16-17")
    where = page.path
    made = parent.send(page, page.form(action=f"{where}devices/"))
    device = Device(port, re.search(r"([a-z2-7]{24})\.dns\.localhost", made.text)[1])
    found = []
    for number in range(times):
        blocked = number % 2 == 0
        page = parent.get(where)
        form = page.form(action=f"{where}names/")
        since = time.perf_counter()
        parent.send(page, form, site="tro.test", effect="block" if blocked else "allow")
        found.append(device.until("tro.test", blocked=blocked, since=since))
    return found, device


def published(device: Device, times: int) -> list[float]:
    from lachan.indicators.services import list_import
    from lachan.members.records import system

    found = []
    for number in range(times):
        name = f"pub{number}.test"
        since = time.perf_counter()
        list_import(
            by=system("benchmark"), stream=io.BytesIO(f"{name}\n".encode()), file_name="one.txt", category="scam"
        )  # fmt: skip
        found.append(device.until(name, blocked=True, since=since))
    return found


def shown(found: list[float]) -> dict[str, float]:
    ordered = sorted(found)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(p95, 1)}


def run(folder: Path, times: int) -> dict[str, object]:
    port = _free_port()
    with Instance(folder, LACHAN_DNS_TLS_LISTEN=f"127.0.0.1:{port}") as instance:
        tapped, device = taps(instance, port, times)
        os.environ.update(instance.environment)
        from lachan.cli.setup import django_ready

        django_ready(migrate=False)
        out = published(device, times)
    return {
        "times": times,
        "tap_to_dns_ms": shown(tapped),
        "publish_to_profile_ms": shown(out),
        "bar_p95_ms": {"tap_to_dns_ms": 1000, "publish_to_profile_ms": 300},
        "holds": shown(tapped)["p95"] <= 1000 and shown(out)["p95"] <= 300,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="lachan-family-") as folder:
        print(json.dumps(run(Path(folder), times)))


if __name__ == "__main__":
    main()
