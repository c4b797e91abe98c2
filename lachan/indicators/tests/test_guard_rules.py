"""The guard by rules of its own: what each field of a rule does, and where a name ends to be its owner's."""

import ipaddress
import json
import os

import pytest

from lachan.formats.guard.loading import (
    _add_group,
    _add_list,
    domains_path,
    domains_read,
    domains_write,
    guard_build,
    guard_stamp,
    operator_files,
)
from lachan.formats.guard.records import UnusableList
from lachan.formats.guard.rules import Guard, Rule
from lachan.formats.guard.sites import LAST_PLACE, Sites, SitesWriter
from lachan.formats.guard.warninglists import warning_list_read
from lachan.formats.observables.parsing import parse
from lachan.kernel.clock import now

PLAIN = Rule("well-known", "many use it")
BELOW = Rule("infrastructure", "all of it is one thing", below=True)
OWNED = Rule("member", "it is ours", below=True, paths=True)
SHARED = Rule("shared-hosting", "strangers share it")


@pytest.fixture
def sites(tmp_path):
    writer = SitesWriter()
    for name, place in (
        *(("listed.example", 7), ("a.above.example", 9), ("plain.example", 0)),
        ("github.io", 3),
    ):
        writer.add(name, place)
    writer.write(tmp_path / "guard" / "sites.bin", made_at=now(), files=())
    return Sites(tmp_path / "guard" / "sites.bin")


@pytest.fixture
def guard(sites):
    made = Guard(sites=sites)
    made.add_names(PLAIN, ["plain-rule.example", "co.uk"])
    made.add_names(BELOW, ["below.example"])
    made.add_names(OWNED, ["owned.example", "school.edu.example"])
    made.add_names(SHARED, ["shared.example"])
    return made


def rules(guard, text, kind=None):
    return [warning.rule for warning in guard.check(parse(text, kind))]


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("plain-rule.example", True),
        ("a.plain-rule.example", True),
        ("a.b.below.example", True),
        ("x.owned.example", True),
        ("shared.example", True),
        ("www.shared.example", True),
        ("m.shared.example", True),
        ("xau.shared.example", False),
        ("www.xau.shared.example", False),
        ("listed.example", True),
        ("www.listed.example", True),
        ("above.example", True),
        ("b.above.example", False),  # above a listed name, itself not listed
        ("plain.example", True),
        ("a.plain.example", True),
        ("github.io", True),
        ("xau.github.io", False),  # listed, but strangers register below it
        ("xau.example", False),
        ("example", False),
        ("www.co.uk", True),
        ("xau.co.uk", False),  # guarded, but strangers register below it
        ("so-y-te.gov.vn", True),
        ("north-cdn.net", False),  # a network's customers are strangers
        ("xau.com.vn", False),
    ],
)
def test_a_name_stands_for_its_owner(guard, name, stands):
    assert guard.stands(name) is stands


def test_a_name_stands_without_a_list_of_sites():
    guard = Guard()
    guard.add_names(PLAIN, ["plain-rule.example"])
    assert guard.stands("plain-rule.example")
    assert not guard.stands("xau.example")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain-rule.example", ["well-known"]),
        ("www.plain-rule.example", ["well-known"]),
        ("xau.plain-rule.example", []),
        ("a.b.below.example", ["infrastructure"]),
        ("https://below.example/page", []),
        ("ai@below.example", []),
        ("https://owned.example/page", ["member"]),
        ("https://a.owned.example/page", ["member"]),
        ("ai@owned.example", ["member"]),
        ("ai@a.owned.example", ["member"]),
        ("edu.example", ["member"]),
        ("https://edu.example/", ["member"]),
        ("https://edu.example/page", []),
        ("listed.example", ["popular-site"]),
        ("a.listed.example", ["popular-site"]),
        ("xau.shared.example", []),
        ("224.0.0.1", ["reserved-address"]),
        ("8.34.0.1", []),
        ("::ffff:8.34.0.1", []),
    ],
)
def test_a_rule_holds_for_what_it_says(guard, text, said):
    assert rules(guard, text) == said


def test_it_says_which_place_a_site_has(guard):
    def reason(text):
        return guard.check(parse(text))[0].reason

    assert "number 7 of" in reason("listed.example")
    assert "it is one of" in reason("plain.example")
    assert guard.sites.place("plain.example") == guard.sites.place_listed("plain.example") == 0
    assert guard.sites.place("above.example") == 9
    assert guard.sites.place_listed("above.example") is None


def test_a_place_beyond_all_places_is_the_last(tmp_path):
    writer = SitesWriter()
    writer.add("www.xa.example", LAST_PLACE + 5)
    head = writer.write(tmp_path / "s.bin", made_at=now(), files=())
    found = Sites(tmp_path / "s.bin")
    assert (head.names, found.place_listed("xa.example")) == (1, LAST_PLACE)


def test_it_finds_a_network_by_each_length(guard):
    for text in ("8.34.0.0/24", "9.9.0.0/16", "2600:3c01::/32", "9.9.9.9/32"):
        guard.add_network(Rule(text, "a network"), ipaddress.ip_network(text))
    for text, said in (
        ("8.34.0.255", ["8.34.0.0/24"]),
        ("8.34.1.0", []),
        ("9.9.200.1", ["9.9.0.0/16"]),
        ("::ffff:9.9.200.1", ["9.9.0.0/16"]),
        ("2600:3c01:ffff::1", ["2600:3c01::/32"]),
        ("2600:3c02::1", []),
        ("https://8.34.0.9/page", ["8.34.0.0/24"]),
    ):
        assert rules(guard, text) == said
    assert guard.check(parse("9.9.200.1"))[0].matched == "9.9.0.0/16"


def test_the_first_rule_of_a_thing_holds(guard):
    guard.add_names(SHARED, ["owned.example"])
    guard.add_value(PLAIN, parse("0912345678", "phone"))
    guard.add_value(SHARED, parse("0912345678", "phone"))
    assert rules(guard, "owned.example") == ["member"]
    assert rules(guard, "0912345678", "phone") == ["well-known"]


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({}, {"lon.example", "www.lon.example", "https://lon.example/"}),
        ({"below": True}, {"lon.example", "www.lon.example", "https://lon.example/",
                           "a.b.lon.example"}),
        ({"paths": True}, {"lon.example", "www.lon.example", "https://lon.example/",
                           "https://lon.example/a", "https://a.b.lon.example/a", "ai@lon.example"}),
    ],
)  # fmt: skip
def test_a_group_holds_for_as_much_as_it_says(said, holds):
    guard = Guard()
    _add_group(guard, {"rule": "well-known", "reason": "r", "names": ["lon.example"], **said})
    asked = ("lon.example", "www.lon.example", "https://lon.example/", "a.b.lon.example")
    asked += ("https://lon.example/a", "https://a.b.lon.example/a", "ai@lon.example")
    assert {text for text in asked if guard.check(parse(text))} == holds


def test_a_group_may_be_of_networks_and_values_alone():
    guard = Guard()
    values = {"md5": ["ab" * 16], "phone": ["+84912345678"]}
    group = {"rule": "well-known", "reason": "r", "networks": ["8.34.0.0/24"], "values": values}
    _add_group(guard, group)
    for text, kind in (("8.34.0.7", None), ("ab" * 16, None), ("0912345678", "phone")):
        assert rules(guard, text, kind) == ["well-known"]
    assert guard.exact == {}


def test_what_a_member_calls_its_own_is_held_whole():
    guard = guard_build((), ("thu.example",))
    for text in ("thu.example", "a.b.thu.example", "https://a.thu.example/x", "ai@a.thu.example"):
        assert rules(guard, text) == ["member"]
    assert rules(guard, "xau.example") == []
    assert rules(guard_build((), ()), "thu.example") == []


@pytest.fixture
def mask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("mask")
def test_it_keeps_domains_and_touches_nothing_for_the_same(tmp_path):
    domains_path(tmp_path).parent.mkdir()
    assert domains_read(tmp_path) == ()
    domains_write(tmp_path, ["b.example", "a.example", "b.example"])
    assert domains_read(tmp_path) == ("a.example", "b.example")
    before = domains_path(tmp_path).stat()
    assert before.st_mode & 0o777 == 0o644  # for processes of another user too
    domains_write(tmp_path, ["a.example", "b.example"])
    assert domains_path(tmp_path).stat().st_ino == before.st_ino
    domains_write(tmp_path, ["a.example"])
    assert domains_read(tmp_path) == ("a.example",)
    for damaged in (b"{", b'{"a": 1}', b"\xff"):
        domains_path(tmp_path).write_bytes(damaged)
        assert domains_read(tmp_path) == ()


def test_it_names_a_folder_that_it_cannot_look_into_and_none_that_is_not_there(tmp_path):
    assert operator_files(tmp_path) == []
    (tmp_path / "guard").write_bytes(b"no folder")
    assert operator_files(tmp_path) == [tmp_path / "guard"]


def test_a_stamp_changes_with_the_lists_and_the_sites_alone(tmp_path, sites):
    before = guard_stamp(tmp_path)
    assert [name.rpartition("/")[2] for name, *_ in before] == ["sites.bin"]
    (tmp_path / "guard" / "notes.txt").write_bytes(b"x")
    assert guard_stamp(tmp_path) == before
    (tmp_path / "guard" / "own.json").write_bytes(b"{}")
    assert len(guard_stamp(tmp_path)) == 2


def written(tmp_path, **facts):
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"name": "A list", "type": "string", **facts}))
    return path


def test_it_says_in_the_log_what_of_a_list_is_not_in_use(tmp_path, caplog):
    whole = written(tmp_path, list=["lon.example"], matching_attributes=["domain"])
    _add_list(Guard(), whole)
    assert caplog.text == ""
    part = written(
        tmp_path, list=["lon.example", "???", 5], matching_attributes=["domain", "ssdeep"]
    )
    _add_list(Guard(), part)
    assert "no kind of ours: ssdeep" in caplog.text
    assert "1 entries refused (not-text)" in caplog.text


@pytest.mark.parametrize("attribute", ["domain", "url"])
@pytest.mark.parametrize("entry", ["ai@lon.example", "ai:bi-mat@lon.example"])
def test_a_list_about_names_takes_no_host_out_of_an_address(attribute, entry):
    listed = json.dumps({"type": "string", "list": [entry], "matching_attributes": [attribute]})
    with pytest.raises(UnusableList):
        warning_list_read(listed.encode())


def test_a_list_s_name_and_words_are_cut_where_a_page_would_break():
    facts = {"type": "string", "list": ["lon.example"], "name": "n" * 300}
    found = warning_list_read(json.dumps(facts).encode())
    assert (found.name, found.reason) == ("n" * 100, "n" * 100)
    found = warning_list_read(json.dumps({**facts, "description": "d" * 300}).encode())
    assert found.reason == "d" * 200
    found = warning_list_read(json.dumps({**facts, "name": ""}).encode())
    assert found.name == "a warning list"


def test_a_list_of_hosts_takes_them_out_of_addresses_of_pages():
    entries = ["https://lon.example:8443/a", "to.example/x", "nho.example:80"]
    found = warning_list_read(
        json.dumps({"type": "hostname", "list": entries, "matching_attributes": ["url"]}).encode()
    )
    assert found.names == ["lon.example", "to.example", "nho.example"]
    assert (found.mail, found.taken) == ([], 3)


def test_a_joined_value_is_refused_where_no_part_is_of_use():
    facts = {"type": "string", "matching_attributes": ["domain|ip"]}
    listed = {**facts, "list": ["lon.example|???", "???|!!!", "to.example|8.34.0.1"]}
    found = warning_list_read(json.dumps(listed).encode())
    assert found.names == ["lon.example", "to.example"]
    assert [str(network) for network in found.networks] == ["8.34.0.1/32"]
    assert (found.taken, found.refused.total()) == (2, 1)


def test_a_network_is_taken_by_whatever_address_in_it_names_it():
    for kind in ("cidr", "string", "hostname"):
        facts = {"type": kind, "list": ["8.34.5.9/16", "2600:3c01::7/32"]}
        found = warning_list_read(json.dumps(facts).encode())
        assert [str(each) for each in found.networks] == ["8.34.0.0/16", "2600:3c01::/32"]


def test_it_names_an_attribute_that_is_none_of_ours_up_to_forty_letters():
    facts = {"type": "string", "list": ["lon.example"]}
    facts["matching_attributes"] = ["domain", "y" * 40, "x" * 300]
    found = warning_list_read(json.dumps(facts).encode())
    assert found.unused == ("y" * 40, "x" * 40)


@pytest.mark.parametrize("kind", ["substring", "regex"])
def test_three_letters_are_the_fewest_to_look_for(kind):
    for text, taken in (("lon", True), ("lo", False)):
        listed = json.dumps({"type": kind, "list": [text]}).encode()
        if taken:
            guard_of = warning_list_read(listed)
            assert (guard_of.parts or [each.pattern for each in guard_of.patterns]) == ["lon"]
        else:
            with pytest.raises(UnusableList, match="too-short"):
                warning_list_read(listed)
