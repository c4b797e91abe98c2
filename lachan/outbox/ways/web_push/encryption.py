"""Message encryption for Web Push (RFC 8291) in one record of "aes128gcm" (RFC 8188).

Every body has the same length, so that its size tells the push service nothing.
"""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES, AUTH_BYTES = 65, 16
# Services take 4,096 bytes (RFC 8030, section 7.2); Firefox on Android, to which Google's service carries them
# on in base64, some 3,000. So a body has 86 + 2,820 + 16 bytes.
PADDED = 2820
MOST_BYTES = PADDED - 1  # a delimiter follows what is told
_RECORD = 4096
_SALT, _KEY, _NONCE = 16, 16, 12
_LAST = b"\x02"  # RFC 8188, section 2: the delimiter of the last record


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes: an uncompressed point (SEC 1, section 2.3.3)."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_read(raw: bytes) -> ec.EllipticCurvePublicKey:
    """A receiver's key.

    Raises:
        ValueError: it is no uncompressed point of P-256.
    """
    if len(raw) != POINT_BYTES:
        raise ValueError("an uncompressed point of P-256 has 65 bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def encrypt(
    plain: bytes,
    *,
    public: bytes,
    auth: bytes,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
    padded: int = PADDED,
) -> bytes:
    """A whole body: head, sender's key, one record.

    Args:
        public: the receiver's, 65 bytes.
        auth: the secret that it shares with us, 16 bytes.
        salt, sender: fresh ones, unless a test vector wants others.
        padded: bytes of the record before encryption, delimiter included; at least one more than `plain`.

    Raises:
        ValueError: `plain` does not fit, or `public` is no point of P-256.
    """
    if len(plain) >= padded:
        raise ValueError("too long for one record of this length")
    salt = os.urandom(_SALT) if salt is None else salt
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    own = point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), public_read(public))
    # RFC 8291, section 3.4: auth_secret salts the first step, the content's salt the second.
    ikm = _hkdf(auth, shared, b"WebPush: info\0" + public + own, 32)
    key = _hkdf(salt, ikm, b"Content-Encoding: aes128gcm\0", _KEY)
    nonce = _hkdf(salt, ikm, b"Content-Encoding: nonce\0", _NONCE)
    record = AESGCM(key).encrypt(nonce, (plain + _LAST).ljust(padded, b"\0"), None)
    return salt + _RECORD.to_bytes(4, "big") + bytes([len(own)]) + own + record


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
