"""What the edge does while things around it are broken."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import dns.edns
import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.test_process import ask, errors
from lachan.edge.dns.tests.upstream import Upstream


@pytest.fixture
def upstream():
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def start(tmp_path):
    """Starts edges on one home; whatever still runs is stopped at the end."""
    started = []

    def start(ports, *flags):
        edge = Edge(tmp_path, ports, *flags)
        started.append(edge)
        return edge

    yield start
    for edge in started:
        edge.stop()


def closed_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_upstream_faults_end_in_the_next_one_a_stale_answer_or_a_clear_failure(start, upstream):
    edge = start([closed_port(), upstream.port], "--plain")
    assert ask(edge, "short.test", use_edns=0).answer[0].ttl == 1
    assert ask(edge, "broken.test").rcode() == dns.rcode.SERVFAIL
    upstream.dead.set()
    reply = ask(edge, "never.test", use_edns=0)
    assert reply.rcode() == dns.rcode.SERVFAIL
    assert errors(reply) == [(22, "no upstream answers")]
    # The failure is remembered for a second, and by now the short answer is stale.
    reply = ask(edge, "short.test", use_edns=0)
    assert reply.answer[0][0].address == "192.0.2.8"
    assert reply.answer[0].ttl == 30
    assert errors(reply)[0][0] == 3
    upstream.dead.clear()
    assert edge.until(lambda: ask(edge, "short.test", use_edns=0).answer[0].ttl <= 1)
    counts = edge.until(lambda: (c := edge.status()["counts"])["stale"] and c)
    assert counts["failed"] >= 1


def test_it_blocks_without_any_upstream(start):
    edge = start([closed_port()], "--plain")
    with edge.writer() as writer:
        writer.put("domain", "bad.test", verdict("bad.test"))
    assert edge.until(lambda: ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN)
    assert ask(edge, "good.test").rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("flags", [["--plain"], []], ids=["plain", "compiled"])
def test_it_serves_on_while_the_files_are_damaged(start, upstream, flags):
    edge = start([upstream.port], *flags)
    assert ask(edge, "bad.test").rcode() == dns.rcode.NOERROR
    assert edge.status()["snapshot"]["state"] == "absent"
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test")], 1)
        assert edge.until(lambda: ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN)
        if not flags and mmsg_available():
            edge.compiled()
    folder = edge.home / "snapshots"
    (folder / "manifest.json").write_bytes(b"{")
    assert edge.until(lambda: edge.status()["snapshot"]["state"] == "stale")
    assert ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN
    with edge.writer() as writer:
        assert writer.needs_rebuild
        writer.rebuild([verdict("worse.test")], 2)
    assert edge.until(lambda: ask(edge, "worse.test").rcode() == dns.rcode.NXDOMAIN)
    assert ask(edge, "bad.test").rcode() == dns.rcode.NOERROR
    assert edge.until(lambda: edge.status()["snapshot"]["state"] == "good")


def test_it_answers_through_every_change_of_generation(start, upstream):
    """Nobody goes without an answer, and nobody blocked is let through, while bases are swapped."""
    edge = start([upstream.port])
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test")], 1)
        assert edge.until(lambda: ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN)
        wrong, over, asked = [], threading.Event(), []

        def keep_asking():
            while not over.is_set():
                asked.append(1)
                if ask(edge, "bad.test").rcode() != dns.rcode.NXDOMAIN:
                    wrong.append(1)

        asker = threading.Thread(target=keep_asking)
        asker.start()
        for number in range(10):
            writer.put("domain", f"n{number}.test", verdict("n.test"))
            writer.compact()
        assert edge.until(lambda: ask(edge, "n9.test").rcode() == dns.rcode.NXDOMAIN)
        over.set()
        asker.join()
    assert asked
    assert not wrong


def test_it_follows_its_policy_file_and_survives_a_bad_one(start, upstream):
    edge = start([upstream.port])
    if mmsg_available():
        edge.compiled()
    policy = edge.home / "dns-policy.json"
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test"), verdict("play.test", "gambling")], 1)
    assert edge.until(lambda: ask(edge, "play.test").rcode() == dns.rcode.NXDOMAIN)
    page = {
        "answer": "page",
        "page": ["192.0.2.80", "2001:db8::80"],
        "block_categories": ["gambling"],
    }
    policy.write_text(json.dumps({**page, "block_ttl": 33, "ede": "filtered"}))

    def shown():
        reply = ask(edge, "play.test", use_edns=0)
        return reply if reply.answer else None

    reply = edge.until(shown)
    assert (reply.answer[0][0].address, reply.answer[0].ttl) == ("192.0.2.80", 33)
    assert errors(reply) == [(17, "gambling")]
    assert ask(edge, "play.test", "AAAA").answer[0][0].address == "2001:db8::80"
    other = ask(edge, "play.test", "TXT")
    assert (other.rcode(), len(other.answer), len(other.authority)) == (0, 0, 1)
    assert ask(edge, "bad.test").answer[0][0].address == "192.0.2.7"
    for bad in (
        '{"answer": "page"',
        '{"answer": "maybe"}',
        '{"ede": "x"}',
        '{"page": ["x"]}',
        '{"no": 1}',
        '{"block_categories": ["gamblin"]}',
        "",
    ):
        policy.write_text(bad)
        assert edge.until(lambda: edge.status()["fault"])
        assert ask(edge, "play.test").answer[0][0].address == "192.0.2.80"
    policy.unlink()
    assert edge.until(lambda: ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN)
    assert edge.until(lambda: edge.status()["fault"] == "")


def test_a_stricter_policy_reaches_the_aliases_it_has_cached(start, upstream):
    edge = start([upstream.port])
    policy = edge.home / "dns-policy.json"
    policy.write_text(json.dumps({"block_categories": ["scam"]}))
    if mmsg_available():
        edge.compiled()
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test", "gambling"), verdict("seen.test")], 1)
    assert edge.until(lambda: ask(edge, "seen.test").rcode() == dns.rcode.NXDOMAIN)
    for _ in range(3):
        assert ask(edge, "alias.test").rcode() == dns.rcode.NOERROR
    policy.write_text(json.dumps({"block_categories": ["scam", "gambling"]}))
    assert edge.until(lambda: ask(edge, "alias.test").rcode() == dns.rcode.NXDOMAIN, 10)


def test_it_gives_the_null_address(start):
    edge = start([closed_port()], "--answer", "null", "--plain")
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test")], 1)
    assert edge.until(lambda: ask(edge, "bad.test").answer)
    assert ask(edge, "bad.test").answer[0][0].to_text() == "0.0.0.0"  # noqa: S104  an answer
    assert ask(edge, "bad.test", "AAAA").answer[0][0].address == "::"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(start, upstream, number):
    edge = start([upstream.port])
    ask(edge, "good.test")
    with socket.create_connection(("127.0.0.1", edge.port)):
        edge.process.send_signal(number)
        assert edge.process.communicate(timeout=20)[0] == ""
    assert edge.process.returncode == 0
    assert not (edge.home / "run" / "dns.json").exists()


def test_it_answers_while_its_fast_path_is_still_being_compiled(start, upstream, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/dev/null/no-cache")
    edge = start([upstream.port])
    with edge.writer() as writer:
        writer.put("domain", "bad.test", verdict("bad.test"))
        assert edge.until(lambda: ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN)
    for number in range(20):
        assert ask(edge, f"n{number}.test").rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--listen", "nowhere"], "not an IP address"),
        (["--listen", "127.0.0.1:99999"], "no usable port"),
        (["--upstream", "256.0.0.1"], "not an IP address"),
        (["--answer", "page"], "needs the address of a block page"),
        (["--block-ttl", "x"], "whole number"),
        (["--listen", "192.0.2.1:5399"], "cannot listen"),
    ],
)
def test_it_says_which_setting_is_wrong(tmp_path, flags, said):
    command = [sys.executable, "-m", "lachan.edge.dns", *flags]
    env = {**os.environ, "LACHAN_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=60)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_it_listens_on_several_addresses(tmp_path, upstream):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    edge = Edge(tmp_path, [upstream.port], "--listen", "127.0.0.1:0,[::1]:0")
    try:
        port = int(edge.until(lambda: edge.status()["listen"][1]).rpartition(":")[2])
        query = dns.message.make_query("good.test", "A")
        for _ in range(2):
            reply = dns.query.udp(query, "::1", port=port, timeout=5)
            assert reply.answer[0][0].address == "192.0.2.7"
        assert dns.query.tcp(query, "::1", port=port, timeout=5).answer
    finally:
        edge.stop()
