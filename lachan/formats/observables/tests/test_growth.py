"""One message must not stop the desk: the work grows with its length, whatever it repeats."""

import re
import sys

import pytest

from lachan.formats.observables import defang, extraction, numbers, written
from lachan.formats.observables.extraction import extract
from lachan.kernel import pasted

from .steps import Search

UNITS = (
    *("a.", "a@", "0 ", "http://", "::", "(a", "a-", "1.", "zalo ", " ", "09", "https://a.com/?"),
    *("a:a@", "www.", "1.2.3.4/", "a.com:80", "h[tt]p : /", "hxxp[:", "[.]", "(dot", "http://x,"),
    *(
        "a.com/a,http://",
        "](",
        "/",
        "\\",
        ")",
        "]",
        "%41",
        "A.a",
        "f:",
        "0912-",
        "+84",
        "a" * 32 + " ",
    ),
    *(
        "\u200b",
        "a\u200b",
        "\u0300",
        "a\u3002",
        "٠",
        "\u00a0",
        "❤\ufe0f",
        "zalo  của nó ",
        "_",
        "@a.",
    ),
)
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (extraction, numbers, written, defang, pasted)
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
} | {"accounts": extraction._accounts()}


def steps(pattern, unit, length):
    return Search(pattern, (unit * length)[:length] + "!").steps


@pytest.mark.parametrize("name", PATTERNS)
def test_it_searches_in_steps_that_grow_with_the_text(name):
    short, long = 150, 450
    for unit in UNITS:
        few, many = (steps(PATTERNS[name], unit, length) for length in (short, long))
        assert many < 4 * few, (unit, few, many)


def test_it_counts_steps_as_they_are():
    nested, plain, possessive = (re.compile(one) for one in (r"(?:\s*x)*\s*:?\s*y", "a+b", "a++"))
    assert steps(nested, " ", 60) > 20 * steps(nested, " ", 20)
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


@pytest.mark.parametrize("unit", [*UNITS, "a1.vn ", "0912345678-", "https://a.com/)", "a@b.vn "])
def test_it_calls_as_often_as_the_text_is_long(unit):
    extract(unit)
    few, many = (calls((unit * length)[:length]) for length in (3_000, 12_000))
    assert many < 6 * few + 1_000


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
