from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from lachan.formats.observables.names import (
    is_public_suffix,
    registrable_domain,
    suffixes,
    to_unicode,
)
from lachan.formats.observables.parsing import display, kinds, parse
from lachan.formats.observables.record import REASONS, InvalidObservable

CASES = [(name, example) for name, kind in kinds().items() for example in kind.examples()]


# As they rest in snapshots: a kind may come, none may change.
CODES = {
    "domain": 1, "url": 2, "ipv4": 3, "ipv6": 4, "email": 5, "phone": 6, "account": 7,
    "md5": 8, "sha1": 9, "sha256": 10, "pdq": 11,
}  # fmt: skip


def test_it_finds_every_kind_with_a_code_of_its_own():
    codes = {name: kind.code for name, kind in kinds().items()}
    assert codes.items() >= CODES.items()
    assert len(set(codes.values())) == len(codes)


@pytest.mark.parametrize("kind", kinds().values(), ids=list(kinds()))
def test_it_says_what_a_kind_is_called_and_makes_keys_of_its_values(kind):
    assert kind.label.keys() == {"en", "vi", "fr"}
    for example in kind.examples():
        if not example.reason:
            key = kind.to_key(example.value)
            assert key
            assert kind.to_key(kind.from_key(key)) == key


@pytest.mark.parametrize(("name", "example"), CASES)
def test_it_holds_each_kind_to_its_examples(name, example):
    if example.reason:
        with pytest.raises(InvalidObservable) as refused:
            parse(example.text, name)
        assert refused.value.reason == example.reason
        assert not example.text or example.text not in str(refused.value)
        return
    found = parse(example.text, name)
    assert (found.kind, found.value, found.raw) == (name, example.value, example.text)
    assert parse(found.value, name).value == found.value
    assert display(name, found.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("http://xau.example/a", "url"),
        ("xau.example/a", "url"),
        ("xau.example", "domain"),
        ("192.0.2.1", "ipv4"),
        ("2001:db8::1", "ipv6"),
        ("la@xau.example", "email"),
        ("0912 345 678", "phone"),
        ("zalo:0912345678", "account"),
        ("https://www.tiktok.com/@nguoi.la", "account"),
        ("a" * 32, "md5"),
        ("b" * 40, "sha1"),
        ("c" * 64, "sha256"),
        (f"pdq:{'c' * 64}", "pdq"),
    ],
)
def test_it_guesses_the_kind(text, kind):
    assert parse(text).kind == kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  ", "empty"),
        ("xin chào", "unrecognised"),
        ("xau\u202e.example", "control-characters"),
        ("x" * 9000, "too-long"),
        ("caf\udce9.example", "bad-characters"),
        ("http://xau.example/\ud800", "bad-characters"),
    ],
)
def test_it_refuses_with_a_reason(text, reason):
    with pytest.raises(InvalidObservable) as refused:
        parse(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize("kind", [None, *sorted(kinds())])
def test_it_refuses_halves_of_letters_whatever_they_are_taken_for(kind):
    for text in ("caf\udce9.example", "la\udce9@xau.example", "tiktok:\ud800la", "\udfff"):
        with pytest.raises(InvalidObservable) as refused:
            parse(text, kind)
        assert refused.value.reason == "bad-characters"


def test_it_knows_no_other_kind():
    with pytest.raises(InvalidObservable) as refused:
        parse("x", "pin")
    assert refused.value.reason == "unknown-kind"


@given(st.text(max_size=300), st.sampled_from([None, *sorted(kinds())]))
def test_it_reads_anything_or_says_why_not(text, kind):
    try:
        found = parse(text, kind)
    except InvalidObservable as error:
        reason = error.reason
    else:
        reason = "empty"
        assert parse(found.value, found.kind).value == found.value
        assert display(found.kind, found.value)
    assert reason in REASONS


SOUP = st.lists(
    st.sampled_from(["%", "%%", "%34", "%31", "%2E", "%2f", "[", "]", "(", ")", "{", ".", "dot", "at", "@", "/", "//", "?", "#", ":", "\\", "a", "A", "b.example", "hxxp", "http", "https//", "ạ", "e\u0301", "\u200b", "\u00ad", "。", "*", "+84", "0912345678", "t.me", "tiktok:", " ", "-", "_", "0"]),
    max_size=9,
).map("".join)  # fmt: skip


@given(
    st.sampled_from(
        ["", "http://a.example/", "https://", "http://a.example/?", "la@", "fb:", "//"]
    ),
    SOUP,
    st.sampled_from([None, *sorted(kinds())]),
)
def test_it_makes_values_that_stay_as_they_are(start, soup, kind):
    try:
        found = parse(start + soup, kind)
    except InvalidObservable:
        return
    assert parse(found.value, found.kind).value == found.value
    if kind is None and found.kind not in ("pdq", "sha256"):
        again = parse(found.value)
        assert (again.kind, again.value) == (found.kind, found.value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("\u2068xau.example\u2069", "domain", "xau.example"),
        ("\ufeffhttps://xau.example/a\u200b", "url", "https://xau.example/a"),
        ("xau\u00ad.exam\u200cple\u200e", "domain", "xau.example"),
        ("la\u2060@xau.example\u00a0", "email", "la@xau.example"),
        ("tiktok:\u2068@nguoi.la\u2069", "account", "tiktok:nguoi.la"),
        ("a" * 16 + "\u200b" + "a" * 16, "md5", "a" * 32),
        ("\u202d(+84) 912\u00a0345\u2009678\u202c", "phone", "+84912345678"),
        ("0️⃣9️⃣12 345 678", "phone", "+84912345678"),
        ("192.0.2\u200b.1", "ipv4", "192.0.2.1"),
        ("1900 1234", "phone", "+8419001234"),
        ("xau.example:8080", "url", "http://xau.example:8080/"),
        ("xau.example:8080/a", "url", "http://xau.example:8080/a"),
        ("ai:do@xau.example:81/a", "url", "http://xau.example:81/a"),
        ("ai@xau.example/a", "url", "http://xau.example/a"),
        ("//xau.example/a", "url", "http://xau.example/a"),
        ("xau.example?a=1", "url", "http://xau.example/?a=1"),
        ("192.0.2.1/85.exe", "url", "http://192.0.2.1/85.exe"),
        ("192.0.2.1:81", "url", "http://192.0.2.1:81/"),
        ("xau。example", "domain", "xau.example"),
        ("la@xau．example", "email", "la@xau.example"),
        ("xau｡example/a", "url", "http://xau.example/a"),
        ("https//xau.example/a", "url", "https://xau.example/a"),
        ("h[tt]p://xau.example", "url", "http://xau.example/"),
        ("h**ps://xau.example", "url", "https://xau.example/"),
        ("http:\\\\xau.example\\a", "url", "http://xau.example/a"),
        ("(http) : //xau{.}example", "url", "http://xau.example/"),
        ("xau[.]example[:]8080", "url", "http://xau.example:8080/"),
    ],
)
def test_it_reads_what_people_paste(text, kind, value):
    found = parse(text)
    assert (found.kind, found.value) == (kind, value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("192.0.2.0/24", "network-not-address"),
        ("192.0.2.0/255.255.255.0", "network-not-address"),
        ("192.0.2/24", "network-not-address"),
        ("192.0.2.1-192.0.2.9", "network-not-address"),
        ("2001:db8::/32", "network-not-address"),
        ("http://./", "empty"),
        ("http://../", "bad-host"),
        ("hai..cham@xau.example", "bad-characters"),
        # A whole site is not what a mailbox with a word before it means.
        ("mail:la@xau.example", "bad-characters"),
        ("+849752123456", "number-impossible"),
        ("09123456789", "number-impossible"),
    ],
)
def test_it_takes_nothing_for_what_it_is_not(text, reason):
    with pytest.raises(InvalidObservable) as refused:
        parse(text)
    assert refused.value.reason == reason


@given(st.from_regex(r"\A(?:[a-zA-Z0-9_đạể-]{1,12}\.){1,4}(?:vn|com|COM\.VN|test)\.?\Z"))
def test_it_makes_names_that_stay_as_they_are(text):
    try:
        name = parse(text, "domain").value
    except InvalidObservable:
        return
    assert name == name.lower()
    assert not name.endswith(".")
    assert parse(to_unicode(name), "domain").value == name
    assert f"//{name}/" in parse(f"http://{text}/", "url").value


def test_it_knows_what_somebody_can_register():
    assert registrable_domain("a.b.com.vn") == "b.com.vn"
    assert registrable_domain("x.pages.dev") == "x.pages.dev"
    assert registrable_domain("a.xau.example") == "xau.example"
    assert registrable_domain("com.vn") is None
    assert is_public_suffix("gov.vn")
    assert is_public_suffix("vn")
    assert not is_public_suffix("xau.example")


def test_it_knows_every_suffix_as_the_library_does():
    library = PublicSuffixList(accept_unknown=False)
    rules = [
        line.split()[0] for line in Path(PSLFILE).read_text("utf-8").splitlines() if line.strip()
    ]
    bare = {rule.lstrip("!*.") for rule in rules if rule.isascii() and not rule.startswith("//")}
    names = {f"{start}{name}" for name in bare for start in ("", "a.", "www.city.")}
    names |= {name.partition(".")[2] or "com" for name in bare}
    assert [name for name in names if is_public_suffix(name) != library.is_public(name)] == []
    assert list(suffixes("a.b.vn")) == ["a.b.vn", "b.vn", "vn"]


@pytest.mark.parametrize(
    "value",
    ["https://xau.test/a", "xau8.com", "la@xau.test", "0912 345 678", "tiktok:nguoi_", "192.0.2.7"],
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<", ">"),
        ("(", ")."),
        ("“", "”,"),
        ("'", ""),
        ("«", "»!"),
        ("`", "`"),
        ("[", "]"),
        ("", "…"),
        ("", ";"),
        ("**", "**"),
        ("", "?!"),
    ],
)
def test_it_reads_a_value_without_the_sentence_around_it(value, before, after):
    pasted = parse(f"{before}{value}{after}")
    assert pasted == parse(value) == parse(pasted.value, pasted.kind)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2001:db8::", "2001:db8::"),
        ("(+84) 912 345 678", "+84912345678"),
        ("http://xau.test/a_(b)", "http://xau.test/a_(b)"),
        ("[2001:db8::1]:81/a", "http://[2001:db8::1]:81/a"),
    ],
)
def test_it_leaves_what_belongs_to_a_value(text, value):
    assert parse(text).value == value


@pytest.mark.parametrize(
    "behind", ["", ",", ";", "?", " # a", " ; SBL1", "|a", ":80", "-bit", " - a", "#a"]
)
@pytest.mark.parametrize(
    "network",
    [
        "192.0.2.0/24",
        "１９２.0.2.0/24",
        "192.0.2.0/255.255.255.0",
        "2001:db8::/32",
        "[2001:db8::]/32",
        "[2001:db8::/32]",
    ],
)
def test_it_takes_a_network_for_nothing_else_whatever_stands_behind(network, behind):
    with pytest.raises(InvalidObservable, match="whole network"):
        parse(network + behind)


@pytest.mark.parametrize(
    "text",
    ["192.0.2.1-9", "192.0.2.1–192.0.2.9", "2001:db8::-2001:db8::ff", "192.0.2.*", "2001:db8::*"],
)
def test_it_takes_a_range_for_a_network(text):
    with pytest.raises(InvalidObservable, match="whole network"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.1/24/",
        "192.0.2.1/24/a",
        "192.0.2.1/24.exe",
        "192.0.2.1/24?a=1",
        "[2001:db8::1]/32/a",
    ],
)
def test_it_takes_a_path_that_begins_like_a_network_for_a_page(text):
    assert parse(text).value == f"http://{text}"
