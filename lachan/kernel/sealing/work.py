"""Proof of work: a few seconds of a phone's time instead of a puzzle, a cookie or an address book.

After Hashcash (Back, 2002). The challenge is signed and dated, so the server remembers nothing about
those it hands out; the caller remembers the numbers of those that were used until they expire.

The answer is any text of at most 32 ASCII characters for which SHA-256(challenge + ":" + answer) begins
with the wanted number of zero bits.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from lachan.kernel.sealing.errors import WorkRefused

LIFETIME = timedelta(hours=2)  # a child may think for a long time before sending


def pow_challenge(secret: bytes, *, bits: int, now: datetime) -> str:
    """A challenge `1.bits.expiry.number.signature` of `bits` zero bits, valid for `LIFETIME`."""
    expiry = int((now + LIFETIME).timestamp())
    body = f"1.{bits}.{expiry}.{secrets.token_hex(16)}"
    return f"{body}.{_sign(secret, body)}"


def pow_verify(
    secret: bytes, *, challenge: str, answer: str, now: datetime, bits: int = 0
) -> tuple[str, datetime]:
    """The challenge's number and expiry, for the caller to remember until then: it counts only once.

    A challenge easier than `bits` is refused, whatever it was signed for.

    Raises:
        WorkRefused: forged, expired, too easy, or the answer is wrong.
    """
    wanted, expiry, number = pow_read(secret, challenge)
    expires = datetime.fromtimestamp(expiry, UTC)
    if expires <= now:
        raise WorkRefused("the challenge has expired")
    if wanted < bits:
        raise WorkRefused("the challenge is too easy by now")
    if len(answer) > 32 or not answer.isascii() or pow_zeros(challenge, answer) < wanted:
        raise WorkRefused("the answer does not fit")
    return number, expires


def pow_read(secret: bytes, challenge: str) -> tuple[int, int, str]:
    """The bits, the expiry (Unix seconds) and the number of a challenge of ours, whether worked on or not.

    Raises:
        WorkRefused: it was not signed with `secret`.
    """
    body, _, signature = challenge.rpartition(".")
    if not challenge.isascii() or not hmac.compare_digest(_sign(secret, body), signature):
        raise WorkRefused("not a challenge of ours")
    _, bits, expiry, number = body.split(".")
    return int(bits), int(expiry), number


def pow_zeros(challenge: str, answer: str) -> int:
    """How many zero bits the pair's hash begins with."""
    digest = hashlib.sha256(f"{challenge}:{answer}".encode()).digest()
    return 256 - int.from_bytes(digest, "big").bit_length()


def _sign(secret: bytes, body: str) -> str:
    return hmac.digest(secret, b"lachan work " + body.encode(), hashlib.sha256).hex()[:32]
