"""One line must not stop an import: the work grows with its length, whatever it repeats."""

import importlib
import io
import pkgutil
import re
import sys

import pytest

from lachan.formats.lists import (
    columns,
    documents,
    exceptions,
    form,
    forms,
    holders,
    parsing,
    source,
)
from lachan.formats.lists.columns import typed
from lachan.formats.lists.documents import broken_values
from lachan.formats.lists.form import several, uncommented
from lachan.formats.lists.parsing import line_read, read
from lachan.formats.lists.record import Entry
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.observables.tests.steps import Search

UNITS = (
    *(" ", "a", "0", ".", "a.", "a ", ",", "|", "(", "#", "/", ":", "=", "*", "^", '"'),
    *('\\"', "{", "a|", "/a", "- ", "://", "not ", "0."),
)
# The others are asked about a whole line, or its beginning.
SEARCHED = {
    *(form._TRAILING, form._BETWEEN, exceptions._ODD, documents._TOKENS, source._BINARY),
    *(parsing._NO_UTF8, holders._LETS, holders._NOT, holders._CAMEL, columns._ACTS),
}
MODULES = (
    *(columns, documents, exceptions, form, holders, parsing, source),
    *(
        importlib.import_module(f"{forms.__name__}.{one.name}")
        for one in pkgutil.iter_modules(forms.__path__)
    ),
)
PATTERNS = {
    value: f"{module.__name__.rpartition('.')[2]}.{name}"
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}


def steps(pattern, unit, length, start=""):
    text = start + (unit * length)[:length] + "\x00"
    whole = pattern not in SEARCHED
    if isinstance(pattern.pattern, bytes):
        pattern = re.compile(pattern.pattern.decode("latin-1"), pattern.flags | re.ASCII)
    return Search(pattern, text, whole=whole).steps


@pytest.mark.parametrize("pattern", PATTERNS, ids=PATTERNS.values())
def test_it_looks_at_a_line_in_steps_that_grow_with_it(pattern):
    for unit in UNITS:
        few, many = (steps(pattern, unit, length) for length in (30, 90))
        assert many < 4 * few + 500, (unit, few, many)


def calls(act, *given):
    """How often anything was called, C's functions too."""
    count = 0

    def counted(frame, event, arg):
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        act(*given)
    except InvalidObservable:
        pass
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("act", "start", "unit", "end"),
    [
        (parse, "", "(", "xau.example"),
        (parse, "", "(<", "xau.example"),
        (lambda text: list(broken_values(text)), '["', '\\"', ""),
        (lambda text: list(broken_values(text)), "", '{"data":', "{}" + "}" * 4_000),
    ],
)
def test_it_is_asked_as_often_as_a_text_is_long(act, start, unit, end):
    act_on = [start + unit * count + end for count in (500, 1_500)]
    few, many = (calls(act, text) for text in act_on)
    assert many < 4 * few + 1_000


def test_it_looks_a_kind_up_that_nobody_knows_without_a_search_for_the_nearest():
    typed("a.png", "filename")
    assert calls(typed, "a.png", "filename") < 100


def test_it_takes_a_value_out_of_what_stands_around_it():
    assert parse("(" * 8 + "xau.example" + ")" * 8).value == "xau.example"
    assert uncommented("xau.example" + " " * 5_000 + "# ghi chú") == "xau.example"
    assert uncommented("xau.example" + " " * 5_000 + "b#").endswith(" b#")
    wanted = ["http://xau.example/", "x" + " " * 5_000 + "y", "https://xau2.example/"]
    assert several(", ".join(wanted[::2])) == wanted[::2]
    assert several("|".join(wanted[::2])) == ["|".join(wanted[::2])]
    assert len(several(f"http://xau.example/{' ' * 5_000}x://y")) == 1


def test_a_line_that_is_odd_in_many_ways_is_asked_about_once():
    line = "address=/" + "/ " * 5_000 + "::"
    lines = f"address=/xau.example/\n{line}\nhttp://, xau2.example, http://, http://\n"
    found = list(read(io.BytesIO(lines.encode())))
    assert [one.observable.value for one in found if isinstance(one, Entry)] == ["xau.example"]
    assert len(found) < 10
    # Of a line that is the list's own in part, no other form reads that part once more.
    mixed = "xau.example\nxau2.example\nhttps://xau.example/a, http://, http://\n"
    assert [one.line for one in read(io.BytesIO(mixed.encode()))] == [1, 2, 3, 3, 3]


def test_what_is_cut_off_within_a_text_costs_that_text_alone():
    found = [
        one for each in broken_values('["xau.example", "xau2.example", "a\\"b {} c') for one in each
    ]
    assert [one.text for one in found if not one.reason] == ["xau.example", "xau2.example"]
    assert [one.reason for one in found if one.reason] == ["not-json"]
    assert line_read("0.0.0.0 xau.example")
