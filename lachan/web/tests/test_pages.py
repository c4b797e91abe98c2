from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from lachan.web.pages import page_number, page_of


@given(st.integers(0, 60), st.integers(1, 9))
def test_page_after_page_shows_everything_once(total, size):
    rows, seen, number = list(range(total)), [], 1
    while number:
        page = page_of(RequestFactory().get("/", {"page": number}), rows, size)
        assert page.before == (number - 1 or None)
        seen += page.rows
        number = page.after
    assert seen == rows


@given(st.text())
def test_any_address_asks_for_a_page(text):
    assert 1 <= page_number(RequestFactory().get("/", {"page": text})) <= 100_000
