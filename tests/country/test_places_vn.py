"""The program that makes Viet Nam's places from what is published."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.places.names import Spelling, plain
from tools.places_vn import HERE, old_style, predecessors_parse, provinces_parse, written

MARKED = Spelling.read(json.loads(HERE.read_text("utf-8"))["spelling"]).marked


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


@given(st.text(max_size=20))
def test_it_changes_no_letter_with_the_style(text):
    assert old_style(old_style(text)) == old_style(text)
    assert MARKED(old_style(text)) == MARKED(text)


def test_it_writes_the_file_that_stands():
    text = HERE.read_text("utf-8")
    whole = json.loads(text)
    rows = {key: whole.pop(key) for key in ("provinces", "communes")}
    assert written(whole, rows) == text
    assert old_style(text) == text
