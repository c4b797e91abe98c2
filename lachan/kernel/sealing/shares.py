"""Recovery by k of n: no single person can open a desk's key, and no single loss closes it for ever.

Shamir's secret sharing (Shamir, "How to share a secret", CACM 22(11), 1979) over GF(256) with the AES
polynomial x⁸+x⁴+x³+x+1. A checksum of the secret is shared along with it, so that a wrong combination is
told apart from a right one; it tells nothing to fewer than k holders. A share is printed as

    LACHAN-SHARE-1 SSSSSSSS K I <base32 in groups of five>

with the set's number S, how many are needed K, its own place I, and four bytes of checksum over all of
that at the end, so that a slip of the pen is found while typing.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from lachan.kernel.sealing.errors import SharesUnusable

_MARK = "LACHAN-SHARE-1"
_CHECK = 4


@dataclass(frozen=True)
class Share:
    """One holder's part.

    Attributes:
        group: 8 hexadecimal digits, the same for all parts of one secret.
        needed: how many parts give the secret.
        place: 1…255, this part's own.
        body: as long as the secret plus 8 bytes.
    """

    group: str
    needed: int
    place: int
    body: bytes = field(repr=False)

    def text(self) -> str:
        """The printable form; `share_parse` reads it."""
        letters = base64.b32encode(self.body + _share_check(self)).decode().rstrip("=")
        return f"{_MARK} {self.group} {self.needed} {self.place} {' '.join(_fives(letters))}"


def shares_split(secret: bytes, *, needed: int, total: int) -> list[Share]:
    """`total` shares, any `needed` of which give the secret, and fewer of which give nothing.

    Raises:
        SharesUnusable: not 2 ≤ needed ≤ total ≤ 255, or an empty secret.
    """
    if not 2 <= needed <= total <= 255 or not secret:
        raise SharesUnusable(
            "two or more needed, at most 255 in all, of a secret that is not empty"
        )
    group = secrets.token_hex(4)
    columns = [bytes([byte]) + secrets.token_bytes(needed - 1) for byte in _checked(secret)]
    return [
        Share(group, needed, place, bytes(_evaluate(column, place) for column in columns))
        for place in range(1, total + 1)
    ]


def shares_combine(shares: Sequence[Share]) -> bytes:
    """The secret.

    Raises:
        SharesUnusable: shares of different secrets, too few different ones, or an altered one.
    """
    parts = {share.place: share for share in shares}
    if not parts or len({(s.group, s.needed, len(s.body)) for s in shares}) != 1:
        raise SharesUnusable("these shares do not belong together")
    needed = shares[0].needed
    if len(parts) < needed:
        raise SharesUnusable(f"{needed} different shares are needed, {len(parts)} are here")
    places = sorted(parts)[:needed]
    weights = [_weight(place, places) for place in places]
    joined = bytearray(len(shares[0].body))
    for place, weight in zip(places, weights, strict=True):
        for i, byte in enumerate(parts[place].body):
            joined[i] ^= _multiply(byte, weight)
    secret = bytes(joined[:-8])
    if not secrets.compare_digest(_checked(secret), bytes(joined)):
        raise SharesUnusable("one of these shares was altered")
    return secret


def share_parse(text: str) -> Share:
    """The share that was printed; case and line breaks do not matter.

    Raises:
        SharesUnusable: it is no share, or it was copied wrongly.
    """
    words = text.upper().split()
    try:
        _, group, needed, place, *groups = words
        letters = "".join(groups)
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        share = Share(group.lower(), int(needed), int(place), raw[:-_CHECK])
    except ValueError:
        raise SharesUnusable("this is not a whole share") from None
    # Printing it again must give the same letters: that checks the mark, the sum and stray bits at once.
    if share.text().upper().split() != [*words[:4], *_fives(letters)]:
        raise SharesUnusable("this share was copied wrongly, or by another version")
    return share


def _fives(letters: str) -> list[str]:
    return [letters[i : i + 5] for i in range(0, len(letters), 5)]


def _share_check(share: Share) -> bytes:
    head = f"{share.group} {share.needed} {share.place} ".encode()
    return hashlib.sha256(b"lachan share " + head + share.body).digest()[:_CHECK]


def _checked(secret: bytes) -> bytes:
    return secret + hashlib.sha256(b"lachan shared secret " + secret).digest()[:8]


def _multiply(a: int, b: int) -> int:
    product = 0
    for _ in range(8):
        product ^= a * (b & 1)
        a = a << 1 ^ (0x11B * (a >> 7))
        b >>= 1
    return product


def _invert(a: int) -> int:
    result = 1
    for _ in range(254):  # a^254 = a^-1 in GF(256)
        result = _multiply(result, a)
    return result


def _evaluate(coefficients: bytes, x: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = _multiply(value, x) ^ coefficient
    return value


def _weight(place: int, places: Sequence[int]) -> int:
    weight = 1
    for other in places:
        if other != place:
            weight = _multiply(weight, _multiply(other, _invert(other ^ place)))
    return weight
