"""What `lachan up` says of a part, the part has shown."""

import contextlib
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from lachan.cli import asking
from lachan.cli.asking import Roll, dns_answers, match_answers, process_answers, web_answers
from lachan.cli.commands.up import _base, _host, _Start
from lachan.cli.demo.stage import free_port
from lachan.cli.main import cli
from lachan.cli.tests.test_supervisor import Sleepers
from lachan.kernel.process import fault_tell
from lachan.outbox.sockets import Listener, wake

LOCAL = "127.0.0.1"


@contextlib.contextmanager
def http(answer):
    """A server that answers with what `answer` makes of host and path: status and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answer(self.headers["Host"], self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer((LOCAL, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_address[:2]
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_asks_the_pages_under_a_host_that_they_have():
    def answer(host, path):
        return (200, b'{"status": "ok"}') if (host, path) == ("report.example", "/healthz") else (400, b"")  # fmt: skip

    with http(answer) as address:
        assert web_answers(address, "report.example")
        assert not web_answers(address, LOCAL)
    assert not web_answers(address, "report.example")


def test_it_takes_no_other_server_for_the_pages_or_the_look_ups():
    with http(lambda *_: (200, b"{}")) as address:
        assert not web_answers(address, "x.example")
        assert not match_answers(address)
    with http(lambda *_: (405, b'{"code": "wrong-method"}')) as address:
        assert match_answers(address)


@contextlib.contextmanager
def names(*, udp, tcp, reply=lambda question: question[:2] + b"\x81\x85" + question[4:]):
    port = free_port()
    with contextlib.ExitStack() as stack:
        over_udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        over_udp.bind((LOCAL, port))
        over_tcp = stack.enter_context(socket.create_server((LOCAL, port)))
        for one in (over_udp, over_tcp):
            one.settimeout(5)

        def answer_udp():
            data, asker = over_udp.recvfrom(512)
            if udp:
                over_udp.sendto(reply(data), asker)

        def answer_tcp():
            with contextlib.suppress(OSError):
                taken, _ = over_tcp.accept()
                with taken:
                    question = taken.recv(514)[2:]
                    if tcp:
                        taken.sendall(len(reply(question)).to_bytes(2, "big") + reply(question))

        threads = [threading.Thread(target=each, daemon=True) for each in (answer_udp, answer_tcp)]
        for thread in threads:
            thread.start()
        yield LOCAL, port


@pytest.mark.parametrize(("udp", "tcp"), [(True, True), (True, False), (False, True)])
def test_it_asks_names_over_udp_and_tcp(monkeypatch, udp, tcp):
    monkeypatch.setattr(asking, "_PATIENCE", 0.3)
    with names(udp=udp, tcp=tcp) as address:
        assert dns_answers([address]) == (udp and tcp)


@pytest.mark.parametrize("reply", [lambda q: q, lambda q: b"\0\0\x81" + q[3:], lambda _: b"x"])
def test_it_takes_no_echo_for_an_answer(reply):
    with names(udp=True, tcp=True, reply=reply) as address:
        assert not dns_answers([address])


def test_it_asks_a_process_that_waits_for_wake_ups(home):
    home.joinpath("run").mkdir()
    assert not process_answers(os.getpid())
    listener = Listener()
    assert not process_answers(os.getpid())  # it is there, and does not look
    heard = []

    def waits():
        while "end" not in heard:
            heard.extend(listener.wait(5))

    thread = threading.Thread(target=waits)
    thread.start()
    assert process_answers(os.getpid())
    wake("end")
    thread.join()
    listener.close()
    assert heard == ["end"]  # a question is no wake-up


def test_it_asks_again_what_was_started_again():
    asked = []
    roll = Roll({"a": lambda pid: asked.append(pid) or True, "b": lambda _: False})
    assert roll.call({"a": 1, "b": 2}) == ["a"]
    assert roll.call({"a": 1, "b": 2}) == []
    assert roll.call({"b": 2}) == []
    assert roll.answered == []
    assert roll.call({"a": 3}) == ["a"]
    assert asked == [1, 3]


@pytest.mark.parametrize(
    ("hosts", "origins", "https", "web", "host", "base"),
    [
        ("127.0.0.1,localhost", "", False, (LOCAL, 8000), LOCAL, "http://127.0.0.1:8000"),
        ("report.example", "https://report.example", True, (LOCAL, 8000), "report.example", "https://report.example"),
        ("report.example", "", True, (LOCAL, 8000), "report.example", "https://report.example"),
        ("report.example", "", False, ("0.0.0.0", 80), "report.example", "http://report.example:80"),  # noqa: S104
        (".report.example", "https://*.report.example", True, (LOCAL, 1), "report.example", "https://report.example"),
        ("*", "", False, (LOCAL, 1), LOCAL, "http://127.0.0.1:1"),
        ("[::1]", "", False, ("::1", 8000), "[::1]", "http://[::1]:8000"),
    ],
)  # fmt: skip
def test_it_names_addresses_under_which_pages_are_served(settings, hosts, origins, https, web, host, base):  # fmt: skip
    settings.ALLOWED_HOSTS, settings.HTTPS = hosts.split(","), https
    settings.CSRF_TRUSTED_ORIGINS = origins.split(",") if origins else []
    assert (_host(web), _base(web)) == (host, base)


class Falling(Sleepers):
    """Two idle processes, of which `a` says a reason and ends at once."""

    def __init__(self, home):
        super().__init__(home)
        code = "from lachan.kernel.process import fault_tell; fault_tell('cannot listen\\non 192.0.2.53'); raise SystemExit(1)"
        self._children[0].arguments = [self._children[0].arguments[0], "-c", code]


def test_it_names_what_falls_again_and_again_with_the_reason(tmp_path, capsys, monkeypatch):
    (tmp_path / "run").mkdir()
    supervisor = Falling(tmp_path)
    try:
        supervisor.start()
        while not supervisor.falling():
            supervisor.look()
            for child in supervisor._children:
                child.due = min(child.due, time.monotonic())
            time.sleep(0.02)
        assert supervisor.falling() == {"a": "cannot listen on 192.0.2.53"}
        start = _Start(supervisor, {"web": [(LOCAL, 1)], "dns": []}, None, 0.0)
        start._parts, start._roll = {"a", "b"}, Roll({"a": lambda _: False, "b": lambda _: True})
        start._pages = True
        start.look()
        start.look()
        out, err = capsys.readouterr()
        assert "is up" not in out
        assert err.count("NOT wholly up, for want of a: it ends again and again: cannot listen on 192.0.2.53") == 1  # fmt: skip
        start._roll = Roll(dict.fromkeys(("a", "b"), lambda _: True))
        monkeypatch.setattr(supervisor, "running", lambda: {"a": 1, "b": 2})
        start.look()
        out, _ = capsys.readouterr()
        assert "a answers now." in out
        assert "is up" in out
        assert "a, b have answered" in out
    finally:
        supervisor.end()


def test_it_names_nobody_as_silent_unasked(tmp_path, capsys, monkeypatch):
    """On a slow machine the pages alone are asked for longer than anybody may be silent."""
    (tmp_path / "run").mkdir()
    supervisor = Sleepers(tmp_path)
    monkeypatch.setattr(supervisor, "running", lambda: {"dns": 1, "web": 2})
    monkeypatch.setattr(supervisor, "age", lambda _: 61.0)
    start = _Start(supervisor, {"web": [(LOCAL, 1)], "dns": []}, None, 0.0)
    start._parts, start._roll = (
        {"dns", "web"},
        Roll({"dns": lambda _: True, "web": lambda _: False}),
    )
    start.look()
    said = capsys.readouterr().err
    assert "for want of web: it runs and does not answer" in said
    assert "want of dns" not in said
    # What was named answers together with the pages, asked for another reason.
    monkeypatch.setattr(supervisor, "age", lambda _: 1.0)
    start._roll, start._told = (
        Roll(dict.fromkeys(("dns", "web"), lambda _: True)),
        {"dns": "it ends"},
    )
    monkeypatch.setattr(start, "_say_pages", lambda: None)
    start.look()
    supervisor.end()
    assert "dns answers now." in capsys.readouterr().out


@pytest.mark.parametrize("shares", [False, True])
def test_web_says_that_its_port_is_taken(home, monkeypatch, shares):
    """Also where the other server would share it: half of the reports would go to another instance."""
    monkeypatch.setattr("lachan.cli.commands.web.django_ready", lambda **_: None)
    monkeypatch.setattr("os.execv", lambda *_: pytest.fail("a server was started"))
    with socket.socket() as other:
        if shares:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((LOCAL, 0))
        other.listen()
        address = f"{LOCAL}:{other.getsockname()[1]}"
        ran = CliRunner().invoke(cli, ["web", "--listen", address])
    assert ran.exit_code == 1
    assert f"{address} cannot be used (Address already in use)" in ran.stderr
    assert "--listen" in ran.stderr


@pytest.mark.parametrize("missing", ["", "LACHAN_SUPERVISED", "db.sqlite3", "secret.key"])
def test_web_prepares_what_nobody_has_prepared(home, monkeypatch, missing):
    for name in {"db.sqlite3", "secret.key"} - {missing}:
        (home / name).touch()
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("LACHAN_SUPERVISED", f"web@{home}")
    if missing.isupper():
        monkeypatch.delenv(missing)
    done = []
    monkeypatch.setattr("lachan.cli.commands.web.django_ready", lambda **how: done.append(how))
    monkeypatch.setattr("os.execv", lambda *_: done.append("served"))
    CliRunner().invoke(cli, ["web", "--listen", f"{LOCAL}:0"])
    assert done == ([{"begin": True}] if missing else []) + ["served"]


def test_a_process_that_nobody_supervises_tells_nobody(tmp_path, monkeypatch):
    monkeypatch.delenv("LACHAN_SUPERVISED", raising=False)
    monkeypatch.chdir(tmp_path)
    fault_tell("x")
    assert list(tmp_path.iterdir()) == []
