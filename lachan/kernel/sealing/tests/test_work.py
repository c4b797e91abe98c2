import hashlib
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.sealing.errors import WorkRefused
from lachan.kernel.sealing.work import LIFETIME, pow_challenge, pow_verify, pow_zeros

SECRET, NOW = b"s" * 32, datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def solve(challenge, bits):
    return next(str(i) for i in itertools.count() if pow_zeros(challenge, str(i)) >= bits)


def test_it_takes_work_and_names_it_once():
    challenge = pow_challenge(SECRET, bits=8, now=NOW)
    number, expires = pow_verify(SECRET, challenge=challenge, answer=solve(challenge, 8), now=NOW)
    assert number in challenge
    assert expires == NOW + LIFETIME


def test_it_refuses_what_was_not_earned():
    challenge = pow_challenge(SECRET, bits=8, now=NOW)
    answer = solve(challenge, 8)
    easy = pow_challenge(SECRET, bits=1, now=NOW)
    wrong = next(str(i) for i in itertools.count() if pow_zeros(challenge, str(i)) < 8)
    for case in [
        {"challenge": challenge, "answer": wrong},
        {"challenge": challenge, "answer": answer, "now": NOW + LIFETIME + timedelta(seconds=1)},
        {"challenge": challenge.replace("1.8.", "1.1."), "answer": answer},
        {"challenge": easy, "answer": solve(easy, 1), "bits": 8},
        {"challenge": challenge, "answer": "9" * 33},
    ]:
        with pytest.raises(WorkRefused):
            pow_verify(SECRET, **{"now": NOW, **case})
    with pytest.raises(WorkRefused):
        pow_verify(b"t" * 32, challenge=challenge, answer=answer, now=NOW)


@given(st.text(max_size=20), st.text(max_size=20))
def test_it_counts_zero_bits_exactly(challenge, answer):
    digest = hashlib.sha256(f"{challenge}:{answer}".encode()).digest()
    bits = "".join(f"{byte:08b}" for byte in digest)
    assert pow_zeros(challenge, answer) == len(bits) - len(bits.lstrip("0"))


def test_it_counts_a_challenge_until_its_last_second_and_no_answer_of_33_letters():
    challenge = pow_challenge(SECRET, bits=0, now=NOW)
    last = NOW + LIFETIME - timedelta(seconds=1)
    for answer in ("", "9" * 32):
        assert pow_verify(SECRET, challenge=challenge, answer=answer, now=last)
    for refused in (
        {"now": NOW + LIFETIME},
        {"answer": "9" * 33},
        {"answer": "đ"},
        {"bits": 1},
    ):
        with pytest.raises(WorkRefused):
            pow_verify(SECRET, **{"challenge": challenge, "answer": "", "now": NOW, **refused})
    assert timedelta(hours=2) == LIFETIME


@given(st.text(), st.text())
def test_it_refuses_junk(challenge, answer):
    with pytest.raises(WorkRefused):
        pow_verify(SECRET, challenge=challenge, answer=answer, now=NOW)
