"""What a list lets through, and what a change list takes back, is never blocked."""

import io
from itertools import permutations

import pytest

from lachan.formats.lists.parsing import read
from lachan.formats.lists.record import Entry, UnreadableList


def blocked(*lines, **options):
    """The values that a list blocks whole, and those of which a part is let through."""
    found = list(read(io.BytesIO("\n".join(lines).encode()), **options))
    return {item.observable.value: item.lets for item in found if isinstance(item, Entry)}


def reasons(*lines, **options):
    found = read(io.BytesIO("\n".join(lines).encode()), **options)
    return [item.reason for item in found if not isinstance(item, Entry)]


@pytest.mark.parametrize(
    ("block", "exception"),
    [
        ("||ok.example^", "@@||ok.example^"),
        ("||ok.example^", "@@||ok.example^$important"),
        ("||ok.example^", "@@|https://ok.example/"),
        ("||ok.example^", "@@ok.example"),
        ("||ok.example^", "||ok.example^$badfilter"),
        ("||a.ok.example^", "@@||ok.example^"),
        ("|https://ok.example/a|", "@@||ok.example^"),
        ("0.0.0.0 ok.example", "@@||ok.example^"),
        ("ok.example CNAME .", "ok.example CNAME rpz-passthru."),
        ("*.ok.example CNAME .", "ok.example CNAME ok.example."),
        ('local-zone: "ok.example" refuse', 'local-zone: "ok.example." transparent'),
        ("address=/ok.example/", "server=/ok.example/192.0.2.53"),
        ("address=/ok.example/", "server=/xau2.example/ok.example/#"),
        ("*://*.ok.example/*", "@*://ok.example/*"),
        ("DOMAIN-SUFFIX,ok.example,REJECT", "DOMAIN,ok.example,DIRECT"),
    ],
)
def test_it_never_blocks_what_the_list_lets_through(block, exception):
    for lines in permutations([block, exception, "||xau.example^"]):
        assert blocked(*lines) == {"xau.example": ""}, lines
        assert "let-through" in reasons(*lines)


@pytest.mark.parametrize(
    ("block", "exception"),
    [
        ("||g.example^", "@@||ok.g.example^"),
        ("||g.example^", "@@||g.example/ok"),
        ("||g.example^", "@@||g.example^$script"),
        ("*.g.example CNAME .", "ok.g.example CNAME rpz-passthru."),
        ('local-zone: "g.example" refuse', 'local-zone: "ok.g.example" transparent'),
        ("address=/g.example/", "server=/ok.g.example/#"),
    ],
)
def test_it_says_of_what_a_part_is_let_through(block, exception):
    for lines in permutations([block, exception]):
        found = blocked(*lines)
        assert list(found) == ["g.example"]
        assert found["g.example"], lines


def test_it_knows_the_exceptions_of_a_pipe():
    stream = io.BytesIO(b"||ok.example^\n||xau.example^\n@@||ok.example^\n")
    stream.seekable = lambda: False
    found = [item.observable.value for item in read(stream) if isinstance(item, Entry)]
    assert found == ["xau.example"]


@pytest.mark.parametrize(
    "line", ["{}", "0.0.0.0 {}", "||{}^", "local=/{}/", "*://*.{}/*", "https://{}/a"]
)
def test_it_reads_changes_as_what_they_were(line):
    add, gone = "+ " + line, "- " + line
    value = "https://{}/a" if "//" in line and "*" not in line else "{}"
    for lines in permutations([add.format("xau.example"), gone.format("ok.example")]):
        assert blocked(*lines) == {value.format("xau.example"): ""}
        assert reasons(*lines) == ["removal"]
    assert blocked(gone.format("ok.example")) == {}
    came_and_went = add.format("ok.example"), gone.format("ok.example")
    assert blocked(*came_and_went) == {}
    assert blocked(*reversed(came_and_went)) == {value.format("ok.example"): ""}


def test_it_takes_bullets_for_bullets_where_they_can_be_nothing_else():
    assert blocked("domains:", "- xau.example") == {"xau.example": ""}
    assert blocked("xau.example", "- xau2.example") == {"xau.example": "", "xau2.example": ""}


@pytest.mark.parametrize(
    "title",
    [
        "whitelist:",
        "[allow]",
        "Trusted sites:",
        "allowed_domains = [",
        "[false-positives]",
        "exclude:",
    ],
)
def test_it_blocks_nothing_in_a_part_that_is_let_through(title):
    lines = "blocklist:", "- xau.example", "- ok.example", title, "- ok.example", "- ok2.example"
    assert blocked(*lines) == {"xau.example": ""}
    assert blocked("[whatever]", "ok.example", "[block]", "xau.example") == {"xau.example": ""}


@pytest.mark.parametrize("most", [3, 1])
def test_it_blocks_nothing_of_a_list_that_lets_through_more_than_can_be_held(monkeypatch, most):
    monkeypatch.setattr("lachan.formats.lists.exceptions._MOST", most)
    through = [f"@@||a.b.c.d.e.ok{number}.example^" for number in range(4 if most == 3 else 1)]
    with pytest.raises(UnreadableList, match="more than a million"):
        blocked("||xau.example^", *through, form="adblock")
    assert blocked("||xau.example^", "@@||ok.example^", form="adblock") == {"xau.example": ""}
