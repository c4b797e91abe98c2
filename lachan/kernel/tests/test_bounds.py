from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel.bounds import (
    EARLIEST,
    LATEST,
    moment_checked,
    moment_shown,
    number_read,
    text_checked,
)
from lachan.kernel.errors import InvalidInput

ZONES = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)


@given(st.datetimes(timezones=ZONES))
def test_it_takes_what_every_calendar_can_show_and_nothing_else(moment):
    try:
        taken = moment_checked(moment)
    except InvalidInput:
        assert not EARLIEST <= moment <= LATEST
        taken = moment_shown(moment)
    # Whoever shows it moves it to his own time zone.
    for hours in (-12, 0, 7, 14):
        assert taken.astimezone(timezone(timedelta(hours=hours))) == taken


@pytest.mark.parametrize("moment", [datetime.max, datetime.min, datetime(2030, 1, 1)])  # noqa: DTZ001,DTZ901
def test_a_moment_has_a_time_zone(moment):
    with pytest.raises(InvalidInput):
        moment_checked(moment)


def test_no_end_stays_no_end():
    assert moment_shown(None) is None
    assert moment_shown(datetime.max.replace(tzinfo=UTC)) == LATEST


@given(
    st.one_of(
        st.integers().map(str),
        st.text(max_size=30),
        st.just("9" * 5000),
        st.just("0" * 5000 + "7"),
        st.sampled_from(["²", "٣", "1_0", "+1", " 1", "1 ", "", "-0"]),
    )
)
def test_it_reads_digits_and_nothing_else(text):
    number = number_read(text, low=3, high=100)
    plain = text.isascii() and text.isdigit() and len(text.lstrip("0")) < 4
    assert number == (
        int(text.lstrip("0") or "0") if plain and 3 <= int(text.lstrip("0") or "0") <= 100 else None
    )


@given(st.text(st.characters(exclude_categories=())))
def test_it_takes_texts_that_every_database_keeps(text):
    try:
        assert text_checked(text) == text
        text.encode()
        assert "\0" not in text
    except InvalidInput:
        assert "\0" in text or text.encode(errors="ignore") != text.encode(errors="surrogatepass")
