from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.places.gazetteer import (
    commune_list,
    gazetteer_of,
    place_find,
    place_get,
    province_list,
)
from lachan.formats.places.names import plain
from lachan.kernel.country import here

SPELLING = gazetteer_of(here()).spelling


def codes(text):
    return [match.place.code for match in place_find(text)]


def test_it_knows_every_place():
    provinces = province_list()
    assert len(provinces) == 34
    assert sum(len(commune_list(p.code)) for p in provinces) == 3321
    assert len(province_list(on=date(2025, 6, 30))) == 63
    assert [p.name for p in provinces][:3] == ["An Giang", "Bắc Ninh", "Cà Mau"]


@pytest.mark.parametrize(
    ("old", "code"),
    [("Hoà Bình", "25"), ("Bắc Kạn", "19"), ("Cao Bằng", "04"), ("Yên Bái", "15"),
     ("Bà Rịa - Vũng Tàu", "79"), ("Thừa Thiên Huế", "46"), ("TP. Hồ Chí Minh", "79"), ("Sài Gòn", "79")],
)  # fmt: skip
def test_it_leads_an_old_province_to_the_new(old, code):
    assert codes(old)[0] == code


@pytest.mark.parametrize(
    "text", ["tỉnh Hòa Bình", "Tỉnh Hoà Bình", "tinh hoa binh", "TỈNH HÒA BÌNH"]
)
def test_it_takes_every_way_of_writing(text):
    assert codes(text) == ["25"]


def test_it_gives_the_same_for_old_and_new_marks():
    assert codes("Hoà Bình") == codes("Hòa Bình") == codes("Hoà\u0300 Bình".replace("à\u0300", "à"))


@pytest.mark.parametrize(
    ("text", "code"),
    [("xã Tân Lập, huyện Chợ Đồn, Bắc Kạn", "02038"), ("Mai Châu Hòa Bình", "05200"),
     ("xóm 3, xã Mai Hạ, huyện Mai Châu, Hoà Bình", "05251"), ("Phường 9, Quận 5, TPHCM", "27316"),
     ("huyện Mai Châu", "05200"), ("cho don", "02020"), ("huyện đảo Cồn Cỏ", "")],
)  # fmt: skip
def test_it_finds_the_one_that_is_meant(text, code):
    assert codes(text) == ([code] if code else [])


def test_it_asks_where_a_name_is_ambiguous():
    found = place_find("Tân Lập")
    assert len(found) > 10
    assert {m.reason for m in found} >= {"was", "part", "same"}
    assert len({m.province_name for m in found}) > 5


def test_it_says_that_a_commune_was_split():
    found = place_find("Xã Đồng Tân, Hòa Bình")
    assert [(m.place.name, m.reason, m.was) for m in found] == [
        ("Xã Mai Châu", "part", "Xã Đồng Tân"),
        ("Xã Pà Cò", "part", "Xã Đồng Tân"),
    ]


def test_it_tells_a_city_from_the_province_of_its_name():
    assert "25" in codes("Hòa Bình")
    assert "25" not in codes("thành phố Hòa Bình")
    assert codes("thành phố Đồng Nai")[0] == "75"


def test_it_heeds_marks_only_when_they_are_given():
    assert set(codes("Tân Lập")) <= set(codes("tan lap"))


@given(st.text(max_size=80))
def test_it_bears_any_text(text):
    assert isinstance(place_find(text), list)


@given(st.sampled_from([c for p in province_list() for c in commune_list(p.code)]))
def test_it_finds_every_commune_by_name_and_province(place):
    province = place_get(place.province)
    assert place.code in codes(f"{place.name}, {province.name}")
    assert place.code in codes(plain(place.name))


@given(st.sampled_from([p for p in province_list() if len(p.was) > 1]), st.data())
def test_it_finds_every_province_by_what_it_was(place, data):
    old = data.draw(st.sampled_from(place.was))
    assert place.code in codes(old)
    assert codes(f"tỉnh {old}") == [place.code]


def test_it_compares_names_without_the_place_of_the_tone():
    assert SPELLING.marked("Hoà") == SPELLING.marked("Hòa")
    assert SPELLING.marked("Hoa") != SPELLING.marked("Hòa")
    assert plain("Đắk Lắk") == "dak lak"


def test_it_shows_one_style_of_tone_marks():
    shown = {p.name for p in province_list()} | {p.name for p in province_list(on=date(2025, 1, 1))}
    assert shown >= {"Thanh Hóa", "Khánh Hòa", "Hòa Bình", "TP. Hồ Chí Minh"}
    assert "Hồ Chí Minh" not in shown


@pytest.mark.parametrize(
    "names",
    [
        # a, ă and â are three letters, d and đ two, o, ô and ơ three, u and ư two
        ["An Giang", "Ăn", "Ân Thi"], ["Cà Mau", "Cao Bằng", "Cần Thơ"], ["Dầu Tiếng", "Đà Nẵng", "Đắk Lắk"],
        ["Lai Châu", "Lạng Sơn", "Lào Cai", "Lâm Đồng"], ["Quảng Trị", "Sơn La", "Tây Ninh"],
        # within the same letters: level, huyền, hỏi, ngã, sắc, nặng
        ["ma", "mà", "mả", "mã", "má", "mạ"],
        ["Phường 2", "Phường 21"],
    ],
)  # fmt: skip
def test_it_sorts_as_a_vietnamese_dictionary_does(names):
    backwards = names[::-1]
    assert sorted(backwards, key=SPELLING.order) == names


def test_it_lists_provinces_as_a_dictionary_does():
    names = [place.name for place in province_list()]
    assert names == sorted(names, key=SPELLING.order)
    for earlier, later in (
        ("Cao Bằng", "Cần Thơ"),
        ("Lào Cai", "Lâm Đồng"),
        ("Cần Thơ", "Đà Nẵng"),
    ):
        assert names.index(earlier) < names.index(later)
