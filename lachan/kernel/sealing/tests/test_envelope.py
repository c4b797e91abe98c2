import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.kernel.sealing import padding
from lachan.kernel.sealing.bech32 import encode
from lachan.kernel.sealing.envelope import (
    keypair_from_private,
    keypair_from_scalar,
    keypair_new,
    seal,
    unseal,
)
from lachan.kernel.sealing.errors import KeyUnusable, SealBroken

DESK, CHILD, STRANGER = keypair_new(), keypair_new(), keypair_new()


@given(st.binary(max_size=5000))
@settings(max_examples=50, deadline=None)
def test_it_opens_for_each_recipient_alone(plain):
    sealed = seal(plain, to=[DESK.public, CHILD.public])
    assert unseal(sealed, key=DESK.private) == plain
    assert unseal(sealed, key=CHILD.private) == plain


def test_it_stays_shut_for_a_stranger_and_after_a_change():
    sealed = seal(b"a quiet word", to=[DESK.public])
    with pytest.raises(SealBroken):
        unseal(sealed, key=STRANGER.private)
    for place in (0, len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            unseal(bytes(changed), key=DESK.private)


def test_it_never_seals_to_nobody_or_to_half_of_the_recipients():
    for to in ([], ["age1notakey"], [DESK.public, ""]):
        with pytest.raises(KeyUnusable):
            seal(b"word", to=to)
    with pytest.raises(KeyUnusable):
        unseal(b"", key="AGE-SECRET-KEY-1")


def test_it_hides_the_length_of_short_texts():
    # age's header varies by chance (its "grease"); the content after it must not vary at all.
    def content(sealed):
        return len(sealed.partition(b"\n--- ")[2])

    assert len({content(seal(b"x" * n, to=[DESK.public])) for n in (0, 1, 20, 300, 1000)}) == 1


@given(st.integers(0, 2**24))
def test_it_pads_by_at_most_an_eighth_and_in_few_sizes(length):
    padded = padding.padme(length)
    assert padded >= length
    assert padded == padding.FLOOR or padded - length <= length * 0.12
    assert padding.padme(padded) == padded


@given(st.binary(max_size=4000))
def test_it_unpads_what_it_padded(plain):
    assert padding.unpad(padding.pad(plain)) == plain


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=100, deadline=None)
def test_it_writes_keys_as_age_does(scalar):
    pair = keypair_from_scalar(scalar)
    identity = pyrage.x25519.Identity.from_str(pair.private)
    assert str(identity) == pair.private
    assert str(identity.to_public()) == pair.public
    assert keypair_from_private(pair.private) == pair


def test_it_gives_the_published_vectors():
    # BIP 173's own example, and RFC 7748 section 6.1 (Alice's keys) in age's letters.
    assert encode("a", b"") == "a12uel5l"
    secret = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
    public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    alice = keypair_from_scalar(bytes.fromhex(secret))
    assert alice.public == encode("age", bytes.fromhex(public))


def test_it_never_prints_a_private_key():
    assert DESK.private not in repr(DESK)
