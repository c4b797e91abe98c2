"""A look-up process of a test's own, and a platform that asks it.

server = Server(home)
status, answer, headers = server.ask(body=question("ab" * 32), key=key)
server.stop()
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


class Server:
    def __init__(self, home: Path, **settings: str) -> None:
        self.home, self.port = home, free_port()
        self.log = home / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lachan.edge.matching", "--listen", f"127.0.0.1:{self.port}"],
                env={**os.environ, "LACHAN_HOME": str(home), **settings}, stdout=log, stderr=log,
            )  # fmt: skip
        self.until(lambda: self.ask("GET")[0] == 405)

    def ask(self, method="POST", body=None, *, key="", path="/v1/match", **headers):
        """(status, answer, headers)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
            headers={"Authorization": f"Bearer {key}", **headers},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  this machine
                return answer.status, json.load(answer), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), error.headers
        except OSError:
            return 0, {}, {}

    def until(self, wanted, seconds=60):
        end = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def question(*values, kind="sha256", **more):
    return {"kind": kind, "values": values, **more}
