from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.sealing.envelope import keypair_new
from lachan.kernel.sealing.fingerprint import key_number


@given(st.text())
def test_it_is_a_number_that_checks_itself(public):
    groups = key_number(public).split(" ")
    assert [len(group) for group in groups] == [4] * 5
    assert int("".join(groups)) % 97 == 1


def test_it_tells_keys_apart():
    numbers = {key_number(keypair_new().public) for _ in range(50)}
    assert len(numbers) == 50


def test_it_gives_the_same_number_for_ever():
    assert key_number("age1example") == "8956 5152 6949 8700 8429"
