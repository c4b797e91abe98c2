import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.passwords import password_normal, password_spellings

PRECOMPOSED = "mật khẩu của bốn từ lạ"
# As the Vietnamese keyboard of Windows sends them: quality marks with their letter, tones after it.
WINDOWS = "mâ\u0323t khâ\u0309u cu\u0309a bô\u0301n tư\u0300 la\u0323"
LETTERS = st.sampled_from("aăâeêioôơuưyđAĂÂEÊIOÔƠUƯYĐ")
TONES = st.sampled_from(["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"])
VIETNAMESE = st.lists(
    st.builds(str.__add__, LETTERS, TONES) | st.sampled_from("bn- 1"), max_size=12
).map("".join)


def test_it_names_the_spellings_of_the_keyboards():
    decomposed = unicodedata.normalize("NFD", PRECOMPOSED)
    for typed in (PRECOMPOSED, decomposed, WINDOWS):
        assert set(password_spellings(typed)) == {PRECOMPOSED, decomposed, WINDOWS}


def test_it_tries_a_plain_password_once():
    assert password_spellings("four-invented-words") == ["four-invented-words"]


@given(VIETNAMESE)
def test_it_finds_every_spelling_from_every_other(text):
    spellings = password_spellings(text)
    assert spellings[0] == password_normal(text)
    for spelling in spellings:
        assert password_normal(spelling) == spellings[0]
        assert set(spellings) - {text} <= set(password_spellings(spelling))


@pytest.mark.parametrize("typed", ["ｆｏｕｒ words", "four\u00a0words", "ﬁne words"])
def test_it_reads_compatible_letters_alike(typed):
    assert password_normal(typed).isascii()
