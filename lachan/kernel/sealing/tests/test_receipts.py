import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.kernel.sealing.errors import ReceiptMalformed, ReceiptMiscopied
from lachan.kernel.sealing.receipts import (
    receipt_for,
    receipt_identity,
    receipt_locator,
    receipt_new,
    receipt_parse,
    receipt_salt,
    receipt_show,
)

receipts = st.builds(receipt_new)
PEPPER = b"p" * 32


@given(receipts)
def test_it_reads_back_what_it_shows(receipt):
    shown = receipt_show(receipt)
    assert [len(group) for group in shown.split()] == [4] * 7
    assert receipt_parse(shown) == receipt


@given(receipts, st.sampled_from([" ", "-", "–", ".", "\n", "\u00a0", "\u3000", " / ", "\u200b"]))
def test_it_forgives_how_people_copy(receipt, between):
    assert receipt_parse(between.join(receipt[i : i + 4] for i in range(0, 28, 4))) == receipt
    assert receipt_parse("".join(chr(ord(c) - 48 + 0xFF10) for c in receipt)) == receipt
    assert receipt_parse("".join(chr(ord(c) - 48 + 0x0660) for c in receipt)) == receipt


@given(receipts, st.integers(0, 27), st.integers(1, 9))
def test_it_finds_every_wrong_digit(receipt, place, off):
    wrong = receipt[:place] + str((int(receipt[place]) + off) % 10) + receipt[place + 1 :]
    with pytest.raises(ReceiptMiscopied):
        receipt_parse(wrong)


@given(receipts, st.integers(0, 26))
def test_it_finds_every_swap_of_neighbours(receipt, place):
    a, b = receipt[place], receipt[place + 1]
    swapped = receipt[:place] + b + a + receipt[place + 2 :]
    if a != b:
        with pytest.raises(ReceiptMiscopied):
            receipt_parse(swapped)


@given(st.text(max_size=60))
def test_it_takes_any_text_without_falling_over(text):
    try:
        assert len(receipt_parse(text)) == 28
    except (ReceiptMalformed, ReceiptMiscopied) as error:
        assert not text or len(text) < 3 or text not in str(error)  # noqa: PT017  what it says matters


@given(receipts)
@settings(max_examples=10, deadline=None)
def test_it_gives_one_key_for_a_receipt_and_a_salt(receipt):
    salt = receipt_salt()
    assert receipt_identity(receipt, salt) == receipt_identity(receipt, salt)
    assert receipt_identity(receipt, salt) != receipt_identity(receipt, receipt_salt())
    assert receipt_identity(receipt, salt) != receipt_identity(receipt_new(), salt)


@given(receipts)
def test_it_locates_by_the_first_digits_and_the_pepper_only(receipt):
    locator = receipt_locator(receipt, PEPPER)
    assert len(locator) == 3
    assert locator == receipt_locator(receipt[:8] + receipt_new()[8:], PEPPER)
    others = {receipt_locator(receipt, bytes([i]) * 32) for i in range(50)}
    assert len(others) > 45


@given(st.binary(min_size=16, max_size=64))
def test_it_makes_the_same_receipt_for_the_same_token(token):
    receipt = receipt_for(PEPPER, token)
    assert receipt_parse(receipt) == receipt == receipt_for(PEPPER, token)
    assert receipt != receipt_for(PEPPER, token + b"x")
    assert receipt != receipt_for(b"q" * 32, token)


MARKS = "\u200e\u200f\u200b\u200c\u200d\u2060\ufeff\u00ad\u202a\u202c\u2066\u2068\u2069\ufe0f\u061c\ufffc"


@given(receipts, st.text(MARKS, max_size=3), st.text(MARKS + " \u00a0\u202f\u2007", max_size=3))
def test_it_forgives_the_marks_that_nobody_sees(receipt, around, between):
    groups = [receipt[i : i + 4] for i in range(0, 28, 4)]
    assert receipt_parse(f"{around}{between.join(groups)}{around}") == receipt
    assert receipt_parse(around + around.join(receipt)) == receipt
