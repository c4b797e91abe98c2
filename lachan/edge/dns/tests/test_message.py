import struct

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns.message import BadReply, reply_parse

QUERY = dns.message.make_query("www.kept.test", "A", id=77, use_edns=0).to_wire()


def reply(*records, query=QUERY, authority=()):
    message = dns.message.make_response(dns.message.from_wire(query))
    message.answer = [dns.rrset.from_text(*record) for record in records]
    message.authority = [dns.rrset.from_text(*record) for record in authority]
    return message.to_wire()


GOOD = reply(
    ("www.kept.test.", 300, "IN", "CNAME", "edge.kept.test."),
    ("edge.kept.test.", 60, "IN", "A", "192.0.2.7", "192.0.2.8"),
)


def test_it_reads_records_aliases_and_the_shortest_life():
    found = reply_parse(GOOD, QUERY)
    assert found.counts == (3, 0, 0)
    assert found.chain == (b"\x04edge\x04kept\x04test",)
    assert found.lifetime == 60
    assert len(found.ttls) == 3


def test_it_ages_every_record_and_never_below_zero():
    found = reply_parse(GOOD, QUERY)
    for seconds, expected in ((0, (300, 60, 60)), (50, (250, 10, 10)), (100, (200, 0, 0))):
        body = found.aged(seconds)
        assert tuple(struct.unpack_from(">I", body, at)[0] for at in found.ttls) == expected
    body = found.aged(5, fixed=30)
    assert {struct.unpack_from(">I", body, at)[0] for at in found.ttls} == {30}


def test_it_keeps_a_no_by_the_soa_and_never_without_one():
    soa = ("kept.test.", 900, "IN", "SOA", "ns.test. admin.test. 1 3600 600 86400 45")
    assert reply_parse(reply(authority=[soa]), QUERY).lifetime == 45
    assert reply_parse(reply(), QUERY).lifetime == 0


def test_it_takes_a_negative_ttl_for_none():
    raw = bytearray(GOOD)
    at = reply_parse(GOOD, QUERY).ttls[0] + len(GOOD) - len(reply_parse(GOOD, QUERY).body) - 11
    raw[at] = 0x80
    assert reply_parse(bytes(raw), QUERY).lifetime == 0


@pytest.mark.parametrize(
    "other",
    [
        dns.message.make_query("www.kept.test", "A", id=78).to_wire(),
        dns.message.make_query("www.kept.test", "AAAA", id=77).to_wire(),
        dns.message.make_query("xww.kept.test", "A", id=77).to_wire(),
    ],
)
def test_it_refuses_a_reply_to_another_question(other):
    with pytest.raises(BadReply):
        reply_parse(GOOD, other)


def test_it_refuses_names_that_go_round_in_circles():
    loop = GOOD[: len(QUERY) - 11]
    loop = loop[:6] + b"\0\1\0\0\0\0" + loop[12:]
    at = len(loop) + 12
    pointer = struct.pack(">H", 0xC000 | at)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, 2) + pointer
    with pytest.raises(BadReply):
        reply_parse(loop + record, QUERY)


@given(
    st.lists(st.tuples(st.integers(12, len(GOOD) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(GOOD)),
    st.binary(max_size=8),
)
def test_it_bears_any_damage(changes, length, tail):
    raw = bytearray(GOOD)
    for at, byte in changes:
        raw[at] = byte
    try:
        found = reply_parse(bytes(raw[:length]) + tail, QUERY)
    except BadReply:
        return
    assert len(found.aged(1)) == len(found.body)
    assert 0 <= found.lifetime <= 86_400
