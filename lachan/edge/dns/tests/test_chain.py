"""What of an upstream's reply is passed on: what follows from the question, and nothing else."""

import itertools

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns.message import reply_parse
from lachan.edge.dns.question import Rcode


def parse(asked, kind, answers=(), authority=(), additional=()):
    query = dns.message.make_query(asked, kind, id=7, use_edns=0)
    message = dns.message.make_response(query)
    for section, records in (
        (message.answer, answers),
        (message.authority, authority),
        (message.additional, additional),
    ):
        section += [dns.rrset.from_text(*record) for record in records]
    raw = query.to_wire()
    return query, reply_parse(message.to_wire(max_size=65_535), raw)


def passed(query, reply):
    """What an asker reads."""
    head = query.to_wire()[:2] + b"\x81\x80\0\1" + b"".join(n.to_bytes(2) for n in reply.counts)
    question = dns.message.make_query(query.question[0].name, query.question[0].rdtype).to_wire()
    whole = dns.message.from_wire(head + question[12:] + reply.body)
    return sorted(line for one in [*whole.answer, *whole.authority, *whole.additional]
                  for line in one.to_text().lower().split("\n"))  # fmt: skip


def shown(*records):
    return sorted(
        line for one in records for line in dns.rrset.from_text(*one).to_text().lower().split("\n")
    )


A = ("a.test.", 60, "IN", "A", "192.0.2.1")
CHAIN = [
    ("a.test.", 60, "IN", "CNAME", "b.test."),
    ("b.test.", 60, "IN", "CNAME", "c.cdn.test."),
    ("c.cdn.test.", 60, "IN", "A", "192.0.2.1", "192.0.2.2"),
]
FOREIGN = [
    ("bank.example.", 60, "IN", "A", "192.0.2.66"),
    ("test.", 60, "IN", "NS", "ns.evil.example."),
    ("x.a.test.", 60, "IN", "A", "192.0.2.66"),
    ("b.test.", 60, "IN", "CNAME", "elsewhere.test."),
    ("a.test.", 60, "IN", "MX", "10 mail.evil.example."),
    ("c.cdn.test.", 60, "IN", "TXT", '"beside"'),
    ("self.example.", 60, "IN", "CNAME", "self.example."),
    ("a.test.", 60, "IN", "AAAA", "2001:db8::66"),
    ("example.", 60, "IN", "DNAME", "evil.example."),
]


@given(st.lists(st.sampled_from(FOREIGN), max_size=4, unique=True), st.randoms())
def test_it_passes_on_the_chain_alone(foreign, chance):
    records = [*CHAIN, *foreign]
    # Of two aliases of one name the first counts, so that the honest one stands before the other.
    chance.shuffle(records)
    records.sort(key=lambda record: record[-1] == "elsewhere.test.")
    query, reply = parse("a.test", "A", records)
    assert passed(query, reply) == shown(*CHAIN)
    assert reply.chain == (b"\1b\4test", b"\1c\3cdn\4test")
    assert reply.lifetime == 60
    body = reply.aged(10)
    assert all(body[at : at + 4] == b"\0\0\0\x32" for at in reply.ttls)


@pytest.mark.parametrize(
    "extra",
    [
        ("bank.example.", 60, "IN", "A", "192.0.2.66"),
        ("test.", 60, "IN", "NS", "ns.evil.example."),
        ("bank.example.", 60, "IN", "SOA", "ns.evil.example. x.evil.example. 1 2 3 4 5"),
        ("a.test.", 60, "IN", "A", "192.0.2.66"),
    ],
)
def test_it_passes_on_no_foreign_authority_and_nothing_beside(extra):
    for sections in ({"authority": [extra]}, {"additional": [extra]}):
        query, reply = parse("a.test", "A", [A], **sections)
        assert passed(query, reply) == shown(A)


def test_it_keeps_proofs_and_the_zone_s_own_soa():
    proofs = [
        ("test.", 60, "IN", "SOA", "ns.test. x.test. 1 2 3 4 5"),
        ("0.test.", 60, "IN", "NSEC", "b.test. A"),
        ("test.", 60, "IN", "RRSIG", "SOA 8 1 60 20300101000000 20200101000000 1 test. aaaa"),
    ]
    query, reply = parse("a.test", "A", authority=proofs)
    assert passed(query, reply) == shown(*proofs)


LOOPS = [
    ["a.test", "a.test"],
    ["a.test", "b.test", "a.test"],
    ["a.test", "b.test", "c.test", "b.test"],
    ["a.test", *(f"n{number}.test" for number in range(200))],
]


@pytest.mark.parametrize(
    ("kind", "links"),
    # Who asks for an alias itself goes one step.
    [*itertools.product(["A", "HTTPS"], LOOPS), ("CNAME", LOOPS[0])],
)
def test_loops_end_in_a_failure(kind, links):
    records = [(f"{a}.", 60, "IN", "CNAME", f"{b}.") for a, b in itertools.pairwise(links)]
    _, reply = parse("a.test", kind, records)
    assert (reply.rcode, reply.counts, reply.body) == (Rcode.SERVFAIL, (0, 0, 0), b"")
    assert reply.lifetime == 0


def test_it_follows_a_whole_tree_that_was_moved():
    records = [
        ("old.test.", 60, "IN", "DNAME", "new.example."),
        ("a.old.test.", 60, "IN", "CNAME", "a.new.example."),
        ("a.new.example.", 60, "IN", "A", "192.0.2.1"),
    ]
    query, reply = parse("a.old.test", "A", records)
    assert passed(query, reply) == shown(*records)
    query, reply = parse("a.old.test", "A", [records[0], records[2]])
    assert reply.chain == (b"\1a\3new\7example",)


@pytest.mark.parametrize(
    ("kind", "data", "targets"),
    [
        ("HTTPS", "0 edge.cdn.example.", (b"\4edge\3cdn\7example",)),
        ("HTTPS", "1 Edge.CDN.example. alpn=h2", (b"\4edge\3cdn\7example",)),
        ("HTTPS", "1 . alpn=h2 ipv4hint=192.0.2.1", ()),
        ("HTTPS", "0 .", ()),
        ("SVCB", "2 other.example. port=853", (b"\5other\7example",)),
    ],
)
def test_it_takes_service_targets_for_aliases(kind, data, targets):
    query, reply = parse("a.test", kind, [("a.test.", 60, "IN", kind, data)])
    assert reply.targets == targets
    assert reply.leads == bool(targets)
    assert passed(query, reply) == [
        line.lower() for line in shown(("a.test.", 60, "IN", kind, data))
    ]


def test_it_leaves_out_what_is_of_no_class_of_ours():
    query = dns.message.make_query("a.test", "A", id=7)
    message = dns.message.make_response(query)
    for klass in ("CH", "IN"):
        found = message.find_rrset(
            message.answer, dns.name.from_text("a.test."), dns.rdataclass.from_text(klass),
            dns.rdatatype.A, create=True,
        )  # fmt: skip
        data = "192.0.2.1" if klass == "IN" else "x.test. 1234"
        found.add(dns.rdata.from_text(klass, "A", data), ttl=60)
    reply = reply_parse(message.to_wire(), query.to_wire())
    assert passed(query, reply) == shown(A)
