import json

import pytest

from lachan.formats.observables.names import is_public_suffix
from lachan.formats.observables.parsing import parse
from lachan.indicators.guard import guard_load
from lachan.indicators.models import Review
from lachan.indicators.records import GuardStands
from lachan.indicators.selectors import indicator_list
from lachan.indicators.services import indicator_propose, indicator_reshare, indicator_review

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
        ("ncmec.org", "well-known"),
        ("https://youtube.com/", "well-known"),
        ("http://com.vn/a/", "public-suffix"),
        ("https://com/index.html", "public-suffix"),
        ("chinhphu.vn", "government"),
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
    assert len(guard_load().exact) > 500


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
