from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.sealing.bound import bind, unbind
from lachan.kernel.sealing.errors import SealBroken

places = st.lists(st.one_of(st.text(), st.integers(0, 2**40), st.binary(), st.uuids()), max_size=4)


@given(st.binary(), places, places)
def test_it_opens_in_its_own_place_alone(words, place, other):
    bound = bind(words, "message", *place)
    assert unbind(bound, "message", *place) == (words, True)
    if place != other:
        with pytest.raises(SealBroken):
            unbind(bound, "message", *other)
    with pytest.raises(SealBroken):
        unbind(bound, "note", *place)


@given(st.text(), places)
def test_it_opens_what_was_sealed_before_and_says_so(words, place):
    assert unbind(words.encode(), *place) == (words.encode(), False)


@given(st.integers(0, 20))
def test_it_takes_a_cut_head_for_broken(cut):
    bound = bind(b"", "message", UUID(int=7))
    with pytest.raises(SealBroken):
        unbind(bound[: 4 + cut], "message", UUID(int=7))


def test_it_gives_the_same_bytes_for_ever():
    bound = bind("lời".encode(), "message", UUID("0195607e-0000-7000-8000-000000000000"), 3, "desk")
    expected = "ff4c5731003594a76d657373616765d92430313935363037652d303030302d373030302d383030302d30303030303030303030303003a46465736b6ce1bb9d69"
    assert bound.hex() == expected
