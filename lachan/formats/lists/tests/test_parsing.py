import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.lists.parsing import forms, read
from lachan.formats.lists.record import REASONS, Entry, Rejected, UnreadableList
from lachan.formats.lists.source import FOREIGN, PACKED
from lachan.formats.observables import record as observables
from lachan.formats.observables.parsing import kinds

CASES = [(name, example) for name, form in forms().items() for example in form.examples()]
NOTES = {"title": "Lá Chắn", "sequence": "7"}


def items(data, **options):
    return list(read(io.BytesIO(data), **options))


def pairs(found):
    return [(e.observable.kind, e.observable.value) for e in found if isinstance(e, Entry)]


def reasons(found):
    return [(e.line, e.reason) for e in found if isinstance(e, Rejected)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(("name", "example"), CASES)
def test_it_holds_each_form_to_its_examples(name, example, asked, newline):
    data = b"\xef\xbb\xbf" + example.lines.replace("\n", newline).encode()
    found = items(data, form=name if asked else "auto")
    assert tuple(pairs(found)) == example.values
    assert tuple(reason for _, reason in reasons(found)) == example.reasons


@pytest.mark.parametrize("name", sorted(forms()))
def test_it_writes_what_it_reads(name):
    form = forms()[name]
    values = [
        ("domain", "xau.example"),
        ("domain", "xn--v-d-rma6749a.vn"),
        ("url", 'https://xau.example/a"b,c'),
        ("sha256", "0f" * 32),
    ]
    values = [(kind, value) for kind, value in values if form.line(kind, value, {}) is not None]
    assert values
    text = form.head(NOTES) + "".join(form.line(kind, value, {}) for kind, value in values)
    expected = [(k, v.replace('"', "%22") if k == "url" else v) for k, v in values]
    # A zone file names everything twice: itself, and what is below it.
    assert list(dict.fromkeys(pairs(items(text.encode(), form=name)))) == expected


@pytest.mark.parametrize("name", sorted(forms()))
@pytest.mark.parametrize("kind", sorted(kinds()))
def test_it_says_which_kinds_a_form_can_carry(name, kind):
    form = forms()[name]
    example = next(e for e in kinds()[kind].examples() if not e.reason)
    carried = form.line(kind, example.value, {}) is not None
    assert carried == (not form.kinds or kind in form.kinds)


def test_it_quarantines_a_bad_line_alone():
    data = (
        b"a.example\n\xff\xfe\xfd\nb.example\nx\x00y\n"
        + b"z" * 50_000
        + b"\nc.example\n\x00\xff\nd.example"
    )
    found = items(data)
    assert [value for _, value in pairs(found)] == [
        "a.example",
        "b.example",
        "c.example",
        "d.example",
    ]
    assert reasons(found) == [(2, "not-utf-8"), (4, "binary"), (5, "line-too-long"), (7, "binary")]


def test_it_never_holds_the_file():
    class Long(io.BytesIO):
        def read(self, size=-1):
            assert 0 < size <= 1 << 20
            return super().read(size)

        def readline(self, size=-1):
            assert 0 < size <= 1 << 20
            return super().readline(size)

    stream = Long(b"".join(b"xau%d.example\n" % number for number in range(200_000)))
    found = read(stream)
    assert next(found).observable.value == "xau0.example"
    # What comes through a pipe is laid down on the disk, piece by piece.
    stream = Long(stream.getvalue())
    stream.seekable = lambda: False
    assert next(read(stream)).observable.value == "xau0.example"


def test_it_accounts_for_every_line_with_content():
    lines = ["a.example", "", "# x", "not a name", "b.example", "   ", "192.0.2.1"]
    found = items("\n".join(lines).encode())
    assert [item.line for item in found] == [1, 4, 5, 7]


def test_it_says_when_the_whole_file_is_no_list():
    with pytest.raises(UnreadableList):
        items("a.example".encode("utf-16"))
    with pytest.raises(UnreadableList):
        items(b"a.example", form="pdf")


def test_it_keeps_what_else_a_line_says():
    (found,) = items(b'{"value":"xau.example","category":"scam","n":1}')
    assert dict(found.facts) == {"category": "scam", "n": 1}


def test_it_shows_little_of_a_bad_line():
    (found,) = items(b"\x1b[31m" + b"x" * 900)
    assert len(found.text) == 200
    assert found.text.isprintable()


@given(st.binary(max_size=2000), st.sampled_from(["auto", *sorted(forms())]))
def test_it_reads_any_bytes(data, form):
    known = REASONS.keys() | observables.REASONS.keys()
    try:
        found = items(data, form=form)
    except UnreadableList:
        assert data.startswith((*FOREIGN, *PACKED))
        return
    assert all(item.reason in known for item in found if isinstance(item, Rejected))
