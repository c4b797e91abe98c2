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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vào https://xau.test/a\u200b đi", [("url", "https://xau.test/a")]),
        ("vào https://xau.test/a\u200bđi", [("url", "https://xau.test/a")]),
        ("\u2068https://xau.test/a\u2069,", [("url", "https://xau.test/a")]),
        ("https://xau.test\u200bvà", [("url", "https://xau.test/")]),
        ("xau\u200b88.com và xau\u00ad9.com", [("domain", "xau88.com"), ("domain", "xau9.com")]),
        ("xau8.com\u200bxau9.com", [("domain", "xau8.com"), ("domain", "xau9.com")]),
        ("la\u200b@xau.test\u200e.", [("email", "la@xau.test")]),
        ("gọi 0912\u00a0345\u202f678\u200bnhé", [("phone", "+84912345678")]),
        ("gọi \u202a(+84) 912‑345‑678\u202c", [("phone", "+84912345678")]),
        ("０９１２ ３４５ ６７８ và ٠٩٨٧٦٥٤٣٢١", [("phone", "+84912345678"), ("phone", "+84987654321")]),
        ("ｈｔｔｐｓ：／／ｘａｕ．ｔｅｓｔ／ａ", [("url", "https://xau.test/a")]),
        ("xau。test", [("domain", "xau.test")]),
        ("https://xau.test，再见", [("url", "https://xau.test/")]),
        # numbers
        ("0912.345.678/0987.654.321", [("phone", "+84912345678"), ("phone", "+84987654321")]),
        ("0912345678-0987654321", [("phone", "+84912345678"), ("phone", "+84987654321")]),
        ("0912.34.56.78,0987 65 43 21", [("phone", "+84912345678"), ("phone", "+84987654321")]),
        ("SĐT0912345678nhé", [("phone", "+84912345678")]),
        ("(024) 3733 0000", [("phone", "+842437330000")]),
        ("tổng đài 1900 1234", [("phone", "+8419001234")]),
        # addresses without a scheme
        ("tệp ở 192.0.2.7/85.exe nhé", [("url", "http://192.0.2.7/85.exe")]),
        ("192.0.2.7:81/a", [("url", "http://192.0.2.7:81/a")]),
        ("192.0.2.7/192.0.2.8", [("ipv4", "192.0.2.7"), ("ipv4", "192.0.2.8")]),
        ("xau.test:8080 nhé", [("url", "http://xau.test:8080/")]),
        ("xau.test:99999", [("domain", "xau.test")]),
        ("ai:do@xau.test/a", [("url", "http://xau.test/a")]),
        ("//xau.test/a", [("url", "http://xau.test/a")]),
        # defanged, by intent or mistake
        ("https//xau.test/a", [("url", "https://xau.test/a")]),
        ("h[tt]p://xau.test, h**ps://xau2.test", [("url", "http://xau.test/"), ("url", "https://xau2.test/")]),
        ("http:\\\\xau.test và hxxp[:]//xau2[.test", [("url", "http://xau.test/"), ("url", "http://xau2.test/")]),
        ("https:// xau.test/a", [("url", "https://xau.test/a")]),
        ("https://ok.test/?u=http:/xau.test", [("url", "https://ok.test/?u=http:/xau.test")]),
        # sentences
        ("vào www.xau.com.Em sợ", [("domain", "www.xau.com")]),
        ("la@xau.com.Em sợ", [("email", "la@xau.com")]),
        ("https://xau.com.My bảo", [("url", "https://xau.com/")]),
        ("https://xau.top,em vào", [("url", "https://xau.top/")]),
        ("https://xau.comvà https://xau2.comEm", [("url", "https://xau.com/"), ("url", "https://xau2.com/")]),
        ("vào đi.www.xau.com nhé", [("domain", "www.xau.com")]),
        ("-xau8.com ...xau9.com", [("domain", "xau8.com"), ("domain", "xau9.com")]),
        ("t.me/nguoila.Em sợ", [("account", "telegram:nguoila")]),
        ("https://xau.test/a,em và https://xau.test/Trang/Chu.Aspx", [("url", "https://xau.test/a"), ("url", "https://xau.test/Trang/Chu.Aspx")]),
        ("nhé.xau8.com, đi//xau9.com/a", [("domain", "xau8.com"), ("url", "http://xau9.com/a")]),
        ("xau8.com-em vào", [("domain", "xau8.com")]),
        ("xau8.com/a?e=la@xau.test", [("url", "http://xau8.com/a?e="), ("email", "la@xau.test")]),
        ("srv 192.0.2.7", [("ipv4", "192.0.2.7")]),
        ("www.xau.com.vn", [("domain", "www.xau.com.vn")]),
        ("https://xau.com/a,https://xau2.com/b", [("url", "https://xau.com/a"), ("url", "https://xau2.com/b")]),
        ("[đây](https://xau.test/a)", [("url", "https://xau.test/a")]),
        ("https://ok.test@xau.test/a", [("url", "https://xau.test/a")]),
        ("https://xau.test/a?" + "b" * 9000, [("url", "https://xau.test/a")]),
        ("fb: https://xau.test/a", [("url", "https://xau.test/a")]),
    ],
)  # fmt: skip
def test_it_finds_what_is_pasted_defanged_or_run_together(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "mạng 192.0.2.0/24, 10.0.0.0/255.0.0.0 và 2001:db8::/32",
        "từ 192.0.2.1-192.0.2.9, 2001:db8::1-2001:db8::9",
        "phiên bản 192.0.2.1, version: 1.2.3.4, 1.2.3.4.5",
        "+849752123456, 09123456789, năm 1900-1975",
        "user0912345678, 0912345678abcdef, 0912345678x1",
        "hôm 07-05-2024 12 giờ, 08.10.2024 15h",
    ],
)
def test_it_is_not_fooled_by_networks_versions_and_codes(text):
    assert found(text) == []


@given(
    st.sampled_from("\u200b\u200e\u2060\ufeff\u00ad\u2069"),
    st.sampled_from(
        ["https://xau.test/a", "xau8.com", "la@xau.test", "0912 345 678", "192.0.2.7", "a" * 32]
    ),
)
def test_it_finds_each_thing_between_marks_and_tells_where(mark, thing):
    text = f"đây {mark}{thing}{mark} nhé"
    (one,) = extract(text)
    first, last = one.span
    assert text[first:last] == one.raw == thing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://www.instagram.com/ten_thu_ nhé", [("account", "instagram:ten_thu_")]),
        ("ig: ten_thu_.", [("account", "instagram:ten_thu_")]),
        ("https://xau.test/a_ và https://xau.test/b~", [("url", "https://xau.test/a_"), ("url", "https://xau.test/b~")]),
        ("_https://xau.test/a_ và **https://xau.test/b**", [("url", "https://xau.test/a"), ("url", "https://xau.test/b")]),
        ("*https://xau.test/a_*.", [("url", "https://xau.test/a_")]),
    ],
)  # fmt: skip
def test_it_cuts_emphasis_only_where_it_stands_on_both_sides(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fb: Mai Lan Anh", []),
        ("facebook: tran thi mai\nig: co gai nho", []),
        ("zalo: khong co, x: khong", []),
        ("fb: nguoila nhé", [("account", "facebook:nguoila")]),
        ("fb: nguoila, ig:nguoi_la va ban", [("account", "facebook:nguoila"), ("account", "instagram:nguoi_la")]),
        ("fb: mai.lan dep, tiktok: mai99 dep", [("account", "facebook:mailan"), ("account", "tiktok:mai99")]),
        ("fb: nguoila ig: laicuanguoi", [("account", "facebook:nguoila"), ("account", "instagram:laicuanguoi")]),
    ],
)  # fmt: skip
def test_it_takes_no_display_name_for_an_account(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xau[.]live, xau2(.)me", [("domain", "xau.live"), ("domain", "xau2.me")]),
        ("xau.live:443 và //xau.me", [("url", "https://xau.live/"), ("url", "http://xau.me/")]),
        ("xau.live?ref=1 xau.me/ xau.cc#a", [("url", "http://xau.live/?ref=1"), ("url", "http://xau.me/"), ("url", "http://xau.cc/")]),
        ("vào xau.me nhé, link:xau.live", [("domain", "xau.me"), ("domain", "xau.live")]),
        ("x.top,em và nap.top;em", [("domain", "x.top"), ("domain", "nap.top")]),
        ("xau.comđó", [("domain", "xau.com")]),
        ("gmail:la@xau.test/0912345678", [("email", "la@xau.test"), ("phone", "+84912345678")]),
        ("mail:la@xau.test?, fb:lan@xau.test/b", [("email", "la@xau.test"), ("email", "lan@xau.test")]),
        ("[2001:db8::4]:81/a và [2001:db8::4]/b", [("url", "http://[2001:db8::4]:81/a"), ("url", "http://[2001:db8::4]/b")]),
        ("[2001:db8::]/32, 192.0.2.0/24-bit, 192.0.2.0/24;a", []),
        ("vào bai.zip, xem.live đi, thôi.nghỉ, xong.ngoài", []),
    ],
)  # fmt: skip
def test_it_takes_what_only_addresses_have_for_one(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("zl0912345678, ib0987654321", ["+84912345678", "+84987654321"]),
        ("Nam(0912345678)rủ em", ["+84912345678"]),
        ("0912345678và0987654321", ["+84912345678", "+84987654321"]),
        ("0912345678e ơi, 0987654321a", ["+84912345678", "+84987654321"]),
        ("Lan_0912345678 #0987654321", ["+84912345678", "+84987654321"]),
        ("hotline 1900-1234, năm 1900-1975", ["+8419001234"]),
        ("từ +44 (0)7700 900123", ["+447700900123"]),
        ("4111 0912 3456 7890, 0912-3456-7890-1234", []),
        ("mã riêng 1900 1234 0912 3456 7800 1900 5678", []),
        ("user0912345678, a1_0912345678, 0912345678be", []),
    ],
)
def test_it_tells_numbers_from_cards_receipts_and_codes(text, numbers):
    assert [each.value for each in extract(text) if each.kind == "phone"] == numbers


def urls(text):
    return [each.value.removeprefix("https://xau.test/") for each in extract(text)]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("https://xau.test/index.Php và https://xau.test/anh.Zip", ["index.Php", "anh.Zip"]),
        ("https://xau.test/tin,tuc", ["tin,tuc", "tin"]),
        ("https://xau.test/?q=ha,noi", ["?q=ha,noi", "?q=ha"]),
        ("https://xau.test/?q=a.Em sợ", ["?q=a.Em", "?q=a"]),
        ("https://xau.test/a!bc", ["a!bc", "a"]),
        ("https://xau.test/a.Em sợ, https://xau.test/b,em", ["a", "b"]),
        ("https://www.tiktok.com/@mai.Anh nhé", ["tiktok:mai.anh", "tiktok:mai"]),
        ("https://t.me/mai.Anh nhé", ["telegram:mai"]),
        # several in a row
        ("https://xau.test/a,xau2.com/b;xau3.com/c", ["a", "http://xau2.com/b", "http://xau3.com/c"]),
        ("https://xau.test/ahttps://xau.test/b", ["a", "b"]),
        ("https://xau.test/a,xau2.com,www.xau3.com", ["a", "xau2.com", "www.xau3.com"]),
        ("192.0.2.7/85.exe,192.0.2.8/86.exe", ["http://192.0.2.7/85.exe", "http://192.0.2.8/86.exe"]),
        ("https://xau.test/a,b.html và https://xau.test/?u=https://xau.test/b", ["a,b.html", "?u=https://xau.test/b"]),
        ("xau\\.com", ["xau.com"]),
    ],
)  # fmt: skip
def test_it_gives_both_ends_in_doubt_and_parts_addresses_in_a_row(text, ends):
    assert urls(text) == ends
