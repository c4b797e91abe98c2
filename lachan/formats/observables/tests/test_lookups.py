import can_ada
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.observables.lookups import host_of, match_key, parents
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.prose import unwrapped
from lachan.formats.observables.record import InvalidObservable

PIECES = st.sampled_from(
    ["http://", "https://", "//", ":", "@", "/", "?", "#", "&", "=", ".", "bad.example", "ok.example", "ok", "%2f", "..", "[", "]", "\\", ";", "192.0.2.1", "[2001:db8::1]", ":81", "。", "\\.", "%6fk.example"]
)  # fmt: skip


def test_it_covers_a_name_by_the_names_above_it():
    assert parents(parse("a.b.example")) == [
        ("domain", "a.b.example"),
        ("domain", "b.example"),
        ("domain", "example"),
    ]


def test_it_covers_an_address_by_hosts_and_path_prefixes():
    found = parents(parse("https://a.b.example/1/2.html?p=1"))
    keys = [key for kind, key in found if kind == "url"]
    assert keys[:4] == [
        "a.b.example/1/2.html?p=1",
        "a.b.example/1/2.html",
        "a.b.example/1/",
        "a.b.example/",
    ]
    assert "b.example/1/" in keys
    assert found[-3:] == [("domain", "a.b.example"), ("domain", "b.example"), ("domain", "example")]
    assert len(found) == len(set(found))


def test_it_puts_the_thing_itself_first():
    for text in ("http://192.0.2.1:81/x", "http://[2001:db8::1]/", "a@b.example", "tiktok:ai"):
        found = parse(text)
        assert parents(found)[0] == (found.kind, match_key(found.kind, found.value))


def test_it_lets_an_entry_without_a_port_cover_every_port():
    assert ("url", "b.example/") in parents(parse("http://a.b.example:8080/x"))


def test_it_covers_an_address_on_a_number_by_the_number():
    assert parents(parse("http://192.0.2.1:81/x"))[-1] == ("ipv4", "192.0.2.1")
    assert parents(parse("http://[2001:db8::1]/x"))[-1] == ("ipv6", "2001:db8::1")
    assert host_of("https://[2001:db8::1]:81/x") == ("ipv6", "2001:db8::1")


def test_it_covers_an_e_mail_address_by_its_domain():
    assert ("domain", "b.example") in parents(parse("a@b.example"))


@given(st.sampled_from(["http://", "https://"]), st.lists(PIECES, max_size=8).map("".join))
def test_it_looks_an_address_up_under_the_host_that_a_browser_goes_to(scheme, rest):
    try:
        found = parse(f"{scheme}{rest}", "url")
    except InvalidObservable:
        return
    try:
        browser = can_ada.parse(unwrapped(f"{scheme}{rest}")).hostname
    except ValueError:  # only with its marks made whole, as in `bad.example[.`, is it an address
        return
    browser = browser.removesuffix(".").strip("[]")
    assert host_of(found.value)[1] == browser
    places = parents(found)
    assert places[0] == ("url", match_key("url", found.value))
    hosts = [value for kind, value in places if kind not in ("url", "account")]
    assert all(browser == host or browser.endswith(f".{host}") for host in hosts)
    for key in (value for kind, value in places if kind == "url"):
        host = host_of(f"http://{key}")[1]
        assert browser == host or browser.endswith(f".{host}")


def test_it_covers_an_address_that_names_another_by_its_own_host_alone():
    places = parents(parse("http://bad.example/?next=http://ok.example/"))
    assert places[0] == ("url", "bad.example/?next=http://ok.example/")
    assert ("domain", "bad.example") in places
    assert not [place for place in places if place[1].startswith("ok")]
    assert ("url", "a.example/b/") in parents(parse("https://a.example/b/http://c.example/d"))


def test_it_finds_an_entry_that_ends_in_a_mark_of_the_sentence():
    # Such entries were published before pasted values were trimmed.
    found = parse("“http://xau.example/a.”")
    assert found.value == "http://xau.example/a"
    places = parents(parse("http://xau.example/a."))
    assert places[0] == ("url", "xau.example/a")
    assert ("url", "xau.example/a.") in places
    assert ("url", "xau.example/a.") not in parents(parse("http://xau.example/a"))
