"""Locking a private key under a password, or under a secret that a cookie or a link holds.

A lock carries its parameters, so that they can grow while old locks still open:

    magic "LCK1" · kind (1) · passes (1) · lanes (1) · KiB (4) · salt (16) · nonce (12) · ciphertext

The head is authenticated with the ciphertext (ChaCha20-Poly1305, RFC 8439).
"""

import contextlib
import secrets
import struct
from collections.abc import Sequence

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lachan.kernel.passwords import password_normal
from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.turns import turn_taken

_HEAD = struct.Struct(">4sBBBI16s12s")
_MAGIC = b"LCK1"
_PASSWORD, _SECRET = 1, 2
# RFC 9106, section 4: the second recommended option (64 MiB, 3 passes), with one lane since a web
# worker has one core to give.
_PASSES, _LANES, _KIB = 3, 1, 64 * 1024
_MOST_KIB, _MOST_PASSES = 256 * 1024, 16  # an altered head must not be able to eat the machine
_LEAST_SECRET = 16  # bytes: below 128 bits HKDF, which is fast on purpose, is no protection


def lock(private: str, *, password: str) -> bytes:
    """`private` under a password: Argon2id, then ChaCha20-Poly1305.

    However the password is spelled (`kernel/passwords`), the lock is the same.
    """
    return _close(private, password.encode(), _PASSWORD, _PASSES, _LANES, _KIB)


def unlock(locked: bytes, *, password: str) -> str:
    """What `lock` was given.

    Raises:
        LockHeld: the password is wrong, or the lock was altered.
    """
    return _open(locked, password.encode(), _PASSWORD)


def lock_with(private: str, *, secret: bytes) -> bytes:
    """`private` under at least 16 random bytes (a cookie's or a link's): HKDF-SHA256 (RFC 5869).

    Raises:
        ValueError: the secret is too short to need no stretching.
    """
    if len(secret) < _LEAST_SECRET:
        raise ValueError("a secret of 16 random bytes or more")
    return _close(private, secret, _SECRET, 0, 0, 0)


def unlock_with(locked: bytes, *, secret: bytes, former: Sequence[bytes] = ()) -> str:
    """What `lock_with` was given, under this secret or under one that it took the place of.

    Raises:
        LockHeld: the secrets are wrong, or the lock was altered.
    """
    for one in former:
        with contextlib.suppress(LockHeld):
            return _open(locked, one, _SECRET)
    return _open(locked, secret, _SECRET)


def _close(private: str, secret: bytes, kind: int, passes: int, lanes: int, kib: int) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head = _HEAD.pack(_MAGIC, kind, passes, lanes, kib, salt, nonce)
    key = _key(kind, secret, salt, passes, lanes, kib)
    return head + ChaCha20Poly1305(key).encrypt(nonce, private.encode(), head)


def _open(locked: bytes, secret: bytes, expected: int) -> str:
    locked = bytes(locked)
    if len(locked) < _HEAD.size:
        raise LockHeld("not a lock")
    head = locked[: _HEAD.size]
    magic, kind, passes, lanes, kib, salt, nonce = _HEAD.unpack(head)
    if magic != _MAGIC or kind != expected or kib > _MOST_KIB or passes > _MOST_PASSES:
        raise LockHeld("not a lock of this kind")
    try:
        key = _key(kind, secret, salt, passes, lanes, kib)
        return ChaCha20Poly1305(key).decrypt(nonce, locked[_HEAD.size :], head).decode()
    except (InvalidTag, HashingError, ValueError):
        raise LockHeld("wrong password or secret, or an altered lock") from None


def _key(kind: int, secret: bytes, salt: bytes, passes: int, lanes: int, kib: int) -> bytes:
    if kind == _SECRET:
        return HKDF(SHA256(), 32, salt, b"lachan lock").derive(secret)
    normal = password_normal(secret.decode()).encode()
    with turn_taken():
        return hash_secret_raw(normal, salt, passes, kib, lanes, 32, Type.ID)
