import plistlib
import subprocess
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lachan.formats.mobileconfig import DnsProfile, profile_bytes, signed

PROFILE = DnsProfile(
    way="https",
    server="https://dns.shield.example/dns-query/abcdefghij234567",
    identifier="example.shield.device.abcdefghij234567",
    name="Lá Chắn",
    explanation="Điện thoại này hỏi địa chỉ qua Lá Chắn.",
    organisation="shield.example",
)


def _signer(name="shield.example"):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), pem


def test_it_names_the_server_by_its_way():
    by_https = plistlib.loads(profile_bytes(PROFILE))
    by_tls = plistlib.loads(
        profile_bytes(msgspec.structs.replace(PROFILE, way="tls", server="abc.dns.shield.example"))
    )
    (https,), (tls,) = by_https["PayloadContent"], by_tls["PayloadContent"]
    assert https["DNSSettings"] == {"DNSProtocol": "HTTPS", "ServerURL": PROFILE.server}
    assert tls["DNSSettings"] == {"DNSProtocol": "TLS", "ServerName": "abc.dns.shield.example"}
    assert https["PayloadUUID"] != by_https["PayloadUUID"]


def test_it_is_the_same_profile_again_for_the_same_device():
    assert profile_bytes(PROFILE) == profile_bytes(PROFILE)
    other = msgspec.structs.replace(PROFILE, identifier="example.shield.device.other")
    ours, theirs = (plistlib.loads(profile_bytes(one)) for one in (PROFILE, other))
    assert ours["PayloadUUID"] != theirs["PayloadUUID"]


def test_it_is_signed_so_that_openssl_agrees(tmp_path):
    chain, key = _signer()
    plain = profile_bytes(PROFILE)
    (tmp_path / "signed").write_bytes(signed(plain, chain=chain, key=key))
    (tmp_path / "root.pem").write_bytes(chain)
    said = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", tmp_path / "signed",
         "-CAfile", tmp_path / "root.pem", "-purpose", "any", "-binary"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert said.stdout == plain


def test_it_is_refused_with_another_key():
    chain, _ = _signer()
    _, key = _signer("other.example")
    with pytest.raises(ValueError, match="belong together"):
        signed(b"plain", chain=chain, key=key)
