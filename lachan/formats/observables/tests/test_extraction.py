import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.observables.extraction import extract


def found(text):
    return [(each.kind, each.value) for each in extract(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Em vào https://Xau.example/a?b=1.", [("url", "https://xau.example/a?b=1")]),
        ("(xem https://xau.example/a_(b)) nhé", [("url", "https://xau.example/a_(b)")]),
        (
            "hxxps://xau[.]example/a và xau2[.]vn",
            [("url", "https://xau.example/a"), ("domain", "xau2.vn")],
        ),
        ("trang xau.com.vn, rồi xau88.net!", [("domain", "xau.com.vn"), ("domain", "xau88.net")]),
        ("vào đánh-bài.vn đi", [("domain", "xn--nh-bi-uqac79a.vn")]),
        ("Facebook.Com", [("domain", "facebook.com")]),
        ("bit.ly/abc1", [("url", "http://bit.ly/abc1")]),
        ("gọi 0912 345 678 hoặc 0912.345.678", [("phone", "+84912345678")]),
        ("sđt:+84 912 345 678", [("phone", "+84912345678")]),
        ("số cũ 0168 345 6789", [("phone", "+84383456789")]),
        ("mail la.nguoi@xau.example.", [("email", "la.nguoi@xau.example")]),
        ("máy chủ 192.0.2.7, và 2001:db8::7", [("ipv4", "192.0.2.7"), ("ipv6", "2001:db8::7")]),
        ("tiktok @nguoi.la nhắn em", [("account", "tiktok:nguoi.la")]),
        ("nick fb: nguoi.la.88", [("account", "facebook:nguoila88")]),
        ("zalo 0912345678", [("account", "zalo:+84912345678"), ("phone", "+84912345678")]),
        ("https://www.facebook.com/nguoi.la", [("account", "facebook:nguoila")]),
        ("t.me/nguoi_la", [("account", "telegram:nguoi_la")]),
        ("a" * 32, [("md5", "a" * 32)]),
        ("game68.win và vay-nhanh.co", [("domain", "game68.win"), ("domain", "vay-nhanh.co")]),
    ],
)
def test_it_finds(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Em sợ lắm.Bạn ấy bảo em v.v. và v.v...",
        "Hôm 12.5.2024, ngày 12/05/2024, 01-02-2024 08:30 em đi học.",
        "Nó đòi 1.500.000 đồng, 200.000đ, 50.000 VNĐ, 2.5 triệu",
        "Nhà em ở TP.HCM, Q.1, P.12, TP.HN, Tp.Vinh",
        "em gui anh.zip va video.mov, bai.py, IMG_1234.zip",
        "em di hoc.co gi do.la sao.ma toi",
        "xong.My bảo thế.Em về.anh không chịu",
        "Th.S Nguyen.Van.An, PGS.TS, U.S, e.g. i.e. a.k.a",
        "facebook hay lắm, zalo của em bị khóa, tiktok là gì",
        "gọi 111 hoặc 113, lớp 6A1, 12h30, 15:45",
        "tài khoản 1903 4567 8901 2345 678 của nó",
        "phiên bản v1.2.3.4 và 1.2.3.4.5",
        "",
    ],
)
def test_it_is_not_fooled(text):
    assert found(text) == []


def test_it_tells_where_each_stands():
    text = "vào hxxp://xau[.]example/a rồi gọi 0912 345 678 nhé"
    for each in extract(text):
        first, last = each.span
        assert text[first:last] == each.raw
    assert [each.raw for each in extract(text)] == ["hxxp://xau[.]example/a", "0912 345 678"]


@given(st.text(max_size=400))
def test_it_reads_any_text(text):
    for each in extract(text):
        first, last = each.span
        assert 0 <= first < last <= len(unicodedata.normalize("NFC", text))


def test_it_stays_quick_on_hostile_text():
    for unit in ("a.", "a@", "0 ", "http://", "::", "(a", "[.]", "a-", "1."):
        extract(unit * 20_000)
