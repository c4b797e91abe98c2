"""What is written is OpenMetrics 1.0, by a strict reading of its rules that shares nothing with the writer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.openmetrics import Family, rendered

META = re.compile(r"# (TYPE|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)\Z")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?!\Z)|\Z)')
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf)\Z")
ENDINGS = {"gauge": {""}, "counter": {"_total"}, "histogram": {"_bucket"}}


def unescaped(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def labels_read(text):
    found, at = {}, 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, text
        assert label[1] not in found
        found[label[1]], at = unescaped(label[2]), label.end()
    return found


def read(body):
    """Family → (kind, help, [(ending, labels, value)]); fails on whatever the format does not allow."""
    text = body.decode("utf-8")
    assert text.endswith("# EOF\n")
    found, now, seen = {}, "-", set()
    for line in text.removesuffix("# EOF\n").split("\n")[:-1]:
        if line.startswith("#"):
            what, name, rest = META.match(line).groups()
            if what == "TYPE":
                assert name not in found  # no family twice, none between the lines of another
                assert rest in ENDINGS
                now, found[name] = name, (rest, [], [])
            else:
                assert name == now
                assert found[name][1:] == ([], [])
                found[name][1].append(unescaped(rest))
            continue
        name, labels, number = SAMPLE.match(line).groups()
        assert name.startswith(now), line
        ending = name.removeprefix(now)
        assert ending in ENDINGS[found[now][0]], line
        assert NUMBER.match(number), line
        read_labels = labels_read(labels or "")
        assert (name, tuple(sorted(read_labels.items()))) not in seen  # each sample once
        seen.add((name, tuple(sorted(read_labels.items()))))
        found[now][2].append((ending, read_labels, float(number)))
    for kind, _, samples in found.values():
        if kind != "gauge":
            assert all(value >= 0 for _, _, value in samples)
        if kind == "histogram":
            buckets_hold(samples)
    return {name: (kind, "".join(words), samples) for name, (kind, words, samples) in found.items()}


def buckets_hold(samples):
    """Of each set of labels: bounds rise, counts never fall, the last bound is infinite."""
    by_labels = {}
    for _, labels, value in samples:
        rest = {name: said for name, said in labels.items() if name != "le"}
        by_labels.setdefault(tuple(sorted(rest.items())), []).append((float(labels["le"]), value))
    for rows in by_labels.values():
        assert [bound for bound, _ in rows] == sorted({bound for bound, _ in rows})
        assert [count for _, count in rows] == sorted(count for _, count in rows)
        assert rows[-1][0] == float("inf")


words = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    words,
    st.lists(
        st.tuples(words, st.integers() | st.floats(allow_nan=False)),
        max_size=4,
        unique_by=lambda row: row[0],
    ),
)
def test_it_writes_whatever_stands_in_labels_so_that_it_is_read_back(help_words, rows):
    family = Family(name="one", kind="gauge", help=help_words)
    for label, value in rows:
        family.add(value, said=label)
    found = read(rendered([family]))
    if not rows:
        assert found == {}
        return
    assert found == {
        "one": ("gauge", help_words, [("", {"said": label}, float(value)) for label, value in rows])
    }


def test_it_ends_counters_and_buckets_as_their_kind_does():
    counter = Family(name="calls", kind="counter", help="Calls.", samples=[({}, 3)])
    took = Family(name="took_seconds", kind="histogram", help="Times.")
    took.buckets.append(({"process": "7"}, [(1e-06, 0), (0.5, 2), (float("inf"), 3)]))
    assert rendered([counter, took]).decode().splitlines() == [
        "# TYPE calls counter",
        "# HELP calls Calls.",
        "calls_total 3",
        "# TYPE took_seconds histogram",
        "# HELP took_seconds Times.",
        'took_seconds_bucket{process="7",le="1e-06"} 0',
        'took_seconds_bucket{process="7",le="0.5"} 2',
        'took_seconds_bucket{process="7",le="+Inf"} 3',
        "# EOF",
    ]


@pytest.mark.parametrize("name", ["", "a-b", "9a", "a b", "á", "a\n"])
def test_it_takes_no_name_that_breaks_the_text(name):
    with pytest.raises(ValueError, match="name"):
        rendered([Family(name=name, kind="gauge", help="", samples=[({}, 1)])])


def test_it_takes_no_name_twice():
    with pytest.raises(ValueError, match="name"):
        rendered([Family(name="one", kind="gauge", help="")] * 2)
