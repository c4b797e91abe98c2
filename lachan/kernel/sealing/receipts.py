"""Receipts: 28 digits that a child can copy, and that alone open the child's report; and a household's codes, which
are made and checked alike but are of another `Sort`: neither ever opens what the other does.

26 random digits (86 bits) and two check digits (ISO/IEC 7064, MOD 97-10), shown as seven groups of four.
Digits, because they are the same in every language, on every keyboard and over the telephone.

The server keeps neither the receipt nor anything that proves one. It keeps
- a short locator: which few reports may be meant. It comes from the first digits only and is keyed with a
  secret outside the database, so a stolen database cannot narrow a search and even a stolen secret gives
  away 24 of the 86 bits;
- a salt and the public key that receipt and salt give through Argon2id. Whoever holds the receipt can
  make the private key; whoever holds the server cannot.
"""

import dataclasses
import hashlib
import hmac
import secrets
import unicodedata

from argon2.low_level import Type, hash_secret_raw

from lachan.kernel.pasted import cleaned
from lachan.kernel.sealing.envelope import KeyPair, keypair_from_scalar
from lachan.kernel.sealing.errors import ReceiptMalformed, ReceiptMiscopied

DIGITS, GROUP = 28, 4
SALT_BYTES = 16
_RANDOM_DIGITS = DIGITS - 2
_LOCATOR_DIGITS, _LOCATOR_BYTES = 8, 3
# 86 random bits need no stretching against guessing; Argon2id makes even a partly seen receipt (a torn
# photograph, a glance) dear to complete. 8 MiB and one pass cost about 5 ms of one core; two cores must
# take 30 reports a second, and more memory is dearer still where several are derived at once. Whoever
# changes these numbers changes the keys of every receipt that was ever given.
_PASSES, _KIB = 1, 8 * 1024
# What people put between groups when they copy: spaces of every kind, dashes, dots, commas, slashes.
_BETWEEN = frozenset("-_.,:;/|·•－．，／") | {chr(0x2010 + i) for i in range(6)} | {"\u2212"}


@dataclasses.dataclass(frozen=True)
class Sort:
    """What the digits are for.

    Attributes:
        remainder: of all 28 digits by 97, so that one sort, typed where the other is asked for, is told at once.
        locator: what the locator is keyed for.
        identity: stands before the digits in what Argon2id is given.
    """

    remainder: int
    locator: bytes
    identity: bytes


RECEIPT = Sort(1, b"lachan receipt locator ", b"")
HOUSEHOLD = Sort(2, b"lachan household locator ", b"lachan household ")


def receipt_new(sort: Sort = RECEIPT) -> str:
    """28 digits from the system's random source, without groups."""
    return _with_check(secrets.randbelow(10**_RANDOM_DIGITS), sort)


def receipt_for(secret: bytes, token: bytes) -> str:
    """The receipt that belongs to a one-time token of 128 random bits or more.

    A form that is sent twice (a lost connection, an impatient thumb) must give the same receipt, and no
    receipt may be kept to that end: whoever holds the form's token makes it again. Without the secret and
    the token, which only the sender's page holds, it is as random as `receipt_new`.
    """
    digest = hmac.digest(secret, b"lachan receipt for " + token, hashlib.sha512)
    number = int.from_bytes(digest, "big") % 10**_RANDOM_DIGITS  # 512 bits: no bias to speak of
    return _with_check(number, RECEIPT)


def receipt_parse(text: str, sort: Sort = RECEIPT) -> str:
    """The 28 plain digits that a person meant.

    Spaces, dashes, dots and the like are forgiven, as are invisible marks that come along when it is
    copied, and full-width and other Unicode digits. Every
    single wrong digit and every swap of two neighbours is found by the check digits.

    Raises:
        ReceiptMalformed: not 28 digits, or something else among them.
        ReceiptMiscopied: 28 digits, but at least one is wrong, or they are of another sort.
    """
    digits = []
    for character in cleaned(text[:800])[:400]:
        if (value := unicodedata.digit(character, -1)) >= 0:
            digits.append(str(value))
        elif not (character.isspace() or character in _BETWEEN):
            raise ReceiptMalformed("a receipt holds digits only")
    if len(digits) != DIGITS:
        raise ReceiptMalformed(f"a receipt has {DIGITS} digits")
    receipt = "".join(digits)
    if int(receipt) % 97 != sort.remainder:
        raise ReceiptMiscopied("the check digits do not fit")
    return receipt


def receipt_show(receipt: str) -> str:
    """Seven groups of four, for the eye and the telephone."""
    return " ".join(receipt[i : i + GROUP] for i in range(0, DIGITS, GROUP))


def receipt_locator(receipt: str, pepper: bytes, sort: Sort = RECEIPT) -> bytes:
    """Three bytes that say which few reports may be meant; proof of nothing (see the head of this file)."""
    first = sort.locator + receipt[:_LOCATOR_DIGITS].encode()
    return hmac.digest(pepper, first, hashlib.sha256)[:_LOCATOR_BYTES]


def receipt_identity(receipt: str, salt: bytes, sort: Sort = RECEIPT) -> KeyPair:
    """The key pair that this receipt and this report's salt (16 bytes) always give: about 9 ms."""
    digits = sort.identity + receipt.encode()
    return keypair_from_scalar(hash_secret_raw(digits, salt, _PASSES, _KIB, 1, 32, Type.ID))


def receipt_salt() -> bytes:
    """A fresh salt for one report."""
    return secrets.token_bytes(SALT_BYTES)


def _with_check(number: int, sort: Sort) -> str:
    check = 97 + sort.remainder - number * 100 % 97
    return f"{number:0{_RANDOM_DIGITS}d}{check:02d}"
