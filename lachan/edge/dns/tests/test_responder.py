"""What is answered from a kept answer: to whom, and where its aliases are blocked."""

import asyncio
import itertools
import json
import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.edge.dns.asker import UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.message import reply_parse
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import question_parse
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shelter import Shelter
from lachan.edge.dns.upstream import Forwarder
from lachan.formats.guard.loading import domains_write
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter


def verdict(value, **more):
    return Verdict(kind="domain", value=value, **{"categories": ("scam",), "sequence": 1, **more})


@pytest.fixture
def world(tmp_path):
    """A function: the reply to a question, given what is blocked and what was kept."""

    def ask(name, kind, records, *blocked, flags="RD"):
        with SnapshotWriter(tmp_path / "snapshots") as writer:
            writer.rebuild([v if isinstance(v, Verdict) else verdict(v) for v in blocked], 1)
        cache = AnswerCache(1 << 20, compiled=False)
        layers = Layers(SnapshotReader(tmp_path / "snapshots"))
        policies = Policies(Policy(forward=frozenset({"test"})))  # or they would be answered here
        shelter = Shelter(tmp_path)
        responder = Responder(layers, policies, cache, Forwarder([]), shelter.covers)
        query = dns.message.make_query(name, kind, use_edns=0)
        reply = dns.message.make_response(query)
        reply.answer = [dns.rrset.from_text(*record) for record in records]
        raw = query.to_wire()
        cache.put(question_parse(raw), reply_parse(reply.to_wire(), raw))
        query.flags = dns.flags.from_text(flags)
        asker = policies.asker("192.0.2.1", UDP)
        return dns.message.from_wire(responder.at_once(query.to_wire(), asker))

    return ask


def alias(*names):
    records = [(f"{a}.", 60, "IN", "CNAME", f"{b}.") for a, b in itertools.pairwise(names)]
    return [*records, (f"{names[-1]}.", 60, "IN", "A", "192.0.2.7")]


BLOCKED = "e1.edge.cdn.example"


@pytest.mark.parametrize("extra", ["", "AD"])
def test_it_tells_nothing_kept_to_who_asks_for_no_recursion(world, extra):
    for kind, data in (("A", "192.0.2.7"), ("TXT", '"x"'), ("HTTPS", "1 . alpn=h2")):
        kept = [("kept.example.", 60, "IN", kind, data)]
        reply = world("kept.example", kind, kept, flags=extra)
        assert (reply.rcode(), reply.answer) == (dns.rcode.REFUSED, [])
        assert world("kept.example", kind, kept, flags=f"RD {extra}").answer
    blocked = world("bad.example", "A", alias("bad.example"), "bad.example", flags=extra)
    assert blocked.rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(
    "name",
    [
        "www.vietcombank.com.vn",
        "vietcombank.com.vn",
        "ebank.vietcombank.com.vn",
        "truong.edu.vn",
        "www.congan.hanoi.gov.vn",
        "m.facebook.com",
        "r10.o.lencr.org",
        "0.vn.pool.ntp.org",
        "static.hotline.test",
    ],
)
def test_no_alias_blocks_what_the_guard_knows(world, tmp_path, name):
    (tmp_path / "snapshots").mkdir()
    domains_write(tmp_path, ["hotline.test"])
    for chain in ((name, BLOCKED), (name, "a.cdn.example", BLOCKED), (name, BLOCKED, "b.example")):
        for blocked in (BLOCKED, "cdn.example"):
            assert world(name, "A", alias(*chain), blocked).rcode() == dns.rcode.NOERROR
    # What leads to it is its owner's as well from there on.
    chain = alias("blog.example", name, BLOCKED)
    assert world("blog.example", "A", chain, BLOCKED).rcode() == dns.rcode.NOERROR
    # Asked itself, a listed name stays blocked; and so does what comes before a guarded one.
    assert world(name, "A", alias(name, BLOCKED), name).rcode() == dns.rcode.NXDOMAIN
    chain = alias("blog.example", BLOCKED, name)
    assert world("blog.example", "A", chain, BLOCKED).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(
    "name",
    ["blog.example", "x.github.io", "user.duckdns.org", "evil.bit.ly", "x.cloudfront.net",
     "evil.sites.google.com", "x.trafficmanager.net",
        "thptso1.blogspot.com"],
)  # fmt: skip
def test_strangers_names_stay_blocked_by_their_alias(world, name):
    assert world(name, "A", alias(name, BLOCKED), BLOCKED).rcode() == dns.rcode.NXDOMAIN


def test_an_entry_that_allows_a_name_shelters_it_from_aliases(world):
    allowed = verdict("shop.example", action="allow")
    for name in ("shop.example", "www.shop.example"):
        reply = world(name, "A", alias(name, BLOCKED), BLOCKED, allowed)
        assert reply.rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize("kind", ["HTTPS", "SVCB"])
@pytest.mark.parametrize(
    "data", [f"0 {BLOCKED}.", f"1 {BLOCKED.upper()}. alpn=h2", f"9 x.{BLOCKED}."]
)
def test_a_service_target_is_an_alias(world, kind, data):
    record = [("blog.example.", 60, "IN", kind, data)]
    assert world("blog.example", kind, record, BLOCKED).rcode() == dns.rcode.NXDOMAIN
    assert world("blog.example", kind, record).rcode() == dns.rcode.NOERROR
    led = [
        ("blog.example.", 60, "IN", "CNAME", "b.example."),
        ("b.example.", 60, "IN", kind, "1 fine.example."),
        ("b.example.", 60, "IN", kind, data),
    ]
    assert world("blog.example", kind, led, BLOCKED).rcode() == dns.rcode.NXDOMAIN
    bank = [("www.vietcombank.com.vn.", 60, "IN", kind, data)]
    assert world("www.vietcombank.com.vn", kind, bank, BLOCKED).rcode() == dns.rcode.NOERROR


def test_the_shelter_follows_the_operator_s_lists(tmp_path):
    shelter = Shelter(tmp_path)
    name = b"\x03www\x04shop\x07example"
    assert not shelter.covers(name)
    (tmp_path / "guard").mkdir()
    listed = {"type": "hostname", "list": ["shop.example"], "matching_attributes": ["domain"]}
    (tmp_path / "guard" / "mine.json").write_text(json.dumps(listed))
    assert not shelter.covers(name)
    shelter.refresh()
    assert shelter.covers(name)
    (tmp_path / "guard" / "mine.json").write_text("{")
    shelter.refresh()
    assert not shelter.covers(name)


class Agreeing:
    """An upstream that knows an address for every name."""

    back = 0.0

    async def ask(self, question):
        query = question.head + question.raw
        record = b"\xc0\x0c" + struct.pack(">HHIH", question.qtype, 1, 60, 4) + bytes(4)
        head = question.head[:2] + b"\x81\x80" + struct.pack(">4H", 1, 1, 0, 0)
        return reply_parse(head + question.raw + record, query)


LABELS = st.binary(min_size=1, max_size=63) | st.sampled_from(
    [b".", b"a.b", b"x.bad", b"bad.example", b"a\0b", b"\xff", b"xn--", b"*", b"\\.", b" "]
)


@pytest.mark.own_loop
def test_it_answers_whatever_bytes_a_label_holds(tmp_path):
    """A dot within a label parts nothing, and no byte spoils an answer (RFC 2181, section 11)."""
    with SnapshotWriter(tmp_path / "snapshots") as writer:
        writer.rebuild([verdict("bad.example")], 1)
    layers = Layers(SnapshotReader(tmp_path / "snapshots"))
    policies = Policies(Policy())
    asker = policies.asker("192.0.2.1", UDP)

    @given(st.lists(LABELS, max_size=2), st.sampled_from([b"bad", b"x.bad", b"good"]))
    @settings(max_examples=200, deadline=None)
    def answered(labels, below):
        name = b"".join(bytes((len(one),)) + one for one in (*labels, below, b"example")) + b"\0"
        packet = b"ID\x01\x00" + struct.pack(">4H", 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)
        cache = AnswerCache(1 << 20, compiled=False)
        responder = Responder(layers, policies, cache, Agreeing(), Shelter(tmp_path).covers)
        reply = asyncio.run(responder.answer(packet, asker))
        assert (reply[:2], reply[12 : len(packet)]) == (b"ID", packet[12:])
        wanted = dns.rcode.NXDOMAIN if below == b"bad" else dns.rcode.NOERROR
        assert reply[3] & 15 == wanted

    answered()
