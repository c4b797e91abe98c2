"""MISP warning lists: every type and attribute is honoured, or refused by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.guard.loading import _add_list
from lachan.formats.guard.records import UnusableList
from lachan.formats.guard.rules import Guard
from lachan.formats.guard.warninglists import Parts, warning_list_read
from lachan.formats.observables.parsing import kinds, parse

DIGESTS = {"md5": "ab" * 16, "sha1": "cd" * 20, "sha256": "ef" * 32}


def raw(values, *attributes, kind="string", **more):
    facts = {"name": "A list", "description": "all the same", "version": 1, "type": kind}
    return json.dumps(
        {**facts, "list": values, "matching_attributes": list(attributes), **more}
    ).encode()


@pytest.fixture
def held(tmp_path):
    """Would a guard that knows this list alone hold a value back?"""

    def ask(listed, text, kind=None):
        path = tmp_path / "list.json"
        path.write_bytes(listed)
        guard = Guard()
        _add_list(guard, path)
        return bool(guard.check(parse(text, kind)))

    return ask


@pytest.mark.parametrize(
    ("attribute", "text", "kind"),
    [
        ("domain", "Lon.Example", "domain"),
        ("hostname", "a.lon.example", "domain"),
        ("domain|ip", "lon.example|45.33.32.156", "domain"),
        ("domain|ip", "45.33.32.156", "ipv4"),
        ("hostname|port", "lon.example|443", "domain"),
        ("url", "https://lon.example/a/b?c=1", "url"),
        ("uri", "http://lon.example/x", "url"),
        ("link", "https://lon.example:8443/x", "url"),
        ("ip-src", "45.33.32.156", "ipv4"),
        ("ip-dst", "2600:3c01::f03c:91ff", "ipv6"),
        ("ip-dst|port", "45.33.32.156|80", "ipv4"),
        ("md5", DIGESTS["md5"].upper(), "md5"),
        ("sha1", DIGESTS["sha1"], "sha1"),
        ("sha256", DIGESTS["sha256"], "sha256"),
        ("filename|md5", f"a.exe|{DIGESTS['md5']}", "md5"),
        ("filename|sha256", f"b c.dll|{DIGESTS['sha256']}", "sha256"),
        ("malware-sample", f"x.bin|{DIGESTS['md5']}", "md5"),
        ("email", "Ai.Do@Lon.Example", "email"),
        ("email-src", "ai@lon.example", "email"),
        ("email-dst", "ai@lon.example", "email"),
        ("whois-registrant-email", "ai@lon.example", "email"),
        ("phone-number", "+84 912 345 678", "phone"),
        ("whois-registrant-phone", "1022", "phone"),
    ],
)
def test_it_holds_back_what_a_list_of_values_names(held, attribute, text, kind):
    ours = text if kind == "url" else next(t for t in reversed(text.split("|")) if _is(t, kind))
    assert held(raw([text], attribute), ours, kind)
    assert held(raw([text]), ours, kind)  # a list that names no attributes is about all
    other = {"domain": "xau.test", "url": "https://xau.test/a", "email": "o@xau.test"}
    other |= {"ipv4": "8.34.0.1", "ipv6": "2600::9", "phone": "0987654321"}
    strange = other.get(kind) or "0" * len(DIGESTS.get(kind, ""))
    assert not held(raw([text], attribute), strange, kind)


def _is(text, kind):
    try:
        parse(text, kind)
    except ValueError:
        return False
    except Exception:  # noqa: BLE001  not of this kind, whatever it said
        return False
    return True


def test_it_keeps_to_the_kinds_that_a_list_is_about(held):
    digests = raw([*DIGESTS.values(), "cf" * 64], "md5", "filename|md5", "ssdeep", "sha512")
    assert held(digests, DIGESTS["md5"])
    assert not held(digests, DIGESTS["sha1"])
    found = warning_list_read(digests)
    assert found.unused == ("ssdeep", "sha512")
    assert (found.taken, found.refused.total()) == (1, 3)
    assert not held(raw(["lon.example"], "domain"), "https://lon.example/a", "url")


@pytest.mark.parametrize("name", ["lon.example", ".lon.example", "*.lon.example", "LON.example."])
@pytest.mark.parametrize("kind", ["hostname", "string"])
def test_it_takes_a_name_in_every_spelling(held, name, kind):
    listed = raw([name], "domain", "hostname", "url", kind=kind)
    for text in ("lon.example", "www.lon.example", "https://lon.example/"):
        assert held(listed, text)
    # Whoever is a customer of a listed host, or one page of it, is not the host.
    assert not held(listed, "xau.lon.example")
    assert not held(listed, "https://lon.example/xau")


def test_it_guards_what_would_cover_a_listed_page(held):
    listed = raw(["https://a.lon.example/x/y"], "url")
    for text in (
        "http://a.lon.example/x/y",
        "https://a.lon.example/x/",
        "a.lon.example",
        "lon.example",
    ):
        assert held(listed, text)
    assert not held(listed, "https://a.lon.example/z")
    assert held(raw(["http://45.33.32.156/x"], "url"), "45.33.32.156")


def test_it_holds_back_mail_at_a_host_where_the_list_is_about_mail(held):
    listed = raw(["thu.example"], "email-src", kind="hostname")
    assert held(listed, "ai@thu.example")
    assert held(listed, "ai@a.thu.example")
    assert not held(listed, "thu.example")
    assert not held(raw(["thu.example"], "domain", kind="hostname"), "ai@thu.example")


def test_it_looks_for_parts(held):
    mail = raw(["@thu.example", "Abuse@"], "email-src", "email-dst", kind="substring")
    assert held(mail, "ai@thu.example")
    assert held(mail, "abuse@xau.example")
    assert not held(mail, "ai@xau.example")
    assert not held(mail, "thu.example")
    assert held(raw(["lon"], "url", kind="substring"), "https://xau.example/?q=Lon", "url")


def test_a_list_that_searches_means_the_kinds_that_it_names_singly(held):
    mail = raw(["99.example"], "email-src", "domain|ip", "filename|md5", kind="substring")
    assert held(mail, "ai@99.example")
    assert not held(mail, "xau1999.example")
    assert warning_list_read(mail).unused == ("domain|ip", "filename|md5")
    assert held(raw(["99.example"], "domain|ip", kind="substring"), "xau99.example")


@pytest.mark.parametrize(
    "pattern",
    [
        r"/^cdn[0-9]+\.lon\.example$/",
        r"/^CDN\d+\.lon/i",
        r"^cdn\d",
        r"#cdn1\.lon\.example#",
        "cdn1",
    ],
)
def test_it_looks_for_patterns(held, pattern):
    listed = raw([pattern], "domain", kind="regex")
    assert held(listed, "cdn1.lon.example")
    assert not held(listed, "xau.lon.example")


def test_it_takes_an_address_among_hosts(held):
    listed = raw(["lon.example", "45.33.32.156"], "hostname", "ip-dst", kind="hostname")
    assert held(listed, "45.33.32.156")
    assert held(listed, "lon.example")


def test_it_takes_networks(held):
    listed = raw(["45.33.32.0/24", "2600:3c01::/32", "8.8.4.4"], "ip-src", kind="cidr")
    for text in ("45.33.32.156", "2600:3c01::1", "8.8.4.4", "http://45.33.32.9/a"):
        assert held(listed, text)
    assert not held(listed, "45.33.33.1")


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (b"\x00{", "no JSON"),
        (b"[]", "no MISP warning list"),
        (b'{"list": {}}', "no MISP warning list"),
        (raw(["a.example"], kind="glob"), "type 'glob' is none of"),
        (raw(["3::"], "ssdeep", "filename|ssdeep"), "none of our kinds, but: ssdeep"),
        (raw([]), "it is empty"),
        (raw(["x"], kind="regex"), "too-short"),
        (raw(["(ab", ".*?", "a*b*"], kind="regex"), "bad-pattern, matches-everything"),
        (raw(["", "ab"], kind="substring"), "not-text, too-short"),
        (raw([1, None, ["a"]]), "not-text"),
        (raw(["lon.example"], "ip-src", kind="cidr"), "no-network"),
        (raw(["10.0.0.0/8"], "domain", kind="cidr"), "other-kind"),
        (raw(["lon.example"], "md5", kind="hostname"), "other-kind"),
        (raw(["lon.example"], "md5"), "other-kind"),
        (raw(["lon example"], "domain"), "bad-characters"),
        (raw(["0912"], "phone-number"), "number-impossible"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_says_why_nothing_of_a_list_is_of_use(listed, says):
    with pytest.raises(UnusableList, match=says.replace("(", r"\(")):
        warning_list_read(listed)


@given(
    st.lists(st.one_of(st.text(max_size=40), st.integers(), st.none()), max_size=20),
    st.sampled_from(["string", "hostname", "substring", "cidr"]),
)
def test_it_accounts_for_every_entry(values, kind):
    try:
        found = warning_list_read(raw(values, kind=kind))
    except UnusableList:
        return
    assert found.taken + found.refused.total() == len(values)
    assert found.taken > 0
    assert found.kinds == frozenset(kinds())


@given(st.lists(st.text("abc.", min_size=3, max_size=5), max_size=8), st.text("abc.", max_size=20))
def test_it_finds_a_part_where_there_is_one(parts, text):
    found = Parts(parts).search(text)
    assert (found is not None) == any(part in text for part in parts)
    assert found is None or found in text
