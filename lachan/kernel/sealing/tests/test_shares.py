import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.kernel.sealing.envelope import keypair_new
from lachan.kernel.sealing.errors import SharesUnusable
from lachan.kernel.sealing.shares import Share, share_parse, shares_combine, shares_split


@st.composite
def splits(draw):
    needed = draw(st.integers(2, 6))
    total = draw(st.integers(needed, 9))
    return draw(st.binary(min_size=1, max_size=80)), needed, total


@given(splits(), st.randoms())
@settings(deadline=None)
def test_any_k_of_n_give_the_secret(split, random):
    secret, needed, total = split
    shares = shares_split(secret, needed=needed, total=total)
    assert [share.place for share in shares] == list(range(1, total + 1))
    assert {(len(share.group), share.needed, len(share.body)) for share in shares} == {
        (8, needed, len(secret) + 8)
    }
    assert shares_combine(random.sample(shares, needed)) == secret
    assert shares_combine(shares) == secret
    with pytest.raises(SharesUnusable, match="needed"):
        shares_combine(random.sample(shares, needed - 1))


@given(splits())
@settings(deadline=None)
def test_it_prints_and_reads_a_share(split):
    secret, needed, total = split
    for share in shares_split(secret, needed=needed, total=total):
        assert share_parse(share.text().lower().replace(" ", "\n")) == share


def test_it_finds_a_slip_of_the_pen():
    text = shares_split(b"a key", needed=2, total=3)[0].text()
    for place, character in enumerate(text):
        other = "B" if character in "Aa" else "A"
        if character == " ":
            continue
        with pytest.raises(SharesUnusable):
            share_parse(text[:place] + other + text[place + 1 :])
    for junk in ("", "LACHAN-SHARE-1", text[:-1], text + " AAAAA", "\0" * 50):
        with pytest.raises(SharesUnusable):
            share_parse(junk)


def test_it_tells_an_altered_or_foreign_share():
    one, two, *_ = shares_split(b"a key", needed=2, total=3)
    foreign = shares_split(b"another", needed=2, total=3)[1]
    altered = dataclasses.replace(two, body=bytes(b ^ 1 for b in two.body))
    for pair in ([one, foreign], [one, altered], [one, one], []):
        with pytest.raises(SharesUnusable):
            shares_combine(pair)


def test_fewer_shares_say_nothing():
    # With one share of two, every byte of the secret stays possible: over many splits of one secret the
    # first body byte takes nearly every value.
    seen = {shares_split(b"S", needed=2, total=2)[0].body[0] for _ in range(3000)}
    assert len(seen) > 250


@pytest.mark.parametrize(("needed", "total"), [(1, 3), (4, 3), (2, 256), (0, 0)])
def test_it_refuses_a_split_that_protects_nothing(needed, total):
    with pytest.raises(SharesUnusable):
        shares_split(b"key", needed=needed, total=total)


def test_it_recovers_a_desk_key():
    private = keypair_new().private.encode()
    shares = [share_parse(s.text()) for s in shares_split(private, needed=3, total=5)]
    assert shares_combine(shares[2:]) == private
    assert "body" not in repr(Share("00000000", 2, 1, b"secret"))
