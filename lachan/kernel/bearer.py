"""The text of an API key, `lachan_<prefix>_<secret>`: made in the product, also read where there is no Django.

The secret has 256 random bits, so one SHA-256 of it is enough to keep; a slow hash would protect only what
can be guessed, and cost every request.
"""

import hashlib
import hmac
import secrets

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_PREFIX_LENGTH = 8
_LONGEST = 16


def bearer_make() -> tuple[str, str, bytes]:
    """A new key: its prefix, its whole text, and the hash to keep."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_LENGTH))
    secret = secrets.token_urlsafe(32)
    return prefix, f"lachan_{prefix}_{secret}", _hash(secret)


def bearer_prefix(text: str) -> str:
    """By what the row of a key is found; empty for what is no key."""
    mark, prefix, _ = _parts(text)
    return prefix[:_LONGEST] if mark == "lachan" else ""


def bearer_opens(text: str, kept: bytes | None) -> bool:
    """Whether a key's text is the one whose hash was kept.

    Compared also where nothing is kept (None), so that time does not tell a known prefix from an unknown one.
    """
    mark, _, secret = _parts(text)
    same = hmac.compare_digest(_hash(secret), kept or _NOBODYS)
    return same and mark == "lachan" and kept is not None


def _parts(text: str) -> tuple[str, str, str]:
    mark, prefix, secret = [*text.strip().split("_", 2), "", "", ""][:3]
    return mark, prefix, secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(b"lachan api key " + secret.encode(errors="replace")).digest()


_NOBODYS = _hash(secrets.token_urlsafe(32))
