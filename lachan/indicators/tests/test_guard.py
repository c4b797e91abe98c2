import hashlib
import json
from collections import Counter

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.guard.declared import guard_rules
from lachan.formats.guard.loading import _country_groups, _groups
from lachan.formats.guard.rules import Guard, Rule
from lachan.formats.guard.signals import _endings, _words
from lachan.formats.guard.sites import sites_path
from lachan.formats.guard.warninglists import Parts
from lachan.formats.observables.names import is_public_suffix
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.indicators.guard import guard_load
from lachan.indicators.labels import RULES
from lachan.indicators.models import Review
from lachan.indicators.records import GuardStands
from lachan.indicators.selectors import guard_lists, indicator_list
from lachan.indicators.services import (
    indicator_propose,
    indicator_reshare,
    indicator_review,
    sites_replace,
)
from lachan.kernel.country import here
from lachan.members.records import system

pytestmark = pytest.mark.django_db


def rules(text, kind=None):
    return [warning.rule for warning in guard_load().check(parse(text, kind))]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("com.vn", "public-suffix"),
        ("co.uk", "public-suffix"),
        ("org.vn", "public-suffix"),
        ("vnexpress.net", "well-known"),
        ("Facebook.com", "well-known"),
        ("m.facebook.com", "well-known"),
        ("ncmec.org", "never-blocked"),
        ("https://youtube.com/", "well-known"),
        ("http://com.vn/a/", "public-suffix"),
        ("https://com/index.html", "public-suffix"),
        ("chinhphu.vn", "never-blocked"),
        ("congan.hanoi.gov.vn", "government"),
        ("truong-tieu-hoc.edu.vn", "government"),
        ("https://truong.edu.vn/thongbao", "government"),
        ("hieutruong@truong.edu.vn", "government"),
        ("hotline.example", "member"),
        ("www.hotline.example", "member"),
        ("bit.ly", "shortener"),
        ("sites.google.com", "shared-hosting"),
        ("10.0.0.1", "reserved-address"),
        ("192.0.2.7", "reserved-address"),
        ("http://127.0.0.1/", "reserved-address"),
        ("::ffff:10.0.0.1", "reserved-address"),
        ("fe80::1", "reserved-address"),
        ("8.8.8.8", "public-service"),
        ("d41d8cd98f00b204e9800998ecf8427e", "empty-file"),
        ("mooo.com", "shared-hosting"),
        ("www.chickenkiller.com", "shared-hosting"),
        ("epizy.com", "shared-hosting"),
        ("blogspot.vn", "shared-hosting"),
        ("blogspot.com.br", "shared-hosting"),
        ("b-cdn.net", "content-network"),
        ("www.vietcombank.com.vn.edgekey.net", "content-network"),
        ("e1.dscb.akamaiedge.net", "content-network"),
        ("d111111abcdef8.cloudfront.net", "content-network"),
        ("shop.map.fastly.net", "content-network"),
        ("shop.azureedge.net", "content-network"),
        ("ocsp.digicert.com", "infrastructure"),
        ("crl.bkavca.vn", "infrastructure"),
        ("time.google.com", "infrastructure"),
        ("ntp.vnix.vn", "infrastructure"),
        ("x.m.root-servers.net", "infrastructure"),
        ("104.16.132.229", "shared-hosting"),
        ("2606:4700::6810:84e5", "shared-hosting"),
        ("reurl.cc", "shortener"),
        ("r10.o.lencr.org", "infrastructure"),
        ("a.root-servers.net", "infrastructure"),
        ("198.41.0.4", "infrastructure"),
        ("www.msftconnecttest.com", "infrastructure"),
        ("0.vn.pool.ntp.org", "infrastructure"),
        ("1-courier.push.apple.com", "infrastructure"),
        ("pagead2.googlesyndication.com", "embedded"),
        ("hotjar.com", "embedded"),
        ("https://www.truong.ac.nz/tin", "government"),
        ("hieutruong@truong.sch.id", "government"),
        ("thptso1.com", "school"),
        ("vietcombank.vn", "bank"),
        ("northswim.org", "association"),
        ("parastorage.com", "content-network"),
        ("assets.website-files.com", "content-network"),
        ("website-files.com", "content-network"),
        ("img1.wsimg.com", "embedded"),
        ("typekit.net", "embedded"),
        ("squarespace-cdn.com", "content-network"),
        ("i1-kinhdoanh.vnecdn.net", "content-network"),
    ],
)
def test_it_stands_before(text, rule, hotline):
    assert rules(text) == [rule]


@pytest.mark.parametrize("number", ["111", "113", "114", "115"])
def test_it_stands_before_emergency_numbers(number):
    assert rules(number, "phone") == ["emergency-number"]


@pytest.mark.parametrize(
    "text",
    [
        "xau.example",
        "xau.pages.dev",
        "xau.blogspot.com",
        "xau.blogspot.vn",
        "xau.mooo.com",
        "xau.epizy.com",
        "https://thptso1.com/tin",
        "facebook-khuyenmai.example",
        "https://www.facebook.com/groups/xau",
        "https://bit.ly/xau",
        "https://sites.google.com/view/xau",
        "45.33.32.156",
        "0912345678",
    ],
)
def test_it_lets_by(text, hotline):
    assert rules(text, "url" if "://" in text else None) == []


def test_it_guards_what_stands_above_a_guarded_name(hotline):
    hotline.domains = ["help.hotline.example"]
    hotline.save()
    (warning,) = guard_load().check(parse("hotline.example"))
    assert (warning.rule, warning.matched) == ("member", "help.hotline.example")


def test_its_own_list_is_sound():
    for name in guard_load().exact:
        assert parse(name, "domain").value == name
        assert "." in name or is_public_suffix(name)
    assert len(guard_load().exact) > 3000


def test_its_own_data_gives_each_name_one_rule_a_reason_and_words():
    groups = [*_groups(), *_country_groups(here())]
    names = [name for group in groups for name in group.get("names", ())]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert all(group["reason"] for group in groups)
    rules = (
        {group["rule"] for group in groups}
        | {"emergency-number"}
        | {words.rule for words in _words()}
    )
    rules |= {signal.rule for signal in _endings().values()}
    rules |= {"popular-site", "warning-list", "member", "public-suffix", "reserved-address"}
    assert rules <= guard_rules().keys()


def test_it_says_each_rule_in_every_language():
    for rule in guard_rules().values():
        assert rule.said.keys() == rule.short.keys() == {"en", "vi", "fr"}
    with override("fr"):
        assert str(RULES["bank"]) == guard_rules()["bank"].said["fr"]
    with override("vi"):
        assert str(RULES["bank"]) == guard_rules()["bank"].said["vi"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\0", b"{}", bytes(4096), b"PK\5\6" + bytes(18)])
def test_it_knows_the_fingerprints_of_next_to_nothing(content):
    for kind in ("md5", "sha1", "sha256"):
        digest = hashlib.new(kind, content, usedforsecurity=False).hexdigest()
        assert rules(digest, kind) == ["empty-file"]


def test_it_asks_the_reviewer_for_a_reason(analyst, reviewer):
    proposed = indicator_propose(by=analyst, value="vnexpress.net", category="scam")
    assert [w.rule for w in proposed.warnings] == ["well-known"]
    for reason in (None, "", "          ", "vì thế"):
        with pytest.raises(GuardStands):
            indicator_review(
                by=reviewer,
                indicator=proposed.uid,
                decision="approve",
                override_reason=reason,
            )
    assert indicator_list(by=analyst)[0].status == "proposed"
    done = indicator_review(
        by=reviewer,
        indicator=proposed.uid,
        decision="approve",
        override_reason="hacked since this morning, agreed with its owner",
    )
    assert done.seq == 1


def test_it_asks_the_guard_anew_before_it_widens(publish, reviewer, hotline):
    red = publish("sau.example", tlp="red")
    hotline.domains = ["sau.example"]
    hotline.save()
    for reason in (None, "", "          ", "vì thế"):
        with pytest.raises(GuardStands):
            indicator_reshare(by=reviewer, indicator=red.uid, tlp="clear", override_reason=reason)
    assert indicator_list(by=reviewer)[0].tlp == "red"
    why = "its owner agrees: it was sold"
    wide = indicator_reshare(by=reviewer, indicator=red.uid, tlp="clear", override_reason=why)
    assert wide.tlp == "clear"
    kept = Review.objects.get(decision="widen")
    assert (kept.override_reason, kept.by_id) == (why, reviewer.person_id)
    assert [rule for rule, *_ in kept.warnings] == ["member"]
    # Narrowing frees: nobody is asked.
    assert indicator_reshare(by=reviewer, indicator=red.uid, tlp="red").tlp == "red"


def test_it_takes_the_operator_s_larger_lists(settings, tmp_path, caplog):
    settings.LACHAN_HOME = tmp_path
    folder = tmp_path / "guard"
    folder.mkdir()
    lists = {
        "hosts": {"name": "Top", "type": "hostname", "list": ["Lon.Example", "a.to.example"]},
        "nets": {"name": "Nets", "type": "cidr", "list": ["45.33.32.0/24"]},
        "other": {"name": "Regex", "type": "regex", "list": ["x"]},
    }
    for name, content in lists.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "broken.json").write_bytes(b"\x00{")
    assert rules("lon.example") == rules("www.lon.example") == rules("to.example") == ["well-known"]
    assert rules("xau.lon.example") == []
    assert rules("45.33.32.156") == ["well-known"]
    assert "broken.json cannot be used" in caplog.text
    (folder / "hosts.json").unlink()
    assert rules("lon.example") == []


def test_it_takes_lists_in_folders_and_names_what_it_does_not_take(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path
    below = tmp_path / "guard" / "misp" / "lists"
    for name, file in (("lon", "list.json"), ("to", "List.JSON")):
        (below / name).mkdir(parents=True)
        content = {"name": name, "type": "hostname", "list": [f"{name}.example"]}
        (below / name / file).write_text(json.dumps(content))
    (below / "again").symlink_to(tmp_path / "guard")
    for odd in ("guard/own.json.gz", "guard/own.txt", "guard/misp/old.json.bak"):
        (tmp_path / odd).write_bytes(b"x")
    for other in ("guard/misp/readme.md", "guard/.own.json.swp", "guard/misp/.git/x.json"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_bytes(b"x")
    assert rules("lon.example") == rules("to.example") == ["well-known"]
    told = {one.file: one.fault for one in guard_lists()}
    assert [file for file, fault in told.items() if not fault] == [
        "misp/lists/lon/list.json",
        "misp/lists/to/List.JSON",
    ]
    assert sorted(file for file, fault in told.items() if fault) == [
        "misp/old.json.bak",
        "own.json.gz",
        "own.txt",
    ]
    (below / "lon" / "list.json").unlink()
    assert rules("lon.example") == []


def test_it_takes_up_a_new_list_of_sites_without_a_restart(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path
    file = tmp_path / "top.csv"
    assert rules("lon.example") == []
    for name in ("lon.example", "to.example"):
        file.write_text(f"1,{name}\n")
        sites_replace(by=system("test"), files=[file])
        assert rules(name) == ["popular-site"]
    assert rules("lon.example") == []
    sites_path(tmp_path).write_bytes(b"cut short")
    assert rules("to.example") == []


def test_it_takes_a_member_s_new_domain_at_once(hotline):
    assert rules("moi.example") == []
    hotline.domains = ["moi.example"]
    hotline.save()
    assert rules("moi.example") == ["member"]


@given(st.from_regex(r"[0-9a-f.:/]{1,30}|[a-z.-]{0,30}|.{0,20}", fullmatch=True))
def test_it_has_an_answer_for_whatever_can_be_read(text):
    guard = Guard(searches=[(frozenset({"domain", "url"}), Parts(["xau"]).search, Rule("x", "y"))])
    try:
        observable = parse(text)
    except InvalidObservable:
        return
    for warning in guard.check(observable):
        assert warning.rule
        assert warning.reason
