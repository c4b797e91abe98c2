"""What nothing says is to be blocked is not: parts, rows and addresses that mean something else."""

import io

import msgspec
import pytest

from lachan.formats.lists.forms.hosts import NOWHERE
from lachan.formats.lists.parsing import form_fitting, read
from lachan.formats.lists.record import Entry


def sorted_out(data, **options):
    """The values that are blocked, and why what is not is not."""
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    found = list(read(io.BytesIO(text.encode()), **options))
    values = [item.observable.value for item in found if isinstance(item, Entry)]
    return values, [item.reason for item in found if not isinstance(item, Entry)]


@pytest.mark.parametrize("form", ["auto", "json"])
@pytest.mark.parametrize(
    "key", ["external_references", "source", "meta", "author", "publisher", "links"]
)
def test_it_never_takes_what_describes_an_entry(key, form):
    about = [{"url": "https://blog.example/p"}]
    for each in (about, about[0]):
        row = {"type": "indicator", "pattern": "[domain-name:value='xau.example']", key: each}
        assert sorted_out({"type": "bundle", "objects": [row]}, form=form) == (["xau.example"], [])
        assert sorted_out({"name": "x", key: each}, form=form) == ([], ["no-value"])
        # Cut off, what is whole is read by the same rules.
        cut = msgspec.json.encode({"objects": [row, row]}).decode()[:-40]
        assert "https://blog.example/p" not in sorted_out(cut, form="json")[0]


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("[url:value = 'https://xau.example/a']", "https://xau.example/a"),
        ("[ipv4-addr:value='192.0.2.1']", "192.0.2.1"),
        (f"[file:hashes.'SHA-256' = '{'0f' * 32}']", "0f" * 32),
        ("[domain-name:value = 'a.example' OR domain-name:value = 'b.example']", ""),
        ("[domain-name:value LIKE '%.example']", ""),
    ],
)
def test_it_reads_patterns_of_one_comparison(pattern, value):
    found = sorted_out([{"type": "indicator", "id": "indicator--1", "pattern": pattern}])
    assert found == ([value], []) if value else ([], ["pattern-rule"])
    assert sorted_out([{"pattern": pattern, "revoked": True}])[0] == []


@pytest.mark.parametrize(
    "key",
    [
        *(
            "trusted_domains",
            "permittedDomains",
            "good_domains",
            "benign-hosts",
            "skip_hosts",
            "allowlist",
        ),
        *(
            "not_blocked_domains",
            "removed_domains",
            "knownGoodHosts",
            "false_positives",
            "whatever_hosts",
        ),
    ],
)
def test_it_reads_only_parts_whose_name_it_knows(key):
    for held in (["ok.example"], [{"domain": "ok.example"}], {"list": ["ok.example"]}):
        values, why = sorted_out({key: held, "blocked_domains": ["xau.example"]})
        assert values == ["xau.example"]
        assert why in (["not-to-block"], ["unknown-holder"])


@pytest.mark.parametrize(
    "key",
    [
        *("domains", "URLBlocklist", "malicious_urls", "phishing-hosts", "c2Domains"),
        *("unsafe_urls", "untrustedHosts", "disallowed domains"),
    ],
)
def test_it_reads_parts_whose_name_it_knows(key):
    assert sorted_out({"name": "x", key: ["https://xau.example/a"]}) == (
        ["https://xau.example/a"],
        [],
    )


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        *(
            ("action", "allow"),
            ("verdict", "benign"),
            ("label", "legitimate"),
            ("malicious", "false"),
        ),
        *(
            ("enabled", "0"),
            ("type", "0"),
            ("verified", "no"),
            ("deleted", "true"),
            ("revoked", "1"),
        ),
        *(
            ("to_ids", "f"),
            ("to_ids", "n"),
            ("to_ids", "off"),
            ("severity", "noop"),
            ("whitelisted", "yes"),
        ),
        *(
            ("action", "whatever"),
            ("verdict", "unknown"),
            ("status", "false positive"),
            ("label", "1"),
        ),
        *(("effect", "remove"), ("type", "whitelist"), ("classification", "clean")),
    ],
)
def test_it_blocks_no_row_that_says_no(flag, said):
    values, why = sorted_out(f"domain,{flag}\nok.example,{said}\nxau.example,\n")
    assert values == ["xau.example"]
    assert set(why) <= {"not-to-block", "unknown-flag", "removal"}
    values, why = sorted_out([{"domain": "ok.example", flag: said}])
    assert (values, len(why)) == ([], 1)


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        *(
            ("action", "block"),
            ("verdict", "malicious"),
            ("label", "phishing"),
            ("malicious", "true"),
        ),
        *(
            ("enabled", "1"),
            ("verified", "yes"),
            ("deleted", "false"),
            ("to_ids", "1"),
            ("type", "1"),
        ),
        *(
            ("severity", "suspend"),
            ("severity", "silence"),
            ("status", "online"),
            ("effect", "add"),
        ),
        *(
            ("verdict", "unsafe"),
            ("action", "disallow"),
            ("rating", "untrusted"),
            ("label", "illegitimate"),
            ("threat", "counterfeit goods"),
            ("category", "password stealer"),
        ),
    ],
)
def test_it_blocks_rows_that_say_yes(flag, said):
    assert sorted_out(f"domain,{flag}\nxau.example,{said}\n") == (["xau.example"], [])


@pytest.mark.parametrize("key", ["urls", "pages", "links", "paths"])
def test_pages_of_a_host_are_meant_and_not_the_host(key):
    row = {"host": "forum.example", key: ["https://forum.example/t/9", "/t/10"]}
    values, why = sorted_out([row])
    assert values[0] == "https://forum.example/t/9"
    assert "forum.example" not in values
    assert why == []
    assert sorted_out([{"host": "xau.example", "urls": []}]) == (["xau.example"], [])


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE html><a href="https://ok.example/">x</a> {"a": "ok.example"}',
        'var list = ["https://ok.example/a"];',
        'a[href="https://ok.example/"] { color: red }',
        '[data-x="ok.example"] { color: red }',
    ],
)
def test_it_takes_no_other_text_for_json(text):
    assert sorted_out(text, form="json")[0] == []
    assert form_fitting([text]) != "json"


@pytest.mark.parametrize(
    "line",
    [
        *("192.168.1.5 nas.ok.example", "203.0.113.5 ok.example", "2001:db8::1 ok.example"),
        *("address=/ok.example/192.168.1.10", "address /ok.example/203.0.113.5"),
        *(
            'local-data: "ok.example A 192.168.1.10"',
            'local-data: "ok.example. 60 IN AAAA 2001:db8::1"',
        ),
    ],
)
def test_names_with_an_address_of_their_own_are_not_blocked(line):
    assert sorted_out(f"{line}\n") == ([], ["real-host"])


@pytest.mark.parametrize("address", [NOWHERE, "127.0.0.1", "127.0.0.53", "::", "::1", "0"])
def test_names_that_lead_nowhere_are_blocked(address):
    assert sorted_out(f"{address} xau.example\n") == (["xau.example"], [])


@pytest.mark.parametrize("between", [" ", ", ", "; ", "\t", ","])
def test_several_urls_on_a_line_are_several(between):
    wanted = ["https://xau.example/a", "https://xau2.example/b?c=d"]
    assert sorted_out(between.join(wanted) + "\n") == (wanted, [])


@pytest.mark.parametrize(
    "line", ["https://xau.example/x?*", "https://xau.example/a/*", "xau.example/a*"]
)
def test_a_star_is_no_letter(line):
    for other in ("https://xau2.example/b", "*://xau2.example/*", "xau2.example"):
        values, why = sorted_out(f"{other}\n{other}\n{line}\n")
        assert (len(values), why) == (2, ["pattern-rule"])


def test_a_pattern_needs_no_scheme():
    assert sorted_out("*.xau.example/*\n*://*.xau2.example/*\n")[0] == [
        "xau.example",
        "xau2.example",
    ]
    assert sorted_out("xau.example/*\n")[0] == ["xau.example"]
