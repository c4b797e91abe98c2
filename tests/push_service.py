"""A push service for tests: a real HTTPS server that takes messages as FCM or autopush do, checks who sends, and
opens what it gets with the keys of the browsers that it stands for.

    with PushService() as service:
        browser = service.browser()
        …  # message to browser.subscription
        assert service.opened(browser) == [b"…"]

`SSL_CERT_FILE` names its authority (`service.authority`), `settings.PUSH_SERVICES` (or LACHAN_PUSH_SERVICES) its
place (`service.place`). Nothing of the product is used here: it reads the RFCs for itself.
"""

import base64
import dataclasses
import datetime as dt
import http.server
import ipaddress
import json
import secrets
import ssl
import struct
import tempfile
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HOST = "127.0.0.1"


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def raw_point(key):
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@dataclasses.dataclass
class Browser:
    """One subscription, and what only its browser has."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey
    auth: bytes
    server_key: str = ""

    @property
    def path(self):
        return "/" + self.endpoint.split("/", 3)[3]

    @property
    def subscription(self):
        """As `JSON.stringify(subscription)` gives it."""
        public = b64(raw_point(self.private.public_key()))
        keys = {"p256dh": public, "auth": b64(self.auth)}
        told = {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}
        return json.dumps(told | ({"key": self.server_key} if self.server_key else {}))


@dataclasses.dataclass(frozen=True)
class Push:
    """One request that was answered, whatever the answer."""

    path: str
    headers: dict
    body: bytes
    status: int
    claims: dict


def vapid_read(header):
    """The claims and the key of an Authorization header whose signature holds (RFC 8292)."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    told = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = told["t"].split(".")
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = unb64(signature)
    assert len(raw) == 64
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(told["k"]))
    both = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(both, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(unb64(claims)), told["k"]


def decrypt(body, private, auth):
    """What a browser does with a body (RFC 8188, 8291)."""
    salt, size, length = struct.unpack(">16sIB", body[:21])
    sender, record = body[21 : 21 + length], body[21 + length :]
    assert len(record) <= size
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    shared = private.exchange(ec.ECDH(), public)

    def derive(salt, secret, info, length):
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

    info = b"WebPush: info\0" + raw_point(private.public_key()) + sender
    ikm = derive(auth, shared, info, 32)
    key = derive(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derive(salt, ikm, b"Content-Encoding: nonce\0", 12)
    padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
    assert padded[-1:] == b"\x02"
    return padded[:-1]


class PushService:
    """Attributes:
    answers: statuses to answer with next, each with headers; 201 when there are none left.
    pause: seconds before it answers.
    received: what it was sent, in order.
    """

    def __init__(self, *, host=HOST):
        self.host, self.answers, self.pause = host, [], 0.0
        self.received, self.refused = [], []
        self._gone = set()
        self._folder = tempfile.TemporaryDirectory(prefix="push-service-")
        self.authority = Path(self._folder.name) / "authority.pem"

    def __enter__(self):
        key_file = _certificate_write(self.authority, self.host)
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version, timeout = "HTTP/1.1", 10

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(service.pause)
                status, headers = service.take(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # who looks only at the certificate, or leaves early

        self._server = Server((self.host, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, key_file)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._folder.cleanup()

    @property
    def place(self):
        return self.host, self._server.server_address[1]

    @property
    def origin(self):
        return "https://{}:{}".format(*self.place)

    def browser(self, server_key=""):
        """A new subscription, to the instance's key where one is given."""
        endpoint = f"{self.origin}/push/{secrets.token_urlsafe(24)}"
        private = ec.generate_private_key(ec.SECP256R1())
        return Browser(endpoint, private, secrets.token_bytes(16), server_key)

    def forget(self, browser):
        """The browser's person said no: from now on it is 410."""
        self._gone.add(browser.path)

    def take(self, path, headers, body):
        claims, key = vapid_read(headers["Authorization"])
        assert claims["aud"] == self.origin
        assert 0 < claims["exp"] - time.time() <= 24 * 3600
        assert headers["Content-Encoding"] == "aes128gcm"
        assert headers["Urgency"] in {"very-low", "low", "normal", "high"}
        assert int(headers["TTL"]) >= 0
        assert len(headers.get("Topic", "")) <= 32
        assert len(body) <= 4096
        status, more = self.answers.pop(0) if self.answers else (201, {})
        if path in self._gone:
            status, more = 410, {}
        self.received.append(Push(path, headers, body, status, claims | {"k": key}))
        return status, {"Location": f"{self.origin}/message/x", **more}

    def opened(self, browser):
        """What this browser shows: of messages that it was told of twice under one topic, the later."""
        shown = {}
        for push in self.received:
            if push.path == browser.path and push.status == 201:
                shown[push.headers["Topic"]] = decrypt(push.body, browser.private, browser.auth)
        return list(shown.values())


def product_knows(service, settings, monkeypatch):
    """This process's product takes subscriptions to it, and trusts it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(service.authority))
    settings.PUSH_SERVICES = frozenset({service.place})
    settings.PUSH_CONTACT = "mailto:operator@shield.example"


def _certificate_write(path, host):
    """A certificate that is its own authority; the path of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "push service of a test")])
    now = dt.datetime.now(dt.UTC)
    at = x509.IPAddress(ipaddress.ip_address(host))
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([at]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_path = path.with_name("key.pem")
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key_path
