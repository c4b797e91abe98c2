"""One message must not stop the desk: the work grows with its length, whatever it repeats."""

import re
import sys

import pytest

from lachan.formats.observables import defang, extraction, numbers, written
from lachan.formats.observables.extraction import extract
from lachan.formats.observables.phone_plan import plan_of
from lachan.kernel import pasted
from tests.country.countries import VN, XA

from .steps import Search

UNITS = (
    *(
        "a.",
        "a@",
        "0 ",
        "https://a.com/?",
        "::",
        "(a",
        "a-",
        "1.",
        "http://",
        "zalo ",
        " ",
        "http://x,",
        "a:a@",
        "1.2.3.4/",
    ),
    *(
        "h[tt]p : /",
        "[.]",
        "a.com/a,http://",
        "](",
        ")",
        "%41",
        "f:",
        "0912-",
        "a\u200b",
        "\u0300",
        "_",
    ),
)
PATTERNS = {
    value: f"{module.__name__.rpartition('.')[2]}.{name}"
    for module in (pasted, defang, written, numbers, extraction)
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}
for COUNTRY in (VN, XA):
    PATTERNS |= {
        value: f"{COUNTRY.code}.{name}"
        for built in (extraction._patterns_of(COUNTRY)._asdict(), vars(plan_of(COUNTRY)))
        for name, value in built.items()
        if isinstance(value, re.Pattern)
    } | {extraction._accounts_of(COUNTRY): f"{COUNTRY.code}.accounts"}


def steps(pattern, unit, length):
    return Search(pattern, (unit * length)[:length] + "!").steps


@pytest.mark.parametrize("pattern", PATTERNS, ids=PATTERNS.values())
def test_it_searches_in_steps_that_grow_with_the_text(pattern):
    for unit in UNITS:
        few, many = (steps(pattern, unit, length) for length in (80, 240))
        assert many < 4 * few, (unit, few, many)


def test_it_counts_steps_as_they_are():
    nested, plain, possessive = (re.compile(one) for one in (r"(?:\s*x)*\s*:?\s*y", "a+b", "a++"))
    assert steps(nested, " ", 60) > 15 * steps(nested, " ", 20)
    assert steps(plain, "a", 300) > 8 * steps(plain, "a", 100)
    assert steps(possessive, "a", 300) < 4 * steps(possessive, "a", 100)


def calls(text):
    """How often anything was called, C's functions too."""
    count = 0

    def counted(frame, event, arg):
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        extract(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("unit", [*UNITS, "a1.vn ", "0912345678-", "https://a.com/)"])
def test_it_calls_as_often_as_the_text_is_long(unit):
    extract(unit)
    few, many = (calls((unit * length)[:length]) for length in (2_500, 7_500))
    assert many < 4 * few + 1_000


def test_it_puts_few_accents_in_order():
    text = "a" + "\u0315\u0300" * 100_000
    assert len(pasted.composed(text)) < 40
    assert pasted.composed("tie\u0302\u0301ng Vie\u0323\u0302t") == "tiếng Việt"


def test_it_reads_what_stands_beside_what_would_stall_it():
    for stall in (
        "zalo" + " " * 50_000,
        "https://a.test/" + ")" * 50_000,
        "a." * 50_000,
        "\u0315\u0300" * 50_000,
    ):
        assert [one.value for one in extract(f"{stall}! xau.example")][-1] == "xau.example"
