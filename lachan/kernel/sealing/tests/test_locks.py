import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock, lock_with, unlock, unlock_with


def test_it_opens_with_the_password_however_it_was_typed():
    password = "một con đường dài"
    locked = lock("the key", password=unicodedata.normalize("NFC", password))
    assert unlock(locked, password=unicodedata.normalize("NFD", password)) == "the key"
    with pytest.raises(LockHeld):
        unlock(locked, password="mot con duong dai")
    assert b"the key" not in locked


def test_it_refuses_parameters_that_were_altered():
    locked = bytearray(lock("the key", password="correct"))
    for place, value in [(5, 0), (6, 0), (6, 255), (7, 255), (5, 255), (10, 1), (0, 0)]:
        changed = bytearray(locked)
        changed[place] = value
        with pytest.raises(LockHeld):
            unlock(bytes(changed), password="correct")
    with pytest.raises(LockHeld):
        unlock(b"", password="correct")


@given(st.text(), st.binary(min_size=16, max_size=64))
def test_it_opens_with_the_secret_alone(private, secret):
    locked = lock_with(private, secret=secret)
    assert unlock_with(locked, secret=secret) == private
    with pytest.raises(LockHeld):
        unlock_with(locked, secret=secret + b"x")
    with pytest.raises(LockHeld):
        unlock(locked, password="x")


def test_it_takes_no_short_secret():
    with pytest.raises(ValueError, match="16"):
        lock_with("key", secret=b"short")
