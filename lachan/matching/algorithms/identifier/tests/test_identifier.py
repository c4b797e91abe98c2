from hypothesis import given
from hypothesis import strategies as st

from lachan.matching.algorithms.identifier.algorithm import Account, Email, IPv4, IPv6, Phone


@given(st.from_regex(r"\+?[0-9]{3,20}", fullmatch=True))
def test_it_packs_any_number_and_gives_it_back(digits):
    signs = [0xA if sign == "+" else int(sign) for sign in digits]
    assert Phone().text(_packed(signs)) == digits


def _packed(signs):
    text = "".join(f"{sign:x}" for sign in signs).ljust(24, "f")
    return bytes.fromhex(text)


def test_it_knows_a_number_however_it_is_written():
    writings = ["0912 345 678", "+84 (0)912.345.678", "0084 912 345 678", "84912345678"]
    assert len({Phone().parse(text) for text in writings}) == 1
    assert Phone().parse("111") != Phone().parse("+84 111 222 333")


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**128 - 1))
def test_it_keeps_every_ip_address(four, six):
    key = four.to_bytes(4, "big")
    assert IPv4().parse(IPv4().text(key)) == key
    key = six.to_bytes(16, "big")
    assert IPv6().parse(IPv6().text(key)) == key


def test_it_compares_accounts_themselves():
    assert Account().confirms("fb: Nguoi.La", "facebook:nguoila")
    assert not Account().confirms("fb: nguoilai", "facebook:nguoila")
    assert Email().parse("La@xau.example") != Account().parse("telegram:nguoi_la")


def test_it_sends_an_email_address_on_to_its_domain():
    assert Email().elsewhere("la@a.xau.example") == [("domain", "a.xau.example")]
