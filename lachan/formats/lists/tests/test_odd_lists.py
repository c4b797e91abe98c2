"""Lists as people have them: titles and comments in odd places, mixed forms, broken rows, other encodings."""

import bz2
import gzip
import io
import json
import lzma
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.lists.parsing import form_fitting, forms, line_read, read
from lachan.formats.lists.record import Entry, Rejected, UnreadableList
from lachan.formats.lists.source import FREE

MD5, SHA256 = "0f" * 16, "2d" * 32
GOOD = {  # two lines of each form, and what they hold
    "hosts": ("0.0.0.0 a.example\n127.0.0.1 b.example # hai", ["a.example", "b.example"]),
    "adblock": ("||a.example^\n||*.b.example|", ["a.example", "b.example"]),
    "plain": ("a.example\n*.b.example", ["a.example", "b.example"]),
    "urls": (
        "https://a.example/x # note\nhttps://b.example/#y",
        ["https://a.example/x", "https://b.example/"],
    ),
    "dnsmasq": ("address=/a.example/0.0.0.0\nlocal=/b.example/", ["a.example", "b.example"]),
    "unbound": (
        'local-zone: "a.example" refuse\nlocal-data: "b.example A 0.0.0.0"',
        ["a.example", "b.example"],
    ),
    "rpz": ("a.example CNAME .\n*.b.example IN CNAME .", ["a.example", "b.example"]),
    "patterns": ("*://*.a.example/*\n*://b.example/*", ["a.example", "b.example"]),
    "checksums": (f"{MD5}  a b.png\nSHA256 (b.png) = {SHA256}", [MD5, SHA256]),
    "rules": ("DOMAIN-SUFFIX,a.example\nDOMAIN,b.example,REJECT", ["a.example", "b.example"]),
    "jsonl": ('{"domain":"a.example"}\n{"value":"b.example"}', ["a.example", "b.example"]),
}
HEADS = [
    "Danh sách 2026",
    "# Title: a list\n" * 60,
    "! Title: a list\n" * 60,
    "[Adblock Plus 2.0]",
    "[uBlock Origin]\n! Expires: 1 day",
    "// ghi chú\n; ghi chú",
    '"x" note',
    "x,y,z",
    "\n\n   \n",
]


def items(data, **options):
    return list(read(io.BytesIO(data if isinstance(data, bytes) else data.encode()), **options))


def values(found):
    return [entry.observable.value for entry in found if isinstance(entry, Entry)]


def reasons(found):
    return [bad.reason for bad in found if isinstance(bad, Rejected)]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("form", sorted(GOOD))
def test_it_finds_the_form_whatever_stands_above(form, head):
    lines, wanted = GOOD[form]
    found = items(f"{head}\n{lines}\n")
    assert values(found) == wanted
    assert len(reasons(found)) <= 1


@pytest.mark.parametrize("other", sorted(GOOD))
@pytest.mark.parametrize("form", sorted(GOOD))
def test_it_reads_a_line_of_another_form_among_its_own(form, other):
    lines, wanted = GOOD[form]
    odd, more = (part[0] for part in (GOOD[other][0].splitlines(), GOOD[other][1]))
    found = items(f"{lines}\n{odd}\n{lines}\n")
    assert values(found) == [*wanted, more, *wanted]


def test_what_is_said_of_a_whole_list_is_kept_by_those_who_read_its_odd_lines():
    lines = "\n".join(f"{n}.example" for n in "abcdef")
    zone = "$ORIGIN rpz.test.\ng.example.rpz.test. CNAME ."
    assert values(items(f"{lines}\n{zone}\n"))[-1] == "g.example"


def test_an_odd_line_costs_itself_alone():
    found = items("Danh sách\n0.0.0.0 a.example\nhai tu\n0.0.0.0 b.example c.example\n= = =\n")
    assert values(found) == ["a.example", "b.example", "c.example"]
    assert [bad.line for bad in found if isinstance(bad, Rejected)] == [1, 3, 5]


def test_rules_that_let_through_never_block():
    lines = (
        "@@||ok.example^\n@@||ok.example/a$document\nserver=/ok.example/#\nok.example CNAME rpz-passthru.\n"
        'local-zone: "ok.example" transparent\n@*://ok.example/*\nDOMAIN-SUFFIX,ok.example,DIRECT\n'
        "ok.example##.ad\nok.example#@#.ad\nok.example#?#.ad\nok.example#%#//x()\nok.example$$script\n"
        '##.ad\n||ok.example^$third-party\n||ok.example^$badfilter\n{"allowlist":["ok.example"]}\n'
    )
    for form in ("a.example\n" * 40, "||a.example^\n" * 40, "0.0.0.0 a.example\n" * 40):
        found = items(form + lines)
        assert set(values(found)) == {"a.example"}


# What one row says of one thing, the narrowest first: where two meet, the left one counts.
CELLS = {
    "url": ("https://forum.example/a", "url"),
    "email": ("la@forum.example", "email"),
    "phone": ("0912345678", "phone"),
    "domain": ("forum.example", "domain"),
    "ip": ("192.0.2.1", "ipv4"),
}
NAMES = {
    "url": ["url", "URL", "Phishing URL", "uri", "Đường dẫn"],
    "email": ["email", "E-Mail", "email_address"],
    "phone": ["phone", "Phone Number", "Số điện thoại"],
    "domain": ["domain", "#Domain", "host", "hostname", "Tên miền", "website", "FQDN"],
    "ip": ["ip", "IP-Address", "dst_ip", "ipv4", "Địa chỉ IP"],
}


@pytest.mark.parametrize(("left", "right"), list(permutations(CELLS, 2)))
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_narrowest_column_counts(left, right, delimiter):
    wanted = min(left, right, key=list(CELLS).index)
    for names in zip(NAMES[left] * 3, NAMES[right], strict=False):
        head = delimiter.join([*names, "note"])
        row = delimiter.join([CELLS[left][0], CELLS[right][0], "x"])
        (found,) = items(f"{head}\n{row}\n")
        assert found.observable.kind == CELLS[wanted][1]
        (found,) = items(json.dumps(dict(zip(names, row.split(delimiter), strict=False))))
        assert found.observable.kind == CELLS[wanted][1]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("forum.example,https://forum.example/a", "url"),
        ("forum.example,https://www.forum.example/a", "url"),
        ("forum.example,https://reports.example/123", "domain"),
        ("forum.example,", "domain"),
        ("forum.example,-", "domain"),
        ("forum.example,https://forum.example/", "domain"),
        ("forum.example,see https://forum.example/a", "domain"),
    ],
)
@pytest.mark.parametrize("head", ["value,url", "domain,page", "Host,Full-Link", "ioc,whatever"])
def test_a_page_in_whatever_column_counts_where_it_is_of_that_host(head, row, kind):
    (found,) = items(f"{head}\n{row}\n")
    assert found.observable.kind == kind


def test_a_path_beside_a_host_is_a_page():
    found = items("domain,path\nforum.example,/a?b=c\nxau.example,/\nxau2.example,\n")
    assert values(found) == ["http://forum.example/a?b=c", "xau.example", "xau2.example"]


def test_a_value_whose_kind_is_said_is_what_it_says():
    row = {"kind": "domain", "value": "forum.example", "source": "https://forum.example/a"}
    (found,) = items(json.dumps(row))
    assert found.observable.value == "forum.example"
    (found,) = items(f"hash,path\n{MD5},/home/a.png\n")
    assert found.observable.value == MD5


def test_what_is_narrow_but_broken_is_never_widened():
    found = items("domain,url\nforum.example,https://\nforum.example,N/A\n")
    assert reasons(found) == ["bad-url"]
    assert values(found) == ["forum.example"]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("hostname", "a.example", ("domain", "a.example")),
        ("FileHash-SHA256", SHA256, ("sha256", SHA256)),
        ("sha256_hash", SHA256, ("sha256", SHA256)),
        ("ip-dst|port", "192.0.2.1|80", ("ipv4", "192.0.2.1")),
        ("ip:port", "192.0.2.1:443", ("ipv4", "192.0.2.1")),
        ("ip-src", "2001:db8::1", ("ipv6", "2001:db8::1")),
        ("domain|ip", "a.example|192.0.2.1", ("domain", "a.example")),
        ("hostname|port", "a.example|8080", ("domain", "a.example")),
        ("filename|sha256", f"a.exe|{SHA256}", ("sha256", SHA256)),
        ("malware-sample", f"a.exe|{MD5}", ("md5", MD5)),
        ("email-src", "la@a.example", ("email", "la@a.example")),
        ("uri", "https://a.example/b", ("url", "https://a.example/b")),
        ("phone-number", "0912 345 678", ("phone", "+84912345678")),
        ("IPv4", "192.0.2.1", ("ipv4", "192.0.2.1")),
        ("gambling", "a.example", ("domain", "a.example")),
        ("PDQ", SHA256, ("pdq", SHA256)),
        ("filename", "a.example", "unknown-kind"),
        ("link", "https://report.example/1", "unknown-kind"),
    ],
)
def test_it_understands_the_types_of_others(kind, value, wanted):
    for data in (
        f'type,value\n{kind},"{value}"\n',
        json.dumps([{"type": kind, "value": value}]),
    ):
        (found,) = items(data)
        if isinstance(wanted, str):
            assert found.reason == wanted
        else:
            assert (found.observable.kind, found.observable.value) == wanted


@pytest.mark.parametrize(
    ("data", "wanted", "refused"),
    [
        ("domain\r\n", [], ["unrecognised"]),
        ("domain,note\r\n", [], []),
        ("domain,note\ra.example,x\rb.example,y\r", ["a.example", "b.example"], []),
        ('domain,note\na.example,"hai\n\ndòng"\nb.example,\n', ["a.example", "b.example"], []),
        ('domain,note\na.example,"hở\nb.example,\nc.example,"x"\n', ["b.example", "c.example"], ["bad-csv"]),
        ('domain,note\n"a.example" x,y\nb.example,5" màn\n', ["b.example"], ["bad-csv"]),
        ('domain,note\na.example,5" màn\nb.example,\nc.example,7" màn\n', ["a.example", "b.example", "c.example"], []),
        ('"domain", "note"\n"a.example", "b, c"\n', ["a.example"], []),
        ('# "first_seen", "domain"\n"2026-11-30", "a.example"\n', ["a.example"], []),
        ("# domain, note\na.example\nb.example\n", ["a.example", "b.example"], []),
        ('domain,note\na.example,"hai\u2028dòng"\nb.example,hai\x85dòng\n', ["a.example", "b.example"], []),
        ("sep=;\ndomain;note\na.example;x\n", ["a.example"], ["no-head"]),
        ("domain,note\n\n,\n a.example ,\n", ["a.example"], ["no-value"]),
        (f"domain,note\na.example,{'x' * 15_000}\n", ["a.example"], []),
        (f"domain,note\na.example,{'x' * 150_000}\nb.example,\n", ["b.example"], ["line-too-long"]),
        ("domain,note\na\0.example,\nb.example,\n", ["b.example"], ["binary"]),
        ("domain,note\na.example\nb.example,x,y,z\n", ["a.example", "b.example"], []),
    ],
)  # fmt: skip
def test_it_reads_odd_csv(data, wanted, refused):
    found = items(data)
    assert (values(found), reasons(found)) == (wanted, refused)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "latin-1"])
def test_bytes_that_are_no_utf_8_spoil_the_value_that_they_stand_in_alone(encoding):
    cafe = "caf\xe9".encode(encoding)
    rows = (
        b"domain,note " + cafe + b"\na.example," + cafe + b"\n" + cafe + b".example,x\nb.example,\n"
    )
    found = items(rows)
    assert (values(found), reasons(found)) == (["a.example", "b.example"], ["not-utf-8"])
    assert "\udce9" not in str(found[0].facts)
    lines = b"# " + cafe + b"\na.example # " + cafe + b"\n0.0.0.0 b.example # " + cafe + b"\n"
    found = items(lines + b'{"domain":"c.example","note":"' + cafe + b'"}\n' + cafe + b".example\n")
    assert values(found) == ["a.example", "b.example", "c.example"]
    assert reasons(found) == ["not-utf-8"]


@pytest.mark.parametrize(
    ("data", "wanted", "refused"),
    [
        ('["a.example"]', ["a.example"], []),
        ('{"domains":["a.example","b.example"],"name":"x"}', ["a.example", "b.example"], []),
        ('{"data":[{"host":"a.example"},{"host":7}]}', ["a.example"], ["bad-host"]),
        ('{\n"name":"x",\n"list":[\n"a.example"\n]}', ["a.example"], []),
        ('[\n{"url":"https://a.example/b","domain":"a.example"},\n]', ["https://a.example/b"], ["not-json"]),
        ('["a.example", "b.ex', ["a.example"], ["not-json"]),
        ('\n\n[["a.example"],["b.example"]]', ["a.example", "b.example"], []),
        ('{"Event":{"info":"x.example","Tag":[{"name":"y.example"}],"Attribute":[{"type":"domain","value":"a.example","to_ids":true},{"type":"domain","value":"b.example","to_ids":false}]}}', ["a.example"], ["not-to-block"]),
        ("[" * 5000, [], ["not-json"]),
        ("{}", [], ["no-value"]),
        ("[]", [], []),
        ('["a.example", 1, null, true]', ["a.example"], ["no-value"] * 3),
    ],
)  # fmt: skip
def test_it_reads_json_of_any_shape(data, wanted, refused):
    found = items(data)
    assert (values(found), reasons(found)) == (wanted, refused)


def test_it_reads_a_document_that_is_longer_than_a_line():
    names = [f"a{number}.example" for number in range(5000)]
    found = items(json.dumps([{"value": name} for name in names]))
    assert values(found) == names
    assert [entry.line for entry in found] == list(range(1, 5001))


def test_a_head_in_the_letters_of_windows_is_understood():
    assert values(items("Tên miền;Ghi chú\na.example;x\n".encode())) == ["a.example"]
    # In cp1258 the tone is a letter of its own: ê and then the grave.
    assert values(items(b"T\xean mi\xea\xccn;Ghi ch\xfa\na.example;x\n")) == ["a.example"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("form", sorted(GOOD))
def test_it_unpacks(form, pack):
    lines, wanted = GOOD[form]
    assert values(items(pack(b"\xef\xbb\xbf" + lines.encode()))) == wanted


def test_it_refuses_what_unpacks_to_too_much(monkeypatch):
    monkeypatch.setattr("lachan.formats.lists.source.FREE", 1 << 16)
    for bomb in (bytes(2 << 20), b"a.example\n" * (1 << 18)):
        with pytest.raises(UnreadableList, match="more than a list"):
            items(gzip.compress(bomb))
    assert FREE >= 1 << 26


def test_it_says_that_a_packed_list_is_cut_off():
    packed = gzip.compress("\n".join(f"{n}-{n * n}.example" for n in range(9000)).encode())
    seen = []
    with pytest.raises(UnreadableList, match="cut off"):
        seen.extend(read(io.BytesIO(packed[: len(packed) // 2])))
    with pytest.raises(UnreadableList, match="cut off"):
        items(b"\x1f\x8b\x08 no gzip")
    assert values(items("BZhang.example\n")) == ["bzhang.example"]


@pytest.mark.parametrize(
    "data", ["a.example".encode("utf-16"), b"PK\x03\x04x", b"%PDF-1.7", b"PAR1"]
)
def test_it_says_what_to_do_with_a_file_that_is_no_list(data):
    with pytest.raises(UnreadableList, match=r"save|unpack"):
        items(data)


def test_it_never_holds_a_file_that_has_no_line_feeds():
    lines = b"\r".join(b"a%d.example" % number for number in range(20_000))
    assert len(values(items(lines))) == 20_000
    found = items(b"x" * 60_000 + b"\r" + lines)
    assert (len(values(found)), reasons(found)) == (20_000, ["line-too-long"])


@pytest.mark.parametrize("form", sorted(GOOD))
def test_it_names_the_form_that_would_have_read_a_refused_list(form):
    lines = GOOD[form][0].splitlines()
    assert form_fitting(lines) in {form, "plain", "json", "patterns"}
    assert form_fitting(["hai tu", "= ="]) == ""


def test_one_line_alone_is_read_by_whoever_claims_it():
    (found,) = line_read(f" {SHA256} *a.png ")
    assert found.observable.value == SHA256
    assert line_read("hai tu") == []


@given(
    st.lists(st.sampled_from([line for lines, _ in GOOD.values() for line in lines.split("\n")]))
)
def test_every_line_of_a_mixed_list_is_accounted_for(lines):
    found = items("\n".join(lines))
    assert [item.line for item in found] == list(range(1, len(lines) + 1))
    assert reasons(found) == []


def test_the_forms_here_are_all_that_there_are():
    assert GOOD.keys() | {"csv", "json"} == forms().keys()


@pytest.mark.parametrize(
    "number", ["9" * 5000, "-" + "9" * 400, "1e400", "1E-999", "NaN", "Infinity", "-Infinity"]
)
def test_a_number_that_no_machine_holds_spoils_itself_alone(number):
    for text in (
        f'[{{"domain":"a.example","confidence":{number}}},{{"domain":"b.example"}}]',
        f'{{"domain":"a.example","valid_until":{number}}}\n{{"domain":"b.example"}}\n',
        f'{{"domains":["a.example",{number},"b.example"]}}',
        f"domain,confidence\na.example,{number}\nb.example,{number}\n",
    ):
        assert values(items(text)) == ["a.example", "b.example"]
