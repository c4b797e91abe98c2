"""The whole process, asked by dig and by dnspython."""

import concurrent.futures
import random
import shutil
import socket
import subprocess

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.upstream import Upstream

PATHS = ["plain", *(["compiled"] if mmsg_available() else [])]


@pytest.fixture(scope="module")
def upstream():
    server = Upstream()
    yield server
    server.close()


@pytest.fixture(scope="module", params=PATHS)
def edge(request, tmp_path_factory, upstream):
    home = tmp_path_factory.mktemp("home")
    upstream.asked.clear()
    flags = ["--plain"] if request.param == "plain" else []
    edge = Edge(home, [upstream.port], "--appeal", "https://lachan.test/appeal", *flags)
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test"), verdict("only.test", exact=True)], 7)
    assert edge.until(lambda: edge.status()["snapshot"]["sequence"] == 7)
    if request.param == "compiled":
        edge.compiled()
    yield edge
    code, rest = edge.stop()
    assert (code, rest) == (0, "")


def ask(edge, name, kind="A", *, tcp=False, **more):
    query = dns.message.make_query(name, kind, **more)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, "127.0.0.1", port=edge.port, timeout=8)


def errors(reply):
    return [(int(one.code), one.text) for one in reply.options if one.otype == dns.edns.EDE]


def dig(edge, *words):
    if shutil.which("dig") is None:
        pytest.skip("install dnsutils: dig asks the real edge here")
    command = ["dig", "@127.0.0.1", "-p", str(edge.port), "+time=3", "+tries=2", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.dns
def test_it_blocks_as_dig_sees_it(edge):
    shown = dig(edge, "wWw.bad.test", "A")
    assert "status: NXDOMAIN" in shown
    assert "EDE: 15 (Blocked): (scam; appeal: https://lachan.test/appeal)" in shown
    assert "wWw.bad.test." in shown
    assert "flags: qr rd ra;" in shown
    over_tcp = dig(edge, "+tcp", "+noedns", "bad.test", "AAAA")
    assert "status: NXDOMAIN" in over_tcp
    assert "OPT" not in over_tcp


@pytest.mark.dns
def test_it_answers_what_is_allowed_as_dig_sees_it(edge):
    assert dig(edge, "+short", "good.test", "A") == "192.0.2.7\n"
    assert dig(edge, "+short", "+tcp", "good.test", "A") == "192.0.2.7\n"
    assert "status: BADVERS" in dig(edge, "+edns=1", "+noednsneg", "good.test")
    assert "status: REFUSED" in dig(edge, "CH", "TXT", "version.bind")
    assert "Transfer failed" in dig(edge, "+tcp", "good.test", "AXFR")
    assert "RFC8482" in dig(edge, "+notcp", "good.test", "ANY")


def test_it_keeps_the_serial_and_a_short_ttl_in_its_no(edge):
    reply = ask(edge, "a.bad.test", use_edns=0)
    soa = reply.authority[0]
    assert (soa.name.to_text(), soa.ttl, soa[0].serial, soa[0].minimum) == ("bad.test.", 10, 7, 10)


def test_it_blocks_an_exact_name_alone(edge):
    assert ask(edge, "only.test").rcode() == dns.rcode.NXDOMAIN
    assert ask(edge, "sub.only.test").rcode() == dns.rcode.NOERROR


def test_it_serves_cached_answers_with_falling_ttl_and_the_askers_capitals(edge, upstream):
    first = ask(edge, "cAched.test", use_edns=0)
    before = upstream.asked["cached.test."]
    for name in ("cached.test", "CACHED.test"):
        again = ask(edge, name, use_edns=0)
        assert again.answer[0].ttl <= first.answer[0].ttl == 300
        assert again.question[0].name.to_text() == name + "."
    assert upstream.asked["cached.test."] == before


def test_it_asks_apart_for_other_bits(edge, upstream):
    ask(edge, "bits.test")
    ask(edge, "bits.test", want_dnssec=True)
    ask(edge, "bits.test", flags=dns.flags.RD | dns.flags.CD)
    ask(edge, "bits.test")
    assert upstream.asked["bits.test."] == 3


def test_it_keeps_a_no_as_long_as_the_soa_says(edge, upstream):
    for _ in range(2):
        assert ask(edge, "gone.test").rcode() == dns.rcode.NXDOMAIN
        assert ask(edge, "empty.test").rcode() == dns.rcode.NOERROR
    assert upstream.asked["gone.test."] == 1
    assert upstream.asked["empty.test."] == 1


def test_it_asks_upstream_once_for_five_who_get_a_failure(edge, upstream):
    before = upstream.asked["broken.test."]
    for _ in range(5):
        assert ask(edge, "broken.test").rcode() == dns.rcode.SERVFAIL
    assert upstream.asked["broken.test."] == before + 1


def test_it_asks_nobody_for_what_is_answered_here(edge, upstream):
    before = upstream.asked.total()
    for tcp in (False, True):
        for _ in range(2):
            assert ask(edge, "localhost", tcp=tcp).answer[0][0].address == "127.0.0.1"
            assert ask(edge, "_dns.resolver.arpa", "SVCB", tcp=tcp).rcode() == dns.rcode.NOERROR
            for name in ("a.onion", "1.0.0.10.in-addr.arpa", "use-application-dns.net"):
                assert ask(edge, name, tcp=tcp).rcode() == dns.rcode.NXDOMAIN
    assert upstream.asked.total() == before


def test_it_is_not_fooled_by_forged_replies(edge):
    assert ask(edge, "liar.test").answer[0][0].address == "192.0.2.7"


def test_it_uses_other_ports_and_numbers_for_each_question(edge, upstream):
    upstream.seen.clear()
    for number in range(20):
        ask(edge, f"random{number}.test")
    assert len({port for _, port in upstream.seen}) > 10
    assert len({raw[:2] for raw, _ in upstream.seen}) > 10


def test_it_follows_truncation_and_truncates_in_turn(edge):
    assert ask(edge, "big.test", "TXT").flags & dns.flags.TC
    whole = ask(edge, "big.test", "TXT", tcp=True)
    assert len(whole.answer[0][0].strings) == 30


def test_it_speaks_to_an_upstream_of_the_last_century(tmp_path):
    server = Upstream()
    edge = Edge(tmp_path, [server.port], "--plain")
    try:
        assert ask(edge, "old.test", use_edns=0).answer[0][0].address == "192.0.2.7"
        assert server.asked["old.test."] == 2
    finally:
        edge.stop()
        server.close()


def test_it_asks_once_for_many_who_ask_the_same(edge, upstream):
    before = upstream.asked["slow.test."]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda _: ask(edge, "slow.test"), range(10)))
    assert all(reply.answer[0][0].address == "192.0.2.7" for reply in replies)
    assert upstream.asked["slow.test."] - before <= 2


def test_it_blocks_the_alias_of_a_blocked_name(edge):
    for _ in range(3):
        reply = ask(edge, "alias.test", use_edns=0)
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert errors(reply)[0][0] == 15


def test_it_blocks_at_once_what_it_has_cached_and_releases_at_once(edge):
    with edge.writer() as writer:
        for number in range(5):
            name = f"turn{number}.test"
            assert ask(edge, name).rcode() == dns.rcode.NOERROR
            assert ask(edge, name).rcode() == dns.rcode.NOERROR
            writer.put("domain", name, verdict(name, category=f"kind{number}"))
            assert ask(edge, name).rcode() == dns.rcode.NXDOMAIN
            assert ask(edge, name).rcode() == dns.rcode.NXDOMAIN
            writer.remove("domain", name)
            assert ask(edge, name).rcode() == dns.rcode.NOERROR
        name = "target.bad.test"
        writer.put("domain", "target.bad.test", verdict(name, action="allow"))
        assert ask(edge, "alias.test").rcode() == dns.rcode.NOERROR
        assert ask(edge, "alias.test").rcode() == dns.rcode.NOERROR
        assert ask(edge, "other.bad.test").rcode() == dns.rcode.NXDOMAIN
        writer.remove("domain", "target.bad.test")
        assert ask(edge, "alias.test").rcode() == dns.rcode.NXDOMAIN
        writer.compact()
        assert ask(edge, "www.bad.test").rcode() == dns.rcode.NXDOMAIN
        assert ask(edge, "cached.test").rcode() == dns.rcode.NOERROR


def test_it_says_what_is_wrong_with_a_packet(edge):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", edge.port))
        sock.settimeout(5)
        for raw, rcode in (
            (b"\0\1\x01\0\0\2\0\0\0\0\0\0", 1),
            (b"\0\1\x28\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 4),
            (b"\0\1\x01\0\0\1\0\0\0\0\0\0\x41abc\0\0\1\0\1", 1),
            (b"\0\1\x01\0\0\1\0\0\0\0\0\1\1a\0\0\1\0\1", 1),
        ):
            sock.send(raw)
            reply = sock.recv(512)
            assert reply[:2] == raw[:2]
            assert (reply[2] & 0x80, reply[3] & 15) == (0x80, rcode)


def test_it_survives_noise(edge):
    chance = random.Random(5)
    good = dns.message.make_query("bad.test", "A", use_edns=0).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(3000):
            raw = bytearray(good if number % 2 else chance.randbytes(chance.randrange(80)))
            for _ in range(chance.randrange(4)):
                if raw:
                    raw[chance.randrange(len(raw))] = chance.randrange(256)
            sock.sendto(bytes(raw[: chance.randrange(len(raw) + 1)]), ("127.0.0.1", edge.port))
        sock.sendto(b"", ("127.0.0.1", edge.port))
        sock.sendto(bytes(9000), ("127.0.0.1", edge.port))
    assert edge.until(lambda: ask(edge, "www.bad.test").rcode() == dns.rcode.NXDOMAIN)
    assert edge.until(lambda: ask(edge, "www.good.test").rcode() == dns.rcode.NOERROR)


def test_it_pipelines_over_tcp(edge):
    names = ["slow.test", "bad.test", "pipe1.test", "pipe2.test"]
    queries = [dns.message.make_query(name, "A") for name in names]
    with socket.create_connection(("127.0.0.1", edge.port), timeout=5) as sock:
        for query in queries:
            raw = query.to_wire()
            sock.sendall(len(raw).to_bytes(2, "big") + raw)
        found = {}
        for _ in queries:
            size = int.from_bytes(sock.recv(2, socket.MSG_WAITALL), "big")
            reply = dns.message.from_wire(sock.recv(size, socket.MSG_WAITALL))
            found[reply.id] = reply.rcode()
    assert [found[query.id] for query in queries] == [0, 3, 0, 0]


def test_it_drops_a_tcp_client_that_sends_rubbish(edge):
    with socket.create_connection(("127.0.0.1", edge.port), timeout=15) as sock:
        sock.sendall(b"\0\5\xff\xff\xff\xff\xff")
        assert sock.recv(10) == b""
    assert ask(edge, "bad.test", tcp=True).rcode() == dns.rcode.NXDOMAIN


def test_it_counts_and_keeps_no_names(edge):
    ask(edge, "private-name.test")
    before = edge.status()["counts"]["queries"]
    ask(edge, "private-name.test")
    assert edge.until(lambda: edge.status()["counts"]["queries"] > before)
    for path in edge.home.rglob("*"):
        assert not path.is_file() or b"private-name" not in path.read_bytes()
