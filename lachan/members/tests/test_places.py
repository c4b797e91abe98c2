from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.members.place_names import dictionary_order, marked, old_style, plain
from lachan.members.places_build import predecessors_parse, provinces_parse
from lachan.members.selectors import commune_list, place_find, place_get, province_list


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
    assert marked("Hoà") == marked("Hòa")
    assert marked("Hoa") != marked("Hòa")
    assert plain("Đắk Lắk") == "dak lak"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("giữ nguyên", []),
        ("Xã Yên Hưng, Xã Chiềng Sơ", ["Xã Yên Hưng", "Xã Chiềng Sơ"]),
        ("Phường Trúc Bạch, một phần diện tích TN, quy mô dân số của các phường Cửa Nam, Điện Biên và phần còn lại của phường Cửa Đông sau khi sắp xếp",
         ["Phường Trúc Bạch", "~Phường Cửa Nam", "~Phường Điện Biên", "~Phường Cửa Đông"]),
        ("Xã Bình Phú (huyện Càng Long), Xã Đại Phúc", ["Xã Bình Phú (huyện Càng Long)", "Xã Đại Phúc"]),
    ],
)  # fmt: skip
def test_it_reads_the_words_of_the_mergers(text, found):
    assert predecessors_parse(text) == found


def test_it_reads_the_provinces_of_a_merger():
    text = "tỉnh Vĩnh Phúc, tỉnh Hòa Bình và tỉnh Phú Thọ"
    assert provinces_parse(text, "Phú Thọ") == ["Vĩnh Phúc", "Hòa Bình", "Phú Thọ"]
    assert provinces_parse("giữ nguyên", "Huế") == ["Huế"]


def test_it_answers_over_http(client):
    page = client.get("/v1/places", {"q": "hoa binh"})
    assert page.json()["ambiguous"] is True
    assert page.json()["items"][0]["code"] == "25"
    assert client.get("/v1/places").status_code == 422
    assert len(client.get("/v1/places/provinces").json()) == 34


@pytest.mark.parametrize(
    ("text", "old"),
    [("Thanh Hoá", "Thanh Hóa"), ("KHÁNH HOÀ", "KHÁNH HÒA"), ("Thuỷ Nguyên", "Thủy Nguyên"),
     ("Uỷ ban", "Ủy ban"), ("khoẻ, loè", "khỏe, lòe"), ("Thuý", "Thúy"), ("xoa\u0301", "xóa"),
     # after q, before a consonant or another vowel, and in names from elsewhere there is nothing to move
     ("Quý Quỳ quá quỹ", "Quý Quỳ quá quỹ"), ("Hoàn ngoài khoái tuyết", "Hoàn ngoài khoái tuyết"),
     ("Hòa Bình", "Hòa Bình"), ("Ea H'leo", "Ea H'leo"), ("họa", "họa"), ("thuở", "thuở")],
)  # fmt: skip
def test_it_moves_a_tone_mark_to_where_the_old_style_has_it(text, old):
    assert old_style(text) == old
    assert old_style(old) == old
    assert plain(old) == plain(text)


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
    assert sorted(backwards, key=dictionary_order) == names


def test_it_lists_provinces_as_a_dictionary_does():
    names = [place.name for place in province_list()]
    assert names == sorted(names, key=dictionary_order)
    for earlier, later in (
        ("Cao Bằng", "Cần Thơ"),
        ("Lào Cai", "Lâm Đồng"),
        ("Cần Thơ", "Đà Nẵng"),
    ):
        assert names.index(earlier) < names.index(later)


@given(st.text(max_size=20))
def test_it_changes_no_letter_with_the_style(text):
    assert old_style(old_style(text)) == old_style(text)
    assert marked(old_style(text)) == marked(text)
