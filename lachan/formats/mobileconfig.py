"""Configuration profiles of iOS, iPadOS and macOS that name an encrypted DNS server (Apple, "Device Management",
payload `com.apple.dnsSettings.managed`).

Signed, the system shows who made a profile and that nobody changed it; unsigned it says "Not signed" and works too.
"""

import plistlib
import uuid
from typing import Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509 import Certificate, load_pem_x509_certificates

CONTENT_TYPE = "application/x-apple-aspen-config"
_SPACE = uuid.UUID("6f1d2c8e-5b0a-5c43-9a55-0c7d4f6e2b19")
"""Under which identifiers are made: the same device's profile takes the place of the one before."""


class DnsProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a device is told.

    Attributes:
        way: DNS over TLS or over HTTPS.
        server: host name for `tls`, whole URL for `https`.
        identifier: reverse-DNS name of the profile, the same for the same device for ever.
        name, explanation, organisation: what the device shows before it is installed, in its holder's language.
        removable: whether the device's holder may remove it without the device's code. Supervised devices alone
            heed it; a profile that somebody installed can always be taken away in the settings.
        domains: only these names, and those below them, are asked of the server; empty for all.
    """

    way: Literal["tls", "https"]
    server: str
    identifier: str
    name: str
    explanation: str
    organisation: str
    removable: bool = True
    domains: tuple[str, ...] = ()


def profile_bytes(profile: DnsProfile) -> bytes:
    """The profile as a property list (XML), not signed; the same bytes for the same facts."""
    settings: dict[str, object] = {"DNSProtocol": "TLS" if profile.way == "tls" else "HTTPS"}
    settings["ServerName" if profile.way == "tls" else "ServerURL"] = profile.server
    if profile.domains:
        settings["SupplementalMatchDomains"] = list(profile.domains)
    payload = {
        "PayloadType": "com.apple.dnsSettings.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{profile.identifier}.dns",
        "PayloadUUID": _uuid(f"{profile.identifier}.dns"),
        "PayloadDisplayName": profile.name,
        "PayloadDescription": profile.explanation,
        "PayloadOrganization": profile.organisation,
        "DNSSettings": settings,
        "ProhibitDisablement": False,
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": profile.identifier,
        "PayloadUUID": _uuid(profile.identifier),
        "PayloadDisplayName": profile.name,
        "PayloadDescription": profile.explanation,
        "PayloadOrganization": profile.organisation,
        "PayloadRemovalDisallowed": not profile.removable,
        "PayloadScope": "System",
        "PayloadContent": [payload],
    }
    return plistlib.dumps(whole, fmt=plistlib.FMT_XML, sort_keys=True)


def signed(plain: bytes, *, chain: bytes, key: bytes) -> bytes:
    """The profile inside a CMS signature (RFC 5652), DER.

    Args:
        plain: of `profile_bytes`.
        chain: the signer's certificate in PEM, followed by those that lead to its root.
        key: its private key in PEM, RSA or EC.

    Raises:
        ValueError: certificate and key cannot be read, or do not belong together.
    """
    signer, *others = _certificates(chain)
    private = load_pem_private_key(key, password=None)
    if not isinstance(private, EllipticCurvePrivateKey | RSAPrivateKey):
        raise ValueError("a profile is signed by an RSA or EC key")  # noqa: TRY004  of what was read, not of a call
    if private.public_key() != signer.public_key():
        raise ValueError("certificate and key do not belong together")
    builder = PKCS7SignatureBuilder().set_data(plain).add_signer(signer, private, hashes.SHA256())
    for one in others:
        builder = builder.add_certificate(one)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])


def _certificates(chain: bytes) -> list[Certificate]:
    found = load_pem_x509_certificates(chain)
    if not found:
        raise ValueError("no certificate stands here")
    return found


def _uuid(name: str) -> str:
    return str(uuid.uuid5(_SPACE, name)).upper()
