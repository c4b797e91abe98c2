from lachan.formats.observables.lookups import host_of, match_key, parents
from lachan.formats.observables.parsing import parse


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
