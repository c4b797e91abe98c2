"""A real nginx with deploy's own configuration: what it hands on, what it keeps from it, and what it never writes."""

import contextlib
import dataclasses
import datetime as dt
import http.client
import http.server
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.requirements import missing

NGINX = Path("deploy/nginx").absolute()
ADDRESS = "127.0.0.1"
MAIN = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    default_type application/octet-stream;
    types {{ text/html html; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/other;
    uwsgi_temp_path {folder}/other;
    scgi_temp_path {folder}/other;
    access_log off;
    include {folder}/conf.d/*.conf;
}}
"""


@pytest.fixture(autouse=True, scope="module")
def _nginx():
    if shutil.which("nginx") is None:
        missing("install nginx: the proxy's own configuration is tried with it")


class Behind(http.server.BaseHTTPRequestHandler):
    """What stands in the product's place: keeps what came, answers `/long` with many bytes."""

    protocol_version = "HTTP/1.1"

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.came.append((self.headers.items(), body))
        sent = b"x" * (
            int(self.path.rpartition("/")[2]) if self.path.rpartition("/")[2].isdecimal() else 2
        )
        self.send_response(503 if self.path == "/resting" else 200)
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("Lachan-Answer", "1")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(sent)
            self.server.answered.set()

    do_GET = do_POST = _answer  # noqa: N815  http.server calls them so

    def log_message(self, *_):
        pass


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "report.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    form = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(made.public_bytes(form))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain)
    )


def free_port():
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


def configure(folder, behind, outward, **more):
    """Deploy's files as they are, but for ports and places of this machine, and `more`."""
    (folder / "conf.d").mkdir()
    certificate(folder)
    changed = {
        "/etc/lachan/tls": str(folder), "/opt/lachan/deploy/nginx": str(NGINX),
        "127.0.0.1:8000": f"{ADDRESS}:{behind}", "127.0.0.1:8001": f"{ADDRESS}:{behind}",
        "listen 443 ": f"listen {ADDRESS}:{outward} ", "listen 80;": f"listen {ADDRESS}:{free_port()};",
        "listen [::]:443 ssl;": "", "listen [::]:80;": "",
    } | more  # fmt: skip
    for path in NGINX.glob("*.conf"):
        text = path.read_text()
        for old, new in changed.items():
            text = text.replace(old, new)
        (folder / "conf.d" / path.name).write_text(text)
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    return [
        "nginx",
        "-p",
        str(folder),
        "-e",
        str(folder / "error.log"),
        "-c",
        str(folder / "nginx.conf"),
    ]


@dataclasses.dataclass
class Proxy:
    folder: Path
    outward: int
    pid: int
    behind: http.server.ThreadingHTTPServer | None = None


@contextlib.contextmanager
def started(folder, behind, **more):
    outward = free_port()
    process = subprocess.Popen(configure(folder, behind, outward, **more))
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                socket.create_connection((ADDRESS, outward), 1).close()
                break
            time.sleep(0.05)
        yield Proxy(folder, outward, process.pid)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    behind = http.server.ThreadingHTTPServer((ADDRESS, 0), Behind)
    behind.came, behind.answered = [], threading.Event()
    threading.Thread(target=behind.serve_forever, args=(0.05,), daemon=True).start()
    with started(tmp_path_factory.mktemp("nginx"), behind.server_port) as proxy:
        proxy.behind = behind
        yield proxy
    behind.shutdown()
    behind.server_close()


def line(proxy):
    """A connection as a browser's, under the public name."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting.wrap_socket(
        socket.create_connection((ADDRESS, proxy.outward), 20), server_hostname="report.example"
    )


def ask(proxy, path, headers=(), body=b""):
    with line(proxy) as out:
        head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: report.example\r\nConnection: close\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers)
        out.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = http.client.HTTPResponse(out)
        answer.begin()
        return answer, answer.read()


def written(proxy, kind):
    """The proxy's temporary files of a kind. nginx takes their names away at once: they are found where they are open."""
    children = Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children").read_text().split()
    found = []
    for link in (link for child in children for link in Path(f"/proc/{child}/fd").iterdir()):
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return [name for name in found if name.startswith(str(proxy.folder / kind))]


def test_it_is_taken_by_nginx(tmp_path):
    command = configure(tmp_path, free_port(), free_port())
    ran = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert [row for row in ran.stderr.splitlines() if "warn" in row or "emerg" in row] == []


def test_it_says_itself_what_the_product_believes_and_never_who_asked(proxy):
    told = [
        ("X-Forwarded-Proto", "http"), ("X_Forwarded_Proto", "http"), ("X-Forwarded-For", "198.51.100.7"),
        ("X-Real-IP", "198.51.100.7"), ("Forwarded", "for=198.51.100.7"), ("Accept-Language", "vi"),
    ]  # fmt: skip
    proxy.behind.came.clear()
    answer, _ = ask(proxy, "/report/", told)
    assert answer.headers["Lachan-Answer"] == "1"
    came = {name.lower(): value for name, value in proxy.behind.came[0][0]}
    assert came.pop("content-length", "0") == "0"
    assert came == {"host": "report.example", "x-forwarded-proto": "https", "accept-language": "vi"}


def test_it_hands_a_request_on_when_it_is_whole_and_keeps_it_off_the_disk(proxy):
    body, half = b"w" * 900_000, 450_000
    proxy.behind.came.clear()
    with line(proxy) as out:
        head = (
            f"POST /report/ HTTP/1.1\r\nHost: report.example\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        out.sendall(head.encode() + body[:half])
        time.sleep(0.3)
        assert proxy.behind.came == []
        assert written(proxy, "body") == []
        out.sendall(body[half:])
        answer = http.client.HTTPResponse(out)
        answer.begin()
        assert answer.status == 200
    assert proxy.behind.came[0][1] == body


def unread(proxy, path, until):
    """What of an answer that nobody reads lies on the proxy's disk, once `until` is true."""
    with line(proxy) as out:
        out.sendall(f"GET {path} HTTP/1.1\r\nHost: report.example\r\n\r\n".encode())
        end = time.monotonic() + 20
        while not until() and time.monotonic() < end:
            time.sleep(0.02)
        assert until()
        return written(proxy, "proxy")


def test_it_takes_an_answer_off_at_once(proxy):
    proxy.behind.answered.clear()
    assert unread(proxy, "/staff/cases/900000", proxy.behind.answered.is_set) == []


def test_it_keeps_lists_alone_on_its_disk(proxy):
    """Much more than any memory takes: the page goes only as fast as it is read."""
    assert unread(proxy, "/v1/lists/40000000", lambda: written(proxy, "proxy"))
    late = time.monotonic() + 1
    assert unread(proxy, "/staff/cases/40000000", lambda: time.monotonic() > late) == []


def test_it_lets_the_product_explain_its_own_errors(proxy):
    answer, said = ask(proxy, "/resting")
    assert (answer.status, said) == (503, b"xx")
    assert answer.headers["Lachan-Answer"] == "1"


def test_it_takes_no_more_than_the_product_does(proxy):
    answer, _ = ask(proxy, "/report/", body=b"w" * 1_100_000)
    assert answer.status == 413
    assert answer.headers["Lachan-Answer"] is None  # so that the page keeps its words


def test_it_tells_whom_to_call_where_nothing_answers_and_claims_nothing_arrived(tmp_path):
    with started(tmp_path, free_port()) as proxy:
        answer, said = ask(proxy, "/report/", body=b"w" * 100)
    assert answer.status == 502
    assert (NGINX / "unavailable.html").read_bytes() == said
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Lachan-Answer"] is None
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_has_words_for_who_comes_from_a_crowded_address(proxy, tmp_path):
    few = {"limit_conn each 200;": "limit_conn each 1;"}
    with started(tmp_path, proxy.behind.server_port, **few) as crowded, line(crowded) as slow:
        slow.sendall(
            b"POST /report/ HTTP/1.1\r\nHost: report.example\r\nContent-Length: 9\r\n\r\nhalf"
        )
        until = time.monotonic() + 10
        while (found := ask(crowded, "/"))[0].status != 503 and time.monotonic() < until:
            time.sleep(0.05)
    answer, said = found
    assert answer.status == 503
    assert (NGINX / "unavailable.html").read_bytes() == said
    assert answer.headers["Lachan-Answer"] is None
