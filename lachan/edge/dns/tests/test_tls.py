"""DNS over TLS: the whole process, asked by real clients."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import time

import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns import streams as streams_module
from lachan.edge.dns.asker import TLS, Policies
from lachan.edge.dns.authority import Authority
from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.names import OwnNames
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.tcp import TcpServer
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


UNBOUND = """server:
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1
  port: {port}
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  tls-cert-bundle: "{authority}"
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@{edge}#k3x9.{host}
remote-control:
  control-enable: no
"""


def test_unbound_forwards_to_it(edge, tmp_path):
    """A home's own resolver, in front of the edge: it looks at the certificate, and holds the connection open."""
    if shutil.which("unbound") is None:
        missing("Unbound asks the real edge here: apt-get install unbound")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "unbound.conf"
    given = {"folder": tmp_path, "port": port, "authority": edge.authority, "host": HOST}
    config.write_text(UNBOUND.format(edge=edge.sealed_port, **given))
    process = subprocess.Popen(
        [shutil.which("unbound"), "-d", "-c", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def answer(name):
        query = dns.message.make_query(name, "A")
        return dns.query.udp(query, "127.0.0.1", port=port, timeout=2)

    try:
        assert edge.until(lambda: answer("www.bad.test").rcode() == dns.rcode.NXDOMAIN)
        assert edge.until(lambda: answer("unbound.test").answer[0][0].address == "192.0.2.7")
    finally:
        process.terminate()
        process.wait(20)


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


def test_it_prints_no_name_that_a_client_asked_to_reach(tmp_path):
    """OpenSSL lets any bytes through; Python would print what it could not read."""
    upstream = Upstream()
    edge = Edge(tmp_path, [upstream.port], "--tls-listen", "127.0.0.1:0", "--name", HOST)
    with connect(edge, context=context_of(edge), name=HOST):
        pass
    hello = _hello(HOST)
    for name in (b"secret-\xff\xfe-label", b"secret-label.dns.shield.test", b"secret\0label"):
        with socket.create_connection(("127.0.0.1", edge.sealed_port), timeout=10) as raw:
            raw.sendall(_renamed(hello, name))
            raw.recv(4096)
    assert ask(edge, "good.test").rcode() == dns.rcode.NOERROR
    _, said = edge.stop()
    upstream.close()
    assert b"secret" not in said.encode(errors="replace")


def _hello(name):
    """What a client says first."""
    out = ssl.MemoryBIO()
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    return out.read()


def _renamed(hello, name):
    """The same hello, of who asks for another name: four lengths stand before it."""
    at = hello.index(HOST.encode())
    more = len(name) - len(HOST)
    raw = bytearray(hello[:at] + name + hello[at + len(HOST) :])
    extensions = 5 + 4 + 2 + 32 + 1 + raw[43]
    extensions += 2 + int.from_bytes(raw[extensions : extensions + 2], "big")
    extensions += 1 + raw[extensions]
    for place, size in ((3, 2), (6, 3), (extensions, 2), (at - 2, 2), (at - 5, 2), (at - 7, 2)):
        value = int.from_bytes(raw[place : place + size], "big") + more
        raw[place : place + size] = value.to_bytes(size, "big")
    return bytes(raw)


def certificates_of(folder):
    return Certificates(Authority(folder, HOST, ("127.0.0.1",)).files, ["dot"])


class Echo:
    """A responder that knows who asked."""

    def __init__(self):
        self.askers = []

    def at_once(self, packet, asker):
        self.askers.append(asker)
        return packet


async def _opened(port, host, context):
    return await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host)


async def _served(folder, work, **more):
    responder, found = Echo(), certificates_of(folder)
    tcp = TcpServer(
        responder, Policies(Policy()), TLS, certificates=found, names=OwnNames(HOST), **more
    )
    server = await tcp.start("127.0.0.1", 0)
    context = ssl.create_default_context(cafile=folder / "tls" / "authority.pem")
    try:
        return await work(server.sockets[0].getsockname()[1], context, responder)
    finally:
        server.close()
        tcp.close()
        await asyncio.sleep(0.05)


async def _echoed(reader, writer, number=0):
    packet = dns.message.make_query(f"n{number}.test", "A").to_wire()
    writer.write(len(packet).to_bytes(2, "big") + packet)
    assert (await reader.readexactly(2 + len(packet)))[2:] == packet


@pytest.mark.own_loop
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_who_asks_is_known_by_the_name_it_asked_to_reach(tmp_path, version):
    async def work(port, context, responder):
        context.maximum_version = context.minimum_version = ssl.TLSVersion[version]
        for host in (f"K3x9.{HOST}", HOST, f"k3x9.{HOST}", "127.0.0.1"):
            reader, writer = await _opened(port, host, context)
            await _echoed(reader, writer)
            writer.close()
        return [(one.connection.transport, one.connection.token) for one in responder.askers]

    found = asyncio.run(_served(tmp_path, work))
    assert found == [("tls", b"k3x9"), ("tls", b""), ("tls", b"k3x9"), ("tls", b"")]


@pytest.mark.own_loop
def test_a_flood_of_connections_reaches_nobody_else(monkeypatch, tmp_path):
    """Whether they say nothing, or half of a hello."""
    monkeypatch.setattr(streams_module, "HANDSHAKE_SECONDS", 1.0)

    async def work(port, context, _):
        mine = await _opened(port, HOST, context)
        await _echoed(*mine)
        flood = [
            await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.9.1", 0))
            for _ in range(30)
        ]
        for _, writer in flood[::2]:
            writer.write(_hello(HOST)[:50])
        await asyncio.sleep(0.1)
        await _echoed(*mine, 1)
        another = await _opened(port, HOST, context)
        await _echoed(*another)
        ended = [await asyncio.wait_for(_end_of(reader), 10) for reader, _ in flood]
        for _, writer in (*flood, mine, another):
            writer.close()
        return ended

    assert len(asyncio.run(_served(tmp_path, work, connections=10))) == 30


async def _end_of(reader):
    try:
        return await reader.read()
    except OSError:
        return b""


@pytest.mark.own_loop
def test_it_ends_what_is_silent_and_what_says_half(tmp_path):
    async def work(port, context, _):
        silent, half = [await _opened(port, HOST, context) for _ in range(2)]
        half[1].write(b"\0\x20half")
        began = time.monotonic()
        for reader, writer in (silent, half):
            assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()
        return time.monotonic() - began

    assert asyncio.run(_served(tmp_path, work, idle_seconds=0.5)) > 0.3


@pytest.mark.own_loop
def test_a_session_of_one_device_makes_no_other_of_the_next(tmp_path):
    """A ticket that was given under one name, used under another."""

    async def work(port, context, responder):
        def both():
            session = None
            for host in (f"one.{HOST}", f"two.{HOST}"):
                raw = socket.create_connection(("127.0.0.1", port), timeout=10)
                with context.wrap_socket(raw, server_hostname=host, session=session) as link:
                    exchange(link, [dns.message.make_query("n.test", "A").to_wire()])
                    session = link.session

        await asyncio.to_thread(both)
        return [one.connection.token for one in responder.askers]

    assert asyncio.run(_served(tmp_path, work)) == [b"one", b"two"]
