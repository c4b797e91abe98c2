"""The trial's own authority: who trusts it trusts this edge and nobody else."""

import ssl
import threading
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from lachan.edge.dns import authority as module
from lachan.edge.dns.authority import LEAF_DAYS, RENEW_DAYS, Authority
from lachan.edge.dns.certificates import BadCertificate, Certificates, Pair, pair_check, pair_read
from lachan.kernel.errors import Unavailable

HOST = "dns.shield.test"


def make(home, *addresses, host=HOST):
    return Authority(home, host, addresses)


def handshake(authority, server_name, pair=None):
    """Both ends, without a socket. Raises: ssl.SSLError."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*(pair or authority.files()))
    client = ssl.create_default_context(cafile=authority.certificate)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(down, up, server_hostname=server_name)
    answers = server.wrap_bio(up, down, server_side=True)
    for _ in range(3):
        for end in (asks, answers):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("name", [HOST, f"k3x9.{HOST}", "127.0.0.1", "192.168.1.5", "fd00::5"])
def test_it_vouches_for_the_edge_by_its_names_and_addresses(tmp_path, name):
    handshake(make(tmp_path, "127.0.0.1", "192.168.1.5", "fd00::5", "198.51.100.1"), name)


@pytest.mark.parametrize(
    "name", ["shield.test", "bank.test", f"a.b.{HOST}", "10.0.0.1", "198.51.100.1"]
)
def test_it_vouches_for_nobody_else(tmp_path, name):
    with pytest.raises(ssl.SSLError):
        handshake(make(tmp_path, "127.0.0.1", "198.51.100.1"), name)


@pytest.mark.parametrize("name", ["bank.test", "198.51.100.1"])
def test_its_key_opens_nobody_elses_door(tmp_path, name):
    """Whoever stole it could sign this; no client believes him."""
    authority = make(tmp_path)
    authority.files()
    signer = load_pem_private_key((tmp_path / "tls" / "authority.key").read_bytes(), None)
    found = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    stolen = Authority(tmp_path / "thief", "bank.test")
    stolen._addresses = ()
    stolen._folder.mkdir(parents=True)
    names = [x509.DNSName("bank.test"), x509.IPAddress(module.ipaddress.ip_address("198.51.100.1"))]
    stolen._names_kept = lambda: names
    stolen._leaf_make(found, signer)
    with pytest.raises(ssl.SSLError, match="permitted subtree"):
        handshake(authority, name, stolen._leaf)


def test_its_keys_are_its_owners(tmp_path):
    make(tmp_path).files()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").iterdir()}
    assert modes["authority.key"] == modes["edge.key"] == 0o600
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700


def days_later(monkeypatch, days):
    class Later(module.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + timedelta(days=days)

    monkeypatch.setattr(module, "datetime", Later)


def test_it_makes_the_edges_certificate_anew_in_time_and_stays_itself(tmp_path, monkeypatch):
    authority = make(tmp_path)
    first, root = pair_read(*authority.files()), authority.certificate.read_bytes()
    days_later(monkeypatch, LEAF_DAYS - RENEW_DAYS - 2)
    assert pair_read(*authority.files()) == first
    days_later(monkeypatch, LEAF_DAYS - RENEW_DAYS + 2)
    second = pair_read(*authority.files())
    assert second != first
    assert pair_check(second) - pair_check(first) >= timedelta(days=50)
    assert authority.certificate.read_bytes() == root
    days_later(monkeypatch, 4_000)
    assert pair_read(*authority.files()) != second
    assert authority.certificate.read_bytes() != root


def test_two_processes_have_one_certificate(tmp_path):
    one, other = make(tmp_path, "127.0.0.1"), make(tmp_path, "192.168.1.5")
    threads = [threading.Thread(target=each.files) for each in (one, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled = pair_read(*one.files())
    assert pair_read(*other.files()) == settled
    for name in ("127.0.0.1", "192.168.1.5"):
        handshake(one, name)


def test_another_name_is_another_authority(tmp_path):
    first = make(tmp_path)
    first.begin()
    shown = first.fingerprint()
    first.begin()
    assert first.fingerprint() == shown
    second = make(tmp_path, host="dns.other.test")
    handshake(second, "a.dns.other.test")
    assert second.fingerprint() != shown


def test_what_is_there_serves_on_where_nothing_can_be_written(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    authority = make(tmp_path)
    first = pair_read(*authority.files())
    monkeypatch.setattr(module, "file_write", full)
    days_later(monkeypatch, LEAF_DAYS - 5)
    assert pair_read(*authority.files()) == first
    with pytest.raises(Unavailable, match="No space left"):
        make(tmp_path / "new").files()


def other_pair(tmp_path):
    return pair_read(*make(tmp_path / "other").files())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda pair, other: Pair(pair.certificate, other.key), "another certificate's"),
        (lambda pair, other: Pair(other.certificate, pair.key), "another certificate's"),
        (
            lambda pair, _: Pair(pair.certificate[:200], pair.key),
            "no PEM file with a certificate",
        ),
        (lambda pair, _: Pair(b"", pair.key), "no PEM file with a certificate"),
        (lambda pair, _: Pair(pair.certificate, b""), "no PEM file with a private key"),
        (
            lambda pair, _: Pair(pair.certificate, pair.key[:100]),
            "no PEM file with a private key",
        ),
        (lambda pair, _: Pair(pair.key, pair.certificate), "no PEM file"),
        (lambda *_: Pair(b"\xff" * 100, b"\xff" * 100), "no PEM file"),
    ],
)
def test_a_pair_that_cannot_be_used_changes_nothing(tmp_path, damage, words):
    authority = make(tmp_path)
    files = authority.files()
    given = Certificates(lambda: files, ["dot"])
    good = given.pair
    bad = damage(good, other_pair(tmp_path))
    for path, raw in zip(files, (bad.certificate, bad.key), strict=True):
        path.write_bytes(raw)
    assert given.follow() is False
    assert words in given.fault
    assert given.pair == good
    for path, raw in zip(files, (good.certificate, good.key), strict=True):
        path.write_bytes(raw)
    assert given.follow() is False
    assert given.fault == ""
    with pytest.raises(BadCertificate):
        pair_check(bad)


def test_a_locked_key_is_named(tmp_path):
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat

    pair = pair_read(*make(tmp_path).files())
    key = load_pem_private_key(pair.key, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    with pytest.raises(BadCertificate, match="locked by a password"):
        pair_check(Pair(pair.certificate, locked))


def test_a_file_that_is_gone_is_named(tmp_path):
    files = make(tmp_path).files()
    given = Certificates(lambda: files, ["dot"])
    files[1].unlink()
    assert given.follow() is False
    assert given.fault == "the key cannot be read: No such file or directory"


def test_it_says_that_a_certificate_has_ended(tmp_path):
    authority = make(tmp_path)
    files = authority.files()
    given = Certificates(lambda: files, ["dot"])
    given.until -= timedelta(days=200)
    assert given.follow() is False
    assert "has ended" in given.fault


def test_a_new_pair_is_taken(tmp_path):
    authority = make(tmp_path)
    files = authority.files()
    given = Certificates(lambda: files, ["dot"])
    before = x509.load_pem_x509_certificate(given.pair.certificate).fingerprint(hashes.SHA256())
    files[1].unlink()
    authority.files()
    assert given.follow() is True
    after = x509.load_pem_x509_certificate(given.pair.certificate).fingerprint(hashes.SHA256())
    assert (after != before, given.fault) == (True, "")
