"""All that is one country's comes from its folder: Viet Nam's, and one that nobody ever heard of."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from lachan.cases.priority import rate
from lachan.cases.records import Facts
from lachan.cli.check import Level
from lachan.cli.checks.country import CountryData
from lachan.country.checking import country_faults
from lachan.country.deadlines import calendar_of, deadline_due
from lachan.country.help_lines import help_line_list, help_number
from lachan.formats.guard.loading import guard_build
from lachan.formats.observables.extraction import extract
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.phone_plan import PhonePlan
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.places.gazetteer import gazetteer_of, place_find, place_get, province_list
from lachan.kernel import clock
from lachan.kernel.country import FILES, country_at, country_codes, country_named, held_in, today
from lachan.shield.advice import advice_for
from lachan.shield.records import CheckAnswer
from lachan.web.problems import error_page

from .countries import VN, XA

BOTH = pytest.mark.parametrize("country", [VN, XA], ids=["vn", "xa"])
NOON = datetime(2026, 11, 2, 15, tzinfo=UTC)


def reads(text, kind="phone"):
    return parse(text, kind).value


@BOTH
def test_it_has_all_that_a_country_needs(country):
    assert country_faults(country) == []


@pytest.mark.parametrize("code", country_codes())
def test_it_brings_only_countries_that_are_whole(code):
    country = country_named(code)
    assert country_faults(country) == []
    assert country.code == code.upper()


@BOTH
def test_it_finds_each_place_by_its_name(country):
    gazetteer = gazetteer_of(country)
    provinces = gazetteer.provinces(date(2026, 11, 30))
    assert [p.name for p in provinces] == sorted(
        (p.name for p in provinces), key=gazetteer.spelling.order
    )
    for province in provinces:
        for commune in gazetteer.communes(province.code)[:20]:
            found = gazetteer.find(f"{commune.name}, {province.name}")
            assert commune.code in {match.place.code for match in found}
            assert gazetteer.get(commune.code) == commune


def test_it_finds_an_invented_place_by_every_name():
    with held_in(XA):
        assert [p.name for p in province_list()] == ["Älder", "City of Birch"]
        assert [p.name for p in province_list(on=date(2026, 2, 28))] == ["Älder", "Ash", "City of Birch"]  # fmt: skip
        assert [m.place.code for m in place_find("the capital")] == ["XA-B"]
        assert [m.place.code for m in place_find("county alder")] == ["XA-A"]
        assert [m.place.code for m in place_find("Ash")] == ["XA-A"]
        assert [m.place.code for m in place_find("Mill, shire Fern, Alder")] == ["XA-A-mill"]
        assert [m.place.code for m in place_find("city of birch")] == ["XA-B"]
        assert {(m.place.code, m.reason) for m in place_find("village weir")} == {
            ("XA-A-mill", "was"), ("XA-A-ford", "part"),
        }  # fmt: skip
        assert place_get("25") is None
    assert place_get("25").name == "Phú Thọ"


@pytest.mark.parametrize(
    ("country", "written", "value"),
    [
        (VN, "0912 345 678", "+84912345678"), (VN, "0168 345 6789", "+84383456789"),
        (VN, "0084 168 345 6789", "+84383456789"), (VN, "111", "111"), (VN, "1900 1234", "+8419001234"),
        (XA, "202 555 0123", "+12025550123"), (XA, "1 (202) 555-0123", "+12025550123"),
        (XA, "555 555 0123", "+12025550123"), (XA, "1 555 555 0123", "+12025550123"),
        (XA, "+1 555 555 0123", "+12025550123"), (XA, "011 1 555 555 0123", "+12025550123"),
        (XA, "055", "055"), (XA, "phone: 202 555 0123", "+12025550123"),
        (XA, "011 84 912 345 678", "+84912345678"), (XA, "+84 168 345 6789", "+841683456789"),
        (VN, "055", None), (XA, "0912 345 678", None),
    ],
)  # fmt: skip
def test_it_reads_numbers_as_the_country_writes_them(country, written, value):
    with held_in(country):
        if value is None:
            with pytest.raises(InvalidObservable):
                reads(written)
        else:
            assert reads(written) == value
            assert reads(value) == value


def test_it_reads_numbers_where_nothing_is_dialled_before_them():
    moves = [{**row, "digits": 9, "prefixes": {"55": "20"}} for row in XA.read("phones")["moves"]]
    plan = PhonePlan({**XA.read("phones"), "region": "ES", "trunk": "", "moves": moves})
    assert plan.moved("555500123") == plan.moved("+34555500123") == "205500123"
    assert plan.moved("01134555500123") == "205500123"
    for other in ("+44555500123", "01144555500123", "5555001234", "205500123"):
        assert plan.moved(other) == other


@given(st.integers(100, 199), st.sampled_from(["202", "555"]), st.sampled_from(["", "1 ", "+1 "]))
def test_it_knows_a_number_however_it_is_written(last, area, lead):
    with held_in(XA):
        assert reads(f"{lead}{area} 555 0{last}") == f"+12025550{last}"
        assert reads(f"{lead}{area}.555.0{last}") == f"+12025550{last}"


def test_it_finds_in_words_what_the_country_writes():
    text = "ring 202 555 0123 or 0912345678, visit a.example/x,b.invalid and the tree.zone"
    with held_in(XA):
        found = [(one.kind, one.value) for one in extract(text)]
    assert found == [
        ("phone", "+12025550123"), ("url", "http://a.example/x"), ("domain", "b.invalid"),
    ]  # fmt: skip
    assert ("phone", "+84912345678") in [(one.kind, one.value) for one in extract(text)]
    assert ("domain", "b.invalid") not in [(one.kind, one.value) for one in extract(text)]


def test_it_shows_the_numbers_to_call_that_hold_on_a_day():
    assert [line.number for line in help_line_list(on=date(2026, 11, 30))] == ["111", "113"]
    with held_in(XA):
        assert [line.number for line in help_line_list(on=date(2026, 5, 31))] == [
            "2025550110",
            "055",
        ]
        assert [line.number for line in help_line_list(on=date(2026, 6, 1))] == [
            "2025550111",
            "055",
        ]
        assert (help_number("talk"), help_number("danger")) == ("2025550111", "055")


@BOTH
def test_it_guards_the_numbers_to_call(country):
    with held_in(country):
        guard = guard_build((), ())
        own = [reads(row["number"]) for row in country.read("help_lines")]
        assert {guard.values["phone", one].rule for one in own} == {"emergency-number"}
        name = {VN: "vnexpress.net", XA: "lanterns.invalid"}[country]
        assert guard.exact[name].rule == "well-known"


def test_it_guards_no_other_countrys_numbers():
    with held_in(XA):
        assert ("phone", "111") not in guard_build((), ()).values
    assert ("phone", "111") in guard_build((), ()).values
    assert "lanterns.invalid" not in guard_build((), ()).exact


def test_it_reckons_hours_and_working_days_by_the_countrys_law():
    assert deadline_due("emergency-measures", NOON).at == NOON + timedelta(hours=12)
    with held_in(XA):
        # Monday; Tuesday counts, then two days of harvest, Friday and Saturday; Sunday counts, to its end.
        due = deadline_due("emergency-measures", NOON)
        assert due.at == datetime(2026, 11, 9, 3, 30, tzinfo=UTC)
        assert [(day.isoformat(), name.get("en", "")) for day, name in due.skipped] == [
            ("2026-11-04", "Harvest"), ("2026-11-05", "Harvest"), ("2026-11-06", ""), ("2026-11-07", ""),
        ]  # fmt: skip
        assert due.is_known
        later = datetime(2026, 11, 20, 15, tzinfo=UTC)
        assert deadline_due("emergency-measures", later).at == later + timedelta(hours=6)
        # 01:00 UTC is still the eve there, and the old law holds.
        eve = datetime(2026, 11, 20, 1, tzinfo=UTC)
        assert deadline_due("emergency-measures", eve).skipped
        assert deadline_due("another", NOON) is None


def test_it_runs_the_clock_of_the_countrys_law_for_a_case():
    facts = Facts(
        category="other", urgency="danger", province="XA-A", language="en", status="claimed", opened_at=NOON
    )  # fmt: skip
    with held_in(XA):
        rated = rate(facts, NOON)
        (clock_,) = [one for one in rated.clocks if one.legal]
        assert clock_.due_at == datetime(2026, 11, 9, 3, 30, tzinfo=UTC)
        half = NOON + (clock_.due_at - NOON) / 2
        for at, is_past in ((half - timedelta(seconds=1), False), (half, True)):
            assert ("danger-half" in {r.code for r in rate(facts, at).reasons}) == is_past


def test_it_counts_the_lunar_new_year_as_no_working_day():
    calendar = calendar_of(VN)
    last, skipped = calendar.after(date(2026, 2, 13), 1)
    assert last == date(2026, 2, 23)
    assert sum(1 for _, name in skipped if name) == 5
    assert not calendar.is_working(date(2026, 4, 27))
    assert calendar.is_working(date(2026, 4, 28))


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(1, 60))
def test_it_counts_exactly_so_many_working_days(start, count):
    for country in (VN, XA):
        calendar = calendar_of(country)
        last, skipped = calendar.after(start, count)
        assert calendar.is_working(last)
        assert (last - start).days == count + len(skipped)
        assert not any(calendar.is_working(day) for day, _ in skipped)


def test_it_begins_a_day_where_the_country_is():
    with clock.held_at(datetime(2026, 11, 2, 18, tzinfo=UTC)):
        assert today() == date(2026, 11, 3)
        with held_in(XA):
            assert today() == date(2026, 11, 2)


@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_it_says_the_countrys_numbers_in_every_language(language):
    answer = CheckAnswer(kind="phone", value="x", known=True, action="block", sequence=1)
    with translation.override(language):
        assert "111" in advice_for(answer)
        with held_in(XA):
            assert "2025550111" in advice_for(answer)
            assert "111." not in advice_for(answer).replace("2025550111", "")
            page = error_page(RequestFactory().get("/"), 503).content.decode()
            assert "2025550111" in page
            assert " 055" in page or "\u00a0055" in page
            assert "113" not in page


@pytest.mark.parametrize(
    ("missing", "left"), [("talk", "danger"), ("danger", "talk"), ("both", "")]
)
def test_it_bears_a_country_without_some_number(tmp_path, missing, left):
    folder = shutil.copytree(XA.folder, tmp_path / "xb")
    rows = [row for row in XA.read("help_lines") if row["purpose"] == left]
    (folder / "help_lines.json").write_text(json.dumps(rows))
    with held_in(country_at(folder)), translation.override("vi"):
        page = error_page(RequestFactory().get("/"), 503).content.decode()
        assert "%(" not in page
        assert ("2025550111" in page) == (left == "talk")
        assert (">055<" in page or " 055" in page) == (left == "danger")
        answer = CheckAnswer(kind="phone", value="x", known=True, action="block", sequence=1)
        assert ("2025550111" in advice_for(answer)) == (left == "talk")


@pytest.mark.django_db
def test_it_shows_the_countrys_places_and_numbers_on_its_pages(client):
    with held_in(XA):
        page = client.get("/").content.decode()
        assert [one["code"] for one in client.get("/v1/places/provinces").json()] == [
            "XA-A",
            "XA-B",
        ]
    assert 'href="tel:2025550111"' in page
    assert "Lantern line" in page
    assert 'href="tel:111"' not in page


@pytest.mark.parametrize("name", FILES)
def test_it_says_which_file_a_country_lacks(tmp_path, name):
    folder = shutil.copytree(XA.folder, tmp_path / "xb")
    (folder / f"{name}.json").unlink()
    with pytest.raises(ValueError, match=f"{name}.json"):
        country_named(str(folder))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("places", {"communes": [["1", "Mill", "nowhere", []]]}), ("phones", {"short": "("}),
        ("phones", {"region": "XX"}), ("phones", {"emergency": ["what"]}), ("words", {"endings": [1]}),
        ("holidays", {"weekend": {"days": [8]}}), ("deadlines", [{"rule": "a"}]),
        ("help_lines", [{"number": "055"}]), ("guard", {"groups": [{}]}),
    ],
)  # fmt: skip
def test_it_says_which_file_cannot_be_used(tmp_path, name, change):
    folder = shutil.copytree(XA.folder, tmp_path / "xb")
    whole = XA.read(name)
    (folder / f"{name}.json").write_text(
        json.dumps({**whole, **change} if isinstance(change, dict) else change)
    )
    faults = country_faults(country_at(folder))
    assert len(faults) == 1
    assert name in faults[0] or "no number" in faults[0]


def test_it_tells_the_doctor_whose_country_it_is(tmp_path):
    assert "34 provinces, 3,321 communes, 2 numbers" in CountryData().look(tmp_path, print).says
    folder = shutil.copytree(XA.folder, tmp_path / "xb")
    with held_in(country_at(folder)):
        assert CountryData().look(tmp_path, print).level is Level.WELL
        (folder / "help_lines.json").chmod(0o646)
        assert "help_lines.json" in CountryData().look(tmp_path, print).says
    (folder / "help_lines.json").chmod(0o644)
    for text, says in (("[]", "no number to call"), ("[{}]", "help_lines.json: ValueError")):
        (folder / "help_lines.json").write_text(text)
        country_at.cache_clear()
        with held_in(country_at(folder)):
            found = CountryData().look(tmp_path, print)
        assert found.level is Level.FAULT
        assert says in found.says


_ASK = """
import django; django.setup()
import json
from django.conf import settings
from lachan.formats.observables.parsing import parse
from lachan.formats.places.gazetteer import province_list
from lachan.country.help_lines import help_number
print(json.dumps([settings.TIME_ZONE, settings.LANGUAGE_CODE, parse("555 555 0123", "phone").value,
                  [p.code for p in province_list()], help_number("danger")]))
"""


def _asked(home, country):
    env = {**os.environ, "LACHAN_HOME": str(home), "LACHAN_COUNTRY": country,
           "DJANGO_SETTINGS_MODULE": "lachan.config.settings"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", _ASK],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_serves_another_country_by_its_folder_and_a_setting_alone(tmp_path):
    """A folder that was not there before, somewhere: no file of the product is touched."""
    folder = shutil.copytree(XA.folder, tmp_path / "lands/xc")
    done = _asked(tmp_path, str(folder))
    assert json.loads(done.stdout) == [
        "America/St_Johns", "en", "+12025550123", ["XA-A", "XA-B"], "055",
    ]  # fmt: skip
    wrong = _asked(tmp_path, "zz-secret")
    assert wrong.returncode == 1
    assert "there are vn" in wrong.stderr
    assert "zz-secret" not in wrong.stderr
