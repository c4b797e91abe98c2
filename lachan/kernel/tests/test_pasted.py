import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.pasted import MARKS, blanks_folded, cleaned, composed, digits_folded

UNSEEN = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u2060\u2066\u2068\u2069\u3164\ufe0f\ufeff\ufffc\U000e0001"


@given(
    st.text(alphabet=st.characters(max_codepoint=0x24F, exclude_characters="\u00ad"), max_size=40)
)
def test_it_takes_away_marks_and_nothing_that_people_wrote(text):
    marked = (
        "".join(f"{UNSEEN[at % len(UNSEEN)]}{letter}" for at, letter in enumerate(text)) + "\u200b"
    )
    assert cleaned(marked) == blanks_folded(text)


@pytest.mark.parametrize(
    "text",
    [
        "Tiếng Việt có dấu",
        "nước, đường, ượ",
        "نامه‌ای",
        "क्‍ष",
        "ශ්‍රී",
        "❤️",
        "👩‍👩‍👧",
        "日本語。例",
        "a_b-c.vn",
    ],
)
def test_it_leaves_words_of_every_script_whole(text):
    assert cleaned(text) == text


@given(st.text(max_size=60))
def test_it_has_cleaned_once_for_all(text):
    assert cleaned(cleaned(text)) == cleaned(text)
    assert len(digits_folded(text)) == len(blanks_folded(text)) == len(text)


def test_it_keeps_no_mark_for_the_sake_of_another():
    for marks in itertools.product(UNSEEN, repeat=3):
        assert cleaned(f"1{''.join(marks)}2") == "12", ascii(marks)


@given(st.text(f"{UNSEEN}1aĐن❤👩क्", max_size=20))
def test_it_has_cleaned_marks_once_for_all(text):
    assert cleaned(cleaned(text)) == cleaned(text)


def test_it_knows_all_that_unicode_calls_invisible():
    # Default_Ignorable_Code_Point is what Unicode formats with, but for what shows or marks up.
    shown = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, 0x202E}
    shown |= set(range(0x13430, 0x13440))
    for code in range(0x110000):
        if unicodedata.category(chr(code)) == "Cf" and code not in shown:
            assert MARKS.fullmatch(chr(code)), hex(code)


def test_it_makes_blanks_and_digits_ours():
    assert cleaned("0912\u00a0345\u202f678\u3000\u2007\u2800") == "0912 345 678   "
    assert digits_folded("０９１٢۳४") == "091234"


@given(st.text(max_size=60))
def test_it_composes_as_unicode_does(text):
    assert composed(text) == unicodedata.normalize("NFC", text)
