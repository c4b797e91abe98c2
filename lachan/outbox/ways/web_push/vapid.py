"""Voluntary Application Server Identification (RFC 8292): who sends shows it by a key.

A browser subscribes to one key, and its push service takes messages signed by that one alone. The key follows from
the instance's secret: it rests nowhere, is in no backup, and is back as soon as the secret is. One that followed
from a former secret still signs for whoever subscribed to it.
"""

import base64
import time
from collections.abc import Sequence
from functools import cache

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .encryption import point

# NIST SP 800-186, section 3.2.1.3
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_LIVES = (
    12 * 3600
)  # RFC 8292, section 2: no longer than a day; Apple refuses more, by its own clock
_SCALAR = 32


def b64(raw: bytes) -> str:
    """base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """What `b64` was given; padding is let pass.

    Raises:
        ValueError: there are other characters in it.
    """
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def key_derive(secret: str) -> ec.EllipticCurvePrivateKey:
    """The pair of an instance with this secret (RFC 5869; FIPS 186-5, A.2.1: 64 bits more than the order has)."""
    raw = HKDF(SHA256(), 40, None, b"lachan web push").derive(secret.encode())
    return ec.derive_private_key(int.from_bytes(raw, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def key_public() -> str:
    """The instance's public key, as `applicationServerKey` takes it."""
    return next(iter(_keys(_secrets())))


def is_known(public: str) -> bool:
    """Whether a subscription's key is one that this instance can still sign by."""
    return public in _keys(_secrets())


def authorization(
    origin: str, *, public: str, contact: str, key: ec.EllipticCurvePrivateKey | None = None
) -> str:
    """The header's value for messages to a push service.

    Args:
        origin: of the push service.
        public: the key that the browser subscribed to.
        contact: `mailto:` or `https:` of whoever runs this; empty says nobody.

    Raises:
        KeyError: this instance has no such key any more.
    """
    key = key or _keys(_secrets())[public]
    claims: dict[str, str | int] = {"aud": origin, "exp": int(time.time()) + _LIVES}
    if contact:
        claims["sub"] = contact
    parts = [msgspec.json.encode(part) for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    said = ".".join(map(b64, parts))
    # RFC 7518, section 3.4: the two numbers one after the other, not ASN.1.
    numbers = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(SHA256())))
    return (
        f"vapid t={said}.{b64(b''.join(n.to_bytes(_SCALAR, 'big') for n in numbers))}, k={public}"
    )


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@cache
def _keys(secrets: Sequence[str]) -> dict[str, ec.EllipticCurvePrivateKey]:
    """By public half, the present one first."""
    keys = map(key_derive, secrets)
    return {b64(point(key.public_key())): key for key in keys}
