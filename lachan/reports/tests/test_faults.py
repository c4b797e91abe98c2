"""A server that is killed at any moment: every receipt that was shown opens a complete report."""

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import pytest

from tests.instance import home_copy

pytestmark = pytest.mark.faults
PREPARE = """
from lachan.cli.setup import django_ready
django_ready(begin=True)
from lachan.members.services import first_link
first_link()
"""
SUBMISSIONS, KILLS = 80, 3
PATIENCE = 300  # seconds; a busy machine starts a server slowly


@pytest.fixture
def server(home):
    home_copy(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | {"LACHAN_HOME": str(home)}
    subprocess.run([sys.executable, "-c", PREPARE], env=env, check=True)
    server = Server(port, env)
    server.start()
    yield server
    server.kill()


class Server:
    def __init__(self, port, env):
        self.port, self.env, self.process = port, env, None

    def start(self):
        command = [sys.executable, "-m", "lachan", "web", "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, env=self.env, start_new_session=True)
        for _ in range(10 * PATIENCE):
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not come up")

    def kill(self):
        """All of it at once, as the out-of-memory killer or a power cut of the process would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, fields=None, cookies=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode(fields) if fields else None
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = "; ".join(
                c.partition(";")[0] for c in answer.headers.get_all("Set-Cookie") or []
            )
            return answer.status, answer.read().decode(), kept
        except http.client.HTTPException as error:
            raise ConnectionError from error
        finally:
            connection.close()


def _send(server, number, shown):
    """As a child's phone would: try again with the same form until the receipt is there."""
    token, deadline = None, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if token is None:
                page = server.ask("GET", "/report/")[1]
                token = re.search(r'name="form" value="([^"]+)"', page)[1]
            fields = {
                "form": token,
                "category": "site",
                "urgency": "calm",
                "words": f"lời số {number}",
            }
            status, page, _ = server.ask("POST", "/report/", fields)
        except OSError:
            status = 0
        if status == 200:
            shown[number] = "".join(re.findall(r"<span>(\d{4})</span>", page))
            return
        time.sleep(0.1)  # no answer, or 503: the database recovers from the kill


def _read(server, receipt):
    _, page, cookie = server.ask("GET", "/inbox/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    fields = {"receipt": receipt, "csrfmiddlewaretoken": token}
    _, _, inbox = server.ask("POST", "/inbox/", fields, cookie)
    return server.ask("GET", "/inbox/", cookies=f"{cookie}; {inbox}")[1]


def test_a_killed_server_loses_no_receipt(server):
    shown, numbers = {}, iter(range(SUBMISSIONS))

    def child():
        for number in numbers:
            _send(server, number, shown)

    children = [threading.Thread(target=child) for _ in range(4)]
    for each in children:
        each.start()
    for _ in range(KILLS):
        time.sleep(random.uniform(0.1, 0.6))
        server.kill()
        server.start()
    for each in children:
        each.join()
    assert len(shown) == len(set(shown.values())) == SUBMISSIONS
    for number, receipt in shown.items():
        assert f"lời số {number}<" in _read(server, receipt)
    count = """
from lachan.cli.setup import django_ready
django_ready(begin=True)
from lachan.reports.selectors import report_list
print(len(report_list(limit=100000)))
"""
    kept = subprocess.check_output([sys.executable, "-c", count], env=server.env)
    assert int(kept) == SUBMISSIONS
