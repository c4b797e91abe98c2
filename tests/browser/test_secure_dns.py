"""Chromium with the edge as its secure DNS: what a family's computer does."""

import base64
import hashlib
import http.server
import json
import socket
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Error

from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.upstream import Upstream
from lachan.formats.profiles.door import check, check_name, device_digest, nonce_new
from tests.chromium import PATIENCE, launching

HOST = "dns.localhost"  # every browser knows where that is


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>blocked here</title>")

    def log_message(self, *_):
        pass


@pytest.fixture
def edge(tmp_path):
    upstream = Upstream()
    flags = ["--https", "--https-listen", "127.0.0.1:0", "--answer", "page", "--page", "127.0.0.1"]
    edge = Edge(tmp_path / "home", [upstream.port], *flags)
    with edge.writer() as writer:
        writer.rebuild([verdict("bad.test")], 7)
    assert edge.until(lambda: edge.status()["snapshot"]["sequence"] == 7)
    yield edge
    edge.stop()
    upstream.close()


@pytest.mark.browser
def test_chromium_asks_here_and_nobody_else(chromium, edge, tmp_path):
    leaf = x509.load_pem_x509_certificate((edge.home / "tls" / "edge.pem").read_bytes())
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    profile = tmp_path / "profile"
    profile.mkdir()
    template = f"https://{HOST}:{edge.sealed_port}/dns-query/k3x9"
    secure = {"mode": "secure", "templates": template}
    (profile / "Local State").write_text(json.dumps({"dns_over_https": secure}))
    launched = launching()
    launched["args"] += [f"--ignore-certificate-errors-spki-list={pin}"]
    nonce = nonce_new()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        free = nobody.getsockname()[1]
    assert check(edge.home, nonce) == ([], 1)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = chromium.browser_type.launch_persistent_context(str(profile), **launched)
        try:
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(f"http://www.bad.test:{server.server_port}/")
            assert page.title() == "blocked here"
            with pytest.raises(Error, match="net::ERR"):
                page.goto(f"http://{check_name(nonce, HOST)}:{free}/")
        finally:
            context.close()
            server.shutdown()
    (seen,), _ = check(edge.home, nonce)
    assert (seen.way, seen.device) == ("https", device_digest("k3x9"))
