import asyncio
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from lachan.config.server import CROWDED, Lane, Server, _environ
from lachan.config.tests.server_app import PIECE, PIECES

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 130\r\n\r\n"
LARGE = len(PIECE) * PIECES


class Served:
    """The small application behind the server, as `lachan web` starts it."""

    def __init__(self, tmp_path, body="20", unread="20"):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "--no-ws", "--http", "1",
                "--port", str(self.port), "--log-level", "warning", "--workers-kill-timeout", "1",
                "lachan.config.tests.server_app:make",
            ],
            env={**os.environ, "TMPDIR": str(tmp_path), "BODY_SECONDS": body, "UNREAD_SECONDS": unread},
        )  # fmt: skip
        for _ in range(300):
            with contextlib.suppress(OSError):
                self.ask("GET", "/")
                return
            time.sleep(0.1)
        raise AssertionError("it does not start")

    def ask(self, method, path, body=None, headers=None):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(line):
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            return answer.status, answer.read()

    def slow(self, sent):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(30)
        one.connect(("127.0.0.1", self.port))
        one.sendall(sent)
        return one

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def test_it_answers_beside_those_who_send_and_read_slowly(tmp_path):
    with Served(tmp_path) as served, contextlib.ExitStack() as slow:
        for sent in (HEAD + b"a", b"GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HT"):
            for _ in range(40):
                slow.enter_context(served.slow(sent))
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: served.ask("POST", "/", b"a" * 130), range(64)))
        assert answers == [(200, b"('130', 130)")] * 64
        # Once for all that asked for it: this call's own count is the second.
        assert served.ask("GET", "/made") == (200, b"1")
        assert served.ask("GET", "/v1/large") == (200, PIECE * PIECES)


def test_it_ends_what_takes_too_long(tmp_path):
    with Served(tmp_path, body="1", unread="1") as served:
        with served.slow(HEAD + b"a") as writer:
            said = _said(writer)
            assert said.startswith(b"HTTP/1.1 408 ")
            assert said.endswith(b"(408, '/', 'POST', '')"), "it was told so without words"
        if not hasattr(socket, "TCP_USER_TIMEOUT"):
            pytest.skip("the system has no deadline for what lies unread")
        with served.slow(b"GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n") as reader:
            assert _is_cut(reader), "a connection that nobody reads is still there"


def _is_cut(line):
    """Whoever does not read hears of it only when he says something himself."""
    for _ in range(100):
        time.sleep(0.2)
        try:
            line.sendall(b"a")
        except OSError:
            return True
    return False


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = HEAD.replace(b"130", b"300000")
HALVES = {
    "small": HEAD + b"half",
    "nothing": HEAD,
    "large": LONG + b"a" * 1000,
    "larger": LONG + b"a" * 299_999,
    "chunk": CHUNKED + b"4\r\nhalf\r\n",
    "in a chunk": CHUNKED + b"10\r\nhalf",
    "no chunk": CHUNKED,
    "the end's beginning": CHUNKED + b"4\r\nhalf\r\n0\r\n",
    "garbled": CHUNKED + b"4\r\nhalf\r\nzz\r\nmore\r\n0\r\n\r\n",
    "too long a chunk": CHUNKED + b"4\r\nhalf and more\r\n0\r\n\r\n",
}


def test_it_takes_no_half_for_a_whole(tmp_path):
    """Neither where the line ends before the body does, nor where the body is garbled."""
    with Served(tmp_path) as served:
        said = {}
        for name, sent in HALVES.items():
            with served.slow(sent) as line:
                line.shutdown(socket.SHUT_WR)
                said[name] = _said(line).partition(b"\r\n")[0]
        assert said == dict.fromkeys(HALVES, b"HTTP/1.1 400 Bad Request")
        with served.slow(CHUNKED + b"4\r\nhal") as line:
            line.sendall(b"f\r\n5\r\n and \r\n4\r\nhalf\r\n0\r\n\r\n")
            assert b"('13', 13)" in line.recv(1000)


def _said(line):
    """All that is said on a line until it ends."""
    said = b""
    while piece := line.recv(65_536):
        said += piece
    return said


def test_it_takes_bodies_of_every_kind(tmp_path):
    with Served(tmp_path) as served:
        assert served.ask("POST", "/", b"") == (200, b"('0', 0)")
        assert served.ask("GET", "/") == (200, b"('', 0)")
        assert served.ask("POST", "/", iter([b"ab", b"cde"])) == (200, b"('5', 5)")
        assert served.ask("POST", "/", b"a" * 900_000) == (200, b"('900000', 900000)")
        # What is too long is told so by the application: its length is there, its end is not.
        status, said = served.ask("POST", "/", b"a" * 3_000_000)
        length, came = said.decode().strip("()").split(", ")
        assert (status, length) == (200, "'3000000'")
        assert 1_000_000 < int(came) < 1_300_000
        # Half an answer would pass for a whole one.
        assert served.ask("GET", "/broken")[0] == 500
        assert served.ask("HEAD", "/v1/large") == (200, b"")


def _asked(path, method="GET", body=None):
    """What granian gives for a request, and what it is answered."""
    answers = []
    scope = _scope([] if body is None else [("content-length", "1")], path, method=method)
    give = lambda status, _, said=b"": answers.append((status, said))  # noqa: E731
    proto = SimpleNamespace(response_bytes=give, response_empty=give)
    return scope, proto, answers


def test_a_report_finds_a_worker_whatever_else_is_asked(tmp_path):
    go_on = threading.Event()

    def application(environ, start_response):
        if environ["PATH_INFO"] != "/report/" and CROWDED not in environ:
            go_on.wait(20)
        start_response("503 -" if CROWDED in environ else "200 OK", [])
        return [environ["PATH_INFO"].encode()]

    async def crowd():
        server = Server(application, 4, tmp_path / "answers" / "1")
        others = [_asked(path, "POST") for path in ("/check/", "/v1/x", "/staff/sign-in/") * 90]
        tasks = [asyncio.create_task(server.__rsgi__(*one[:2])) for one in others]
        await asyncio.sleep(0.05)
        report = _asked("/report/", "POST")
        async with asyncio.timeout(15):
            await server.__rsgi__(*report[:2])
        go_on.set()
        await asyncio.gather(*tasks)
        return report[2], [status for _, _, answers in others for status, _ in answers]

    report, others = asyncio.run(crowd())
    assert report == [(200, b"/report/")]
    # One sign-in at work, 64 that wait, and the rest are told.
    assert (others.count(200), others.count(503)) == (270 - 25, 25)


def _scope(headers, path="/", **more):
    class Headers(list):
        def items(self):
            return list(self)

        def get(self, name):
            return dict(self).get(name)

        def __contains__(self, name):
            return any(known == name for known, _ in self)

    given = {
        "server": "127.0.0.1:8000",
        "client": "192.0.2.7:999",
        "scheme": "http",
        "method": "GET",
    }
    given |= {
        "path": path,
        "query_string": "a=%20",
        "http_version": "1.1",
        "headers": Headers(headers),
    }
    return SimpleNamespace(**given | more)


def test_it_says_what_pep_3333_says_and_no_address():
    headers = [
        ("host", "x.example"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x-a", "1"),
        ("x-a", "2"),
    ]
    environ = _environ(_scope(headers, "/đường"), b"", 0)
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/đường"
    assert environ["HTTP_HOST"] == "x.example"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_A"] == "1,2"
    assert "CONTENT_LENGTH" not in environ
    assert "192.0.2.7" not in repr(environ)
    assert "PATH" not in environ, "the process's own environment holds secrets"


def test_it_lets_no_name_pass_for_another():
    headers = [
        ("x-forwarded-proto", "http"),
        ("x_forwarded_proto", "https"),
        ("content_length", "9"),
    ]
    environ = _environ(_scope(headers), b"", 0)
    assert environ["HTTP_X_FORWARDED_PROTO"] == "http"
    assert "CONTENT_LENGTH" not in environ
    assert environ.get("HTTP_CONTENT_LENGTH") is None


def test_a_lane_holds_so_many_and_tells_the_rest():
    async def crowd():
        lane, running, most, told = Lane(2, 3), 0, 0, []

        async def one():
            nonlocal running, most
            async with lane.entered() as entered:
                told.append(entered)
                if entered:
                    running += 1
                    most = max(most, running)
                    await asyncio.sleep(0.01)
                    running -= 1

        await asyncio.gather(*(one() for _ in range(9)))
        async with lane.entered() as entered:
            told.append(entered)
        return most, told.count(True), told.count(False)

    assert asyncio.run(crowd()) == (2, 6, 4)


def test_somebody_looks_how_the_parts_stand_again_and_again(tmp_path, monkeypatch):
    """Also after a look that broke, and beside one that hangs."""
    monkeypatch.setattr("lachan.config.server.LOOK_SECONDS", 0.01)
    looked, enough = [], threading.Event()

    def look():
        looked.append(threading.current_thread().name)
        if len(looked) == 3:
            enough.set()
        raise ValueError("broken")

    async def live():
        server = Server(None, 1, tmp_path, look=look)
        server.__rsgi_init__(asyncio.get_running_loop())
        await asyncio.to_thread(enough.wait, 20)
        server._listening.cancel()
        server._looks.cancel()
        server.__rsgi_del__(asyncio.get_running_loop())

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, live()).result()
    assert set(looked) == {"look_0"}
