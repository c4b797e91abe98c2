"""A throw-away instance: a temporary home, free ports, the real processes, and a resolver that needs no network."""

import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from lachan.cli.browser import Browser
from lachan.kernel.env import NAMES
from lachan.kernel.errors import Unavailable

NAME = "qua-tang.demo.example"  # what the demo's child reports
OPEN_ADDRESS = "192.0.2.80"  # RFC 5737: what every name that is not blocked resolves to here
_PATIENCE = 120.0  # seconds for a first start on a slow machine


def settings_left_out() -> dict[str, str]:
    """The environment without any setting: the demo must not meet the instance that they belong to."""
    return {k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in NAMES}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, out = self.request
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        asked = question.question[0]
        if asked.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(asked.name, 1, "IN", "A", OPEN_ADDRESS))
        out.sendto(answer.to_wire(), self.client_address)


class Upstream(socketserver.ThreadingUDPServer):
    """A resolver that knows every name."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Stage:
    """The instance, from `with Stage() as stage` until the end of the block.

    Attributes:
        home: its LACHAN_HOME; removed at the end.
        web, dns: addresses as `host:port`.
        first_link: the path of the first administrator's link.
    """

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="lachan-demo-"))
        self.web = f"127.0.0.1:{free_port()}"
        self.dns = f"127.0.0.1:{free_port()}"
        self.first_link = ""
        self._upstream = Upstream()

    def __enter__(self) -> Self:
        environment = settings_left_out() | {
            "LACHAN_HOME": str(self.home),
            "LACHAN_DNS_UPSTREAM": self._upstream.address,
            "LACHAN_DNS_TLS_LISTEN": "none",
            "LACHAN_DNS_HTTPS_LISTEN": "none",
        }
        command = [sys.executable, "-m", "lachan", "up", "--web", self.web, "--dns", self.dns]
        self._log = (self.home / "log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            command, env=environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        try:
            self._await_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _await_start(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            said = (self.home / "log").read_text(encoding="utf-8")
            if "Ctrl-C stops it." in said:
                token = (self.home / "first-link.key").read_text(encoding="ascii").strip()
                self.first_link = f"/staff/join/{token}/"
                return
            if self._process.poll() is not None:
                raise Unavailable(f"the instance did not start:\n{said[-2000:]}")
            time.sleep(0.05)
        raise Unavailable("the instance did not start in time")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()
        self._upstream.shutdown()
        self._upstream.server_close()
        shutil.rmtree(self.home, ignore_errors=True)

    def browser(self) -> Browser:
        return Browser(self.web)
