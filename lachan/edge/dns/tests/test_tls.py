"""DNS over TLS: the whole process, asked by real clients."""

import shutil
import socket
import ssl
import subprocess
import time

import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.upstream import Upstream
from tests.requirements import missing

HOST = "dns.shield.test"


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    upstream = Upstream()
    home = tmp_path_factory.mktemp("home")
    edge = Edge(home, [upstream.port], "--tls-listen", "127.0.0.1:0", "--name", HOST)
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test")], 7)
    assert edge.until(lambda: edge.status()["snapshot"]["sequence"] == 7)
    yield edge
    code, rest = edge.stop()
    upstream.close()
    assert (code, rest) == (0, "")


def context_of(edge):
    return ssl.create_default_context(cafile=edge.authority)


def connect(edge, name=HOST, context=None, **more):
    raw = socket.create_connection(("127.0.0.1", edge.sealed_port), timeout=10)
    return (context or context_of(edge)).wrap_socket(raw, server_hostname=name, **more)


def ask(edge, name, kind="A", *, host=HOST, **more):
    query = dns.message.make_query(name, kind, **more)
    return dns.query.tls(
        query, "127.0.0.1", 10, edge.sealed_port, ssl_context=context_of(edge), server_hostname=host
    )


def exchange(link, packets):
    """Replies in the order in which they come."""
    link.sendall(b"".join(len(raw).to_bytes(2, "big") + raw for raw in packets))
    return [frame_read(link) for _ in packets]


def frame_read(link):
    size = int.from_bytes(exactly(link, 2), "big")
    return exactly(link, size)


def exactly(link, size):
    found = b""
    while len(found) < size:
        piece = link.recv(size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


@pytest.mark.parametrize("host", [HOST, f"k3x9.{HOST}", f"check.{HOST}"])
def test_it_answers_over_tls_under_each_of_its_names(edge, host):
    assert ask(edge, "bad.test", host=host).rcode() == dns.rcode.NXDOMAIN
    assert ask(edge, "good.test", host=host).answer[0][0].address == "192.0.2.7"


def test_it_answers_out_of_order_what_comes_in_one_piece(edge):
    names = ["slow.test", "bad.test", "pipe1.test", "bad.test"]
    packets = [
        dns.message.make_query(name, "A", id=number).to_wire() for number, name in enumerate(names)
    ]
    with connect(edge) as link:
        replies = [dns.message.from_wire(raw) for raw in exchange(link, packets)]
    assert [reply.id for reply in replies][-1] == 0
    found = {reply.id: reply.rcode() for reply in replies}
    assert found == {0: 0, 1: 3, 2: 0, 3: 3}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_resumes_a_session(edge, version):
    context = context_of(edge)
    context.minimum_version = context.maximum_version = version
    packet = dns.message.make_query("bad.test", "A").to_wire()
    with connect(edge, context=context) as link:
        exchange(link, [packet])
        session = link.session
    with connect(edge, context=context, session=session) as link:
        assert link.session_reused
        assert link.version() == version.name.replace("_", ".")
        assert exchange(link, [packet])[0][3] & 15 == 3


def test_it_offers_no_older_tls(edge):
    context = context_of(edge)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        connect(edge, context=context)


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 40, b"\x16\x03"]
)
def test_it_closes_on_what_is_no_tls_and_goes_on(edge, garbage):
    with socket.create_connection(("127.0.0.1", edge.sealed_port), timeout=10) as raw:
        raw.sendall(garbage)
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass
    assert ask(edge, "bad.test").rcode() == dns.rcode.NXDOMAIN


def test_it_waits_for_the_other_half_of_a_question(edge):
    packet = dns.message.make_query("bad.test", "A").to_wire()
    framed = len(packet).to_bytes(2, "big") + packet
    with connect(edge) as link:
        for at in range(0, len(framed), 7):
            link.sendall(framed[at : at + 7])
            time.sleep(0.01)
        assert frame_read(link)[3] & 15 == 3


def test_it_answers_questions_of_every_size(edge):
    """Larger than one record, and than what is read at once."""
    padded = dns.message.make_query("bad.test", "A", use_edns=0, pad=16_384)
    packets = [padded.to_wire(max_size=65_535)] * 30
    with connect(edge) as link:
        link.sendall(b"".join(len(raw).to_bytes(2, "big") + raw for raw in packets))
        assert {frame_read(link)[3] & 15 for _ in packets} == {3}


@pytest.mark.parametrize(
    "command",
    [
        ["kdig", "+tls-ca={ca}", "+tls-hostname=abc.dns.shield.test"],
        ["kdig", "+tls-ca={ca}", "+tls-sni=abc.dns.shield.test", "+tls-hostname=dns.shield.test"],
    ],
)
def test_it_answers_kdig(edge, command):
    if shutil.which("kdig") is None:
        missing("kdig asks the real edge here: apt-get install knot-dnsutils")
    words = [word.format(ca=edge.authority) for word in command]
    asked = ["@127.0.0.1", "-p", str(edge.sealed_port), "bad.test", "A"]
    done = subprocess.run([*words, *asked], capture_output=True, text=True, check=True)
    assert "TLS session" in done.stdout
    assert "NXDOMAIN" in done.stdout


def test_it_takes_a_new_certificate_and_keeps_to_a_good_one(edge):
    """The trial's own is made anew where it is damaged; nobody is cut off by it."""

    def shown():
        with connect(edge) as link:
            return link.getpeercert()["serialNumber"]

    before = shown()
    folder = edge.home / "tls"
    with connect(edge) as link:
        (folder / "edge.key").write_bytes((folder / "authority.key").read_bytes())
        assert edge.until(lambda: shown() != before)
        packet = dns.message.make_query("bad.test", "A").to_wire()
        assert exchange(link, [packet])[0][3] & 15 == 3
