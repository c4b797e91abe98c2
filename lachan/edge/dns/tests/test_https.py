"""DNS over HTTPS: the whole process, asked by real clients."""

import base64
import http.client
import http.server
import shutil
import socket
import ssl
import subprocess
import threading
import time

import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns.authority import Authority
from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.upstream import Upstream
from lachan.formats.profiles.door import check, device_digest, nonce_new
from tests.requirements import missing

HOST = "dns.shield.test"
MEDIA = "application/dns-message"


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    upstream = Upstream()
    home = tmp_path_factory.mktemp("home")
    flags = ["--https", "--https-listen", "127.0.0.1:0", "--name", HOST]
    edge = Edge(home, [upstream.port], *flags, "--answer", "page", "--page", "127.0.0.1")
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test")], 7)
    assert edge.until(lambda: edge.status()["snapshot"]["sequence"] == 7)
    yield edge
    code, rest = edge.stop()
    upstream.close()
    assert (code, rest) == (0, "")


def packet(name="bad.test", kind="A", **more):
    return dns.message.make_query(name, kind, id=0, **more).to_wire()


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def link(edge, *protocols):
    context = ssl.create_default_context(cafile=edge.authority)
    context.set_alpn_protocols(list(protocols))
    raw = socket.create_connection(("127.0.0.1", edge.sealed_port), timeout=10)
    return context.wrap_socket(raw, server_hostname=HOST)


def browser(edge):
    """HTTP/1.1, as Python's own client speaks it."""
    connection = http.client.HTTPConnection(HOST)
    connection.sock = link(edge, "http/1.1")
    return connection


def ask(connection, method, path, body=None, headers=None):
    usual = {"Content-Type": MEDIA} if body else {}
    connection.request(method, path, body, usual if headers is None else headers)
    answer = connection.getresponse()
    return answer, answer.read()


@pytest.mark.parametrize("path", ["/dns-query", "/dns-query/k3x9", "/dns-query/no-such-device"])
def test_it_answers_get_and_post(edge, path):
    connection = browser(edge)
    for answer, body in (
        ask(connection, "GET", f"{path}?dns={encoded(packet())}"),
        ask(connection, "GET", f"{path}?ct=x&dns={encoded(packet())}"),
        ask(connection, "POST", path, packet()),
    ):
        assert answer.status == 200
        assert answer.headers["content-type"] == MEDIA
        assert answer.headers["cache-control"] == "max-age=10"
        assert dns.message.from_wire(body).answer[0][0].address == "127.0.0.1"
    answer, body = ask(connection, "POST", path, packet("good.test"))
    assert answer.headers["cache-control"] in {f"max-age={left}" for left in range(200, 301)}
    answer, body = ask(connection, "POST", path, packet("slow.test"))
    assert dns.message.from_wire(body).answer[0][0].address == "192.0.2.7"
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("GET", "/", None, None, 404),
        ("GET", "/dns-queryx?dns=AAAA", None, None, 404),
        ("GET", "/dns-query", None, None, 400),
        ("GET", "/dns-query?dns=!!!", None, None, 400),
        ("GET", "/dns-query?dns=", None, None, 400),
        ("GET", f"/dns-query?dns={encoded(b'short')}", None, None, 400),
        ("GET", f"/dns-query?dns={encoded(bytes(70_000))}", None, None, 414),
        ("POST", "/dns-query", b"x", "text/plain", 415),
        ("POST", "/dns-query", b"x", None, 415),
        ("POST", "/dns-query", b"", MEDIA, 400),
        ("POST", "/dns-query", bytes(70_000), MEDIA, 413),
        ("PUT", "/dns-query", packet(), MEDIA, 405),
        ("DELETE", "/dns-query", None, None, 405),
    ],
)
def test_it_says_what_is_wrong(edge, method, path, body, kind, status):
    connection = browser(edge)
    answer, said = ask(connection, method, path, body, {"Content-Type": kind} if kind else {})
    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/plain")
    assert said.endswith(b"\n")
    assert (answer.headers["allow"] == "GET, POST") == (status == 405)
    connection.close()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\r\n\r\n", b"400"),
        (b"GET /dns-query\r\n\r\n", b"400"),
        (b"GET /dns-query HTTP/3\r\n\r\n", b"505"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\na : b\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nab", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nab", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", b"411"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\na: " + b"x" * 200_000, b"431"),
        (b"GET /" + b"x" * 200_000, b"414"),
    ],
)
def test_it_closes_on_what_is_no_request(edge, raw, status):
    with link(edge) as sock:
        sock.sendall(raw)
        said = b""
        while piece := sock.recv(4096):
            said += piece
    assert said.split(b" ")[1] == status
    assert b"connection: close" in said


def test_it_answers_one_after_another_what_came_in_one_piece(edge):
    names = ["slow.test", "bad.test", "pipe1.test"]
    parts = [
        f"GET /dns-query?dns={encoded(packet(name))} HTTP/1.1\r\nHost: x\r\n\r\n" for name in names
    ]
    with link(edge, "http/1.1") as sock:
        sock.sendall("".join(parts).encode())
        said = b""
        while said.count(b"HTTP/1.1 200 OK") < 3:
            said += sock.recv(4096)
    assert [said.index(name) for name in (b"slow", b"bad", b"pipe1")] == sorted(
        said.index(name) for name in (b"slow", b"bad", b"pipe1")
    )


def test_it_says_by_which_way_and_label_it_was_asked(edge):
    """From the device's look-up to the page that waits for it, through the process's door."""
    connection, nonce = browser(edge), nonce_new()
    assert check(edge.home, nonce) == ([], 1)
    raw = packet(f"{nonce}.check.{HOST}", "AAAA")
    ask(connection, "POST", "/dns-query/K3x9", raw)
    ask(connection, "GET", f"/dns-query?dns={encoded(raw)}", None, {"Host": f"other.{HOST}:8443"})
    ask(connection, "POST", "/dns-query", raw)
    found, _ = check(edge.home, nonce)
    assert [(one.way, one.device) for one in found] == [
        ("https", device_digest("k3x9")), ("https", device_digest("other")), ("https", ""),
    ]  # fmt: skip
    connection.close()
    for path in edge.home.rglob("*"):
        assert not path.is_file() or nonce.encode() not in path.read_bytes()


def run(*command, check=True):
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=30).stdout


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_it_answers_curl(edge, version, tmp_path):
    if shutil.which("curl") is None:
        missing("curl asks the real edge here: apt-get install curl")
    body = tmp_path / "question"
    body.write_bytes(packet())
    at = f"{HOST}:{edge.sealed_port}"
    common = [
        "curl",
        "-sS",
        version,
        "--cacert",
        str(edge.authority),
        "--resolve",
        f"{at}:127.0.0.1",
    ]
    shown = run(*common, "-o", str(tmp_path / "answer"), "-w", "%{http_version} %{http_code} %{content_type}",
                "-H", f"Content-Type: {MEDIA}", "--data-binary", f"@{body}", f"https://{at}/dns-query")  # fmt: skip
    assert shown == f"{'2' if version == '--http2' else '1.1'} 200 {MEDIA}"
    assert dns.message.from_wire((tmp_path / "answer").read_bytes()).answer
    large = tmp_path / "large"
    large.write_bytes(bytes(5_000_000))
    shown = run(*common, "-w", "%{http_code}", "-H", f"Content-Type: {MEDIA}", "--data-binary", f"@{large}",
                f"https://{at}/dns-query", check=False)  # fmt: skip
    assert shown.endswith("413")


def test_curl_looks_names_up_here(edge):
    """`--doh-url`: a blocked name leads to the page, which this test serves."""
    if shutil.which("curl") is None:
        missing("curl asks the real edge here: apt-get install curl")

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["Host"].encode())

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"{HOST}:{edge.sealed_port}"
        shown = run("curl", "-sS", "--cacert", str(edge.authority), "--resolve", f"{at}:127.0.0.1",
                    "--doh-url", f"https://{at}/dns-query/k3x9", f"http://www.bad.test:{server.server_port}/")  # fmt: skip
        server.shutdown()
    assert shown == f"www.bad.test:{server.server_port}"


@pytest.mark.parametrize("way", ["+https", "+https-get"])
def test_it_answers_kdig(edge, way):
    if shutil.which("kdig") is None:
        missing("kdig asks the real edge here: apt-get install knot-dnsutils")
    shown = run("kdig", "@127.0.0.1", "-p", str(edge.sealed_port), "+https=" + HOST + "/dns-query/k3x9", way,
                f"+tls-ca={edge.authority}", f"+tls-hostname={HOST}", "bad.test", "A")  # fmt: skip
    assert "HTTP session (HTTP/2" in shown
    assert "127.0.0.1" in shown
    assert "Received 468 B" in shown


def test_it_counts_and_keeps_no_names(edge):
    def way():
        return edge.status()["ways"]["https"]

    since = time.time()
    assert edge.until(lambda: edge.status()["written"] > since and way()["connections"] == 0)
    before, connection = way()["questions"], browser(edge)
    ask(connection, "POST", "/dns-query/private-device", packet("private-name.test"))
    assert edge.until(lambda: way()["questions"] == before + 1)
    assert way()["connections"] == 1
    connection.close()
    assert edge.until(lambda: way()["connections"] == 0)
    for path in edge.home.rglob("*"):
        assert not path.is_file() or b"private-" not in path.read_bytes()


def test_it_goes_on_while_some_send_nothing_and_some_nonsense(edge):
    silent = [socket.create_connection(("127.0.0.1", edge.sealed_port)) for _ in range(50)]
    half = link(edge, "h2")
    half.sendall(b"PRI * HTTP/2.0\r\n")
    garbage = link(edge, "h2")
    garbage.sendall(b"\xff" * 1000)
    said = b""
    while piece := garbage.recv(4096):
        said += piece
    assert b"\x07\x00\x00\x00\x00\x00" in said  # GOAWAY
    connection = browser(edge)
    assert ask(connection, "POST", "/dns-query", packet())[0].status == 200
    for one in (*silent, half, garbage, connection):
        one.close()


def test_without_a_certificate_it_waits_for_one(tmp_path):
    """A pair that does not fit shuts no other way, and is taken as soon as it fits."""
    upstream = Upstream()
    good, other = (Authority(tmp_path / name, HOST) for name in ("good", "other"))
    (chain, key), (_, strange) = good.files(), other.files()
    pair = tmp_path / "pair.pem", tmp_path / "pair.key"
    shutil.copy(chain, pair[0])
    shutil.copy(strange, pair[1])
    files = ["--certificate", str(pair[0]), "--key", str(pair[1])]
    edge = Edge(tmp_path / "home", [upstream.port], "--tls-listen", "127.0.0.1:0", *files)
    assert "not over TLS yet (the key is another certificate's" in edge.said
    assert dns.query.udp(
        dns.message.make_query("good.test", "A"), "127.0.0.1", 10, edge.port
    ).answer
    assert edge.until(lambda: "another certificate's" in edge.status()["encrypted"]["fault"])
    assert edge.status()["encrypted"]["listen"] == []
    shutil.copy(key, pair[1])
    assert edge.until(lambda: edge.status()["encrypted"]["listen"])
    pair[1].write_text("half a k")
    assert edge.until(lambda: "no PEM file" in edge.status()["encrypted"]["fault"])
    context = ssl.create_default_context(cafile=good.certificate)
    raw = socket.create_connection(("127.0.0.1", edge.sealed_port), timeout=10)
    with context.wrap_socket(raw, server_hostname=HOST) as sock:
        asked = packet("good.test")
        sock.sendall(len(asked).to_bytes(2, "big") + asked)
        assert sock.recv(2)
    assert edge.stop()[0] == 0
    upstream.close()
