"""Sealing to public keys: the age format (age-encryption.org/v1) with X25519 recipients.

Age gives what a report needs and nothing more: several recipients for one content, no link from a sealed
content to the keys that open it, and a format that other tools can open in thirty years.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyrage

from lachan.kernel.sealing import padding
from lachan.kernel.sealing.bech32 import encode
from lachan.kernel.sealing.errors import KeyUnusable, SealBroken


@dataclass(frozen=True)
class KeyPair:
    """A public recipient (`age1…`) and its private identity (`AGE-SECRET-KEY-1…`), kept out of `repr`."""

    public: str
    private: str = field(repr=False)


def keypair_new() -> KeyPair:
    """A fresh random pair."""
    identity = pyrage.x25519.Identity.generate()
    return KeyPair(public=str(identity.to_public()), private=str(identity))


def keypair_from_scalar(scalar: bytes) -> KeyPair:
    """The pair whose X25519 secret is these 32 bytes (RFC 7748, section 5: clamped when it is used)."""
    if len(scalar) != 32:
        raise KeyUnusable("an X25519 secret has 32 bytes")
    return keypair_from_private(encode("age-secret-key-", scalar).upper())


def keypair_from_private(private: str) -> KeyPair:
    """The whole pair, from its private half.

    Raises:
        KeyUnusable: the text is no age X25519 identity.
    """
    return KeyPair(public=str(_identity(private).to_public()), private=private)


def seal(plain: bytes, *, to: Sequence[str]) -> bytes:
    """`plain`, padded (see `padding`) and sealed so that each of the `to` recipients can open it alone.

    Raises:
        KeyUnusable: no recipient, or one that is no `age1…` key. Nothing is sealed to the others then.
    """
    if not to:
        raise KeyUnusable("nothing is sealed to nobody: the content would be lost")
    try:
        recipients = [pyrage.x25519.Recipient.from_str(public) for public in to]
    except pyrage.RecipientError:
        raise KeyUnusable("not an age recipient") from None
    return bytes(pyrage.encrypt(padding.pad(plain), recipients))


def unseal(sealed: bytes, *, key: str) -> bytes:
    """The plain bytes.

    Raises:
        SealBroken: `sealed` was not sealed to this key, or was altered.
        KeyUnusable: `key` is no age X25519 identity.
    """
    identity = _identity(key)
    try:
        return padding.unpad(bytes(pyrage.decrypt(bytes(sealed), [identity])))
    except (pyrage.DecryptError, ValueError):
        raise SealBroken("not sealed to this key, or altered") from None


def _identity(private: str) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(private)
    except pyrage.IdentityError:
        raise KeyUnusable("not an age identity") from None
