"""Proofs: what rests in the database shows, by a key that lies outside it, that the product wrote it.

Whoever can write in the database (a stolen backup put back, a hole in another program, a hand at the disk)
could otherwise swap two reports' words, put a thief's public key in a desk's place, or give a role away,
and every page would show it as true. A proof is kept beside what it proves:

    version 1 (1) · number of the key (4) · HMAC-SHA256 over kind and facts, its first 16 bytes

The key comes from the instance's secret, which is in no database and in no backup (RFC 5869; the label keeps
it apart from every other use of the secret). When the secret is replaced, former ones still verify, so rows
can be proved anew one after the other.

One proof shows that a row was not altered; that none was taken away or put in shows a tally: the sum of a
keyed hash of each row's proof, in any order (MSet-Add-Hash: Clarke et al., ASIACRYPT 2003), which costs one
addition a change.
"""

import enum
import hashlib
import hmac
from collections.abc import Sequence
from functools import cache

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NUMBER, _MAC = 4, 16
PROOF_BYTES = len(_VERSION) + _NUMBER + _MAC
TALLY_BYTES = 32
_encode = msgspec.msgpack.Encoder(order="sorted").encode

Fact = object
"""What a proof can cover: text, bytes, numbers, truth, None, moments with their zone, UUIDs; lists and
dictionaries of these."""


class Held(enum.Enum):
    """What a proof says of its facts."""

    BY_THIS_KEY = "by this key"
    BY_A_FORMER_KEY = "by a former key"
    BROKEN = "broken"

    def __bool__(self) -> bool:
        return self is not Held.BROKEN


class Prover:
    """Proofs under one instance's secrets, the present one first."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a proof needs a secret")
        self._keys = [_keys(secret) for secret in secrets]

    def prove(self, kind: str, *facts: Fact) -> bytes:
        """A proof (21 bytes) that the product says `facts` of a thing of this kind."""
        number, key, _ = self._keys[0]
        return _VERSION + number + _mac(key, kind, facts)

    def holds(self, proof: bytes | memoryview | None, kind: str, *facts: Fact) -> Held:
        """Whether a proof is one for exactly these facts of this kind."""
        proof = bytes(proof or b"")
        if len(proof) != PROOF_BYTES or proof[:1] != _VERSION:
            return Held.BROKEN
        for place, (number, key, _) in enumerate(self._keys):
            if hmac.compare_digest(number, proof[1 : 1 + _NUMBER]):
                same = hmac.compare_digest(_mac(key, kind, facts), proof[1 + _NUMBER :])
                return (
                    (Held.BY_A_FORMER_KEY if place else Held.BY_THIS_KEY) if same else Held.BROKEN
                )
        return Held.BROKEN

    def knows(self, proof: bytes) -> bool:
        """Whether a proof was made under one of these secrets; of its facts that says nothing."""
        return any(number == proof[1 : 1 + _NUMBER] for number, _, _ in self._keys)

    def tally_with(self, tally: bytes | memoryview, proof: bytes, *place: Fact) -> bytes:
        """A tally (32 bytes, zeros when there is nothing) with one more proof, at a place."""
        return _number(_whole(tally) + self._weight(proof, place))

    def tally_without(self, tally: bytes | memoryview, proof: bytes, *place: Fact) -> bytes:
        """A tally with one proof less."""
        return _number(_whole(tally) - self._weight(proof, place))

    def _weight(self, proof: bytes, place: Sequence[Fact]) -> int:
        """A proof's share of a tally: by the key that made the proof, so that a tally outlives a new secret."""
        found = (key for number, _, key in self._keys if number == proof[1 : 1 + _NUMBER])
        told = _encode([proof, *place])
        return _whole(hmac.digest(next(found, self._keys[0][2]), told, hashlib.sha256))


@cache
def prover(secrets: tuple[str, ...]) -> Prover:
    """The prover of these secrets; kept, for deriving keys costs more than using them.

    Raises:
        ValueError: there is none, or an empty one.
    """
    return Prover(secrets)


def _keys(secret: str) -> tuple[bytes, bytes, bytes]:
    """(number, key of proofs, key of tallies)"""
    raw = HKDF(SHA256(), 64 + _NUMBER, None, b"lachan proof").derive(secret.encode())
    return raw[64:], raw[:32], raw[32:64]


def _mac(key: bytes, kind: str, facts: Sequence[Fact]) -> bytes:
    plain = [bytes(fact) if isinstance(fact, memoryview) else fact for fact in facts]
    return hmac.digest(key, _encode([kind, *plain]), hashlib.sha256)[:_MAC]


def _whole(raw: bytes | memoryview) -> int:
    return int.from_bytes(bytes(raw), "big")


def _number(value: int) -> bytes:
    return (value % (1 << 8 * TALLY_BYTES)).to_bytes(TALLY_BYTES, "big")
