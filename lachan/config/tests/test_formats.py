from datetime import UTC, date, datetime

import pytest
from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime

MOMENT = datetime(2026, 12, 3, 0, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "day", "moment", "number"),
    [
        ("vi", "03/12/2026", "07:43 03/12/2026", "1.234.567"),
        ("fr", "03/12/2026", "03/12/2026 07:43", "1\u00a0234\u00a0567"),
        ("en", "3 Dec 2026", "3 Dec 2026 07:43", "1,234,567"),
    ],
)
def test_it_writes_days_and_numbers_as_people_here_do(language, day, moment, number):
    with translation.override(language):
        local = localtime(MOMENT)
        assert date_format(local, "SHORT_DATE_FORMAT") == date_format(local, "DATE_FORMAT") == day
        assert date_format(local, "SHORT_DATETIME_FORMAT") == moment
        assert intcomma(1234567) == number


@pytest.mark.parametrize("language", ["vi", "fr", "en"])
@pytest.mark.parametrize("typed", ["03/12/2026", "2026-12-03"])
def test_it_reads_a_typed_day_as_the_day_it_shows(language, typed):
    with translation.override(language):
        assert forms.DateField().clean(typed) == date(2026, 12, 3)
