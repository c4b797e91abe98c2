"""Names that are answered here, asked of the plain path; `test_paths` holds the compiled one to it."""

import ipaddress

import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns.asker import UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.local import forward_names, local_names, reverse_names
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import Question
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.upstream import Forwarder
from lachan.formats.snapshot.reader import SnapshotReader

KINDS = ["A", "AAAA", "TXT", "HTTPS", "SVCB", "PTR", "NS", "SOA", "ANY"]


def asked(name, kind="A", *, flags=None, **policy):
    """The reply without asking upstream; None where upstream would be asked."""
    layers, policies = Layers(SnapshotReader("/nonexistent")), Policies(Policy(**policy))
    cache = AnswerCache(1 << 16, compiled=False)
    responder = Responder(layers, policies, cache, Forwarder([]))
    query = dns.message.make_query(name, kind, use_edns=0)
    if flags is not None:
        query.flags = flags
    found = responder.at_once(query.to_wire(), policies.asker("192.0.2.1", UDP))
    if isinstance(found, Question):
        return None
    reply = dns.message.from_wire(found)
    assert query.is_response(reply)
    return reply


def is_no(reply, zone, seconds=10_800):
    """Whether a "no" can be kept for so long, by the SOA of its zone (RFC 2308)."""
    soa = reply.authority[0]
    told = (soa.name.to_text().lower(), soa.rdtype, soa.ttl, soa[0].minimum)
    return not reply.answer and told == (f"{zone}.", dns.rdatatype.SOA, seconds, seconds)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zone", ["onion", "invalid", "test", "local", "alt"])
def test_it_says_that_names_outside_the_dns_do_not_exist(zone, kind):
    for name in (zone, f"www.{zone}", f"A.b.C.{zone.upper()}"):
        reply = asked(name, kind)
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert is_no(reply, zone)


@pytest.mark.parametrize("name", ["localhost", "LocalHost", "www.localhost", "a.b.localhost"])
def test_it_answers_localhost_with_this_machine(name):
    assert [str(one) for one in asked(name, "A").answer[0]] == ["127.0.0.1"]
    assert [str(one) for one in asked(name, "AAAA").answer[0]] == ["::1"]
    for kind in ("TXT", "HTTPS", "MX"):
        reply = asked(name, kind)
        assert reply.rcode() == dns.rcode.NOERROR
        assert is_no(reply, "localhost")


@pytest.mark.parametrize("kind", KINDS)
def test_it_leads_nobody_past_itself_to_its_upstream(kind):
    for name in ("_dns.resolver.arpa", "resolver.arpa", "x.y.Resolver.ARPA"):
        reply = asked(name, kind)
        assert reply.rcode() == dns.rcode.NOERROR
        assert is_no(reply, "resolver.arpa")


PRIVATE = [
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.9.9"),
    *("100.64.0.1", "100.127.255.1", "0.1.2.3", "127.0.0.2", "192.0.2.1", "203.0.113.7"),
    *("198.51.100.4", "fd12::1", "fe80::1", "febf::1", "2001:db8::5"),
]
PUBLIC = [
    *("9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1", "192.169.0.1"),
    *("100.63.0.1", "100.128.0.1", "8.8.8.8", "255.255.255.254", "fc00::1", "fec0::1", "::2"),
    *("2001:db9::1", "2606:4700::1111"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_it_knows_nobody_behind_private_addresses(address):
    name = dns.reversename.from_address(address).to_text()
    for one in (name, f"b._dns-sd._udp.{name}"):
        reply = asked(one, "PTR")
        assert reply.rcode() == dns.rcode.NXDOMAIN
        soa = reply.authority[0]
        assert one.endswith(soa.name.to_text())
        assert soa[0].rname.to_text() == "nobody.invalid."


@pytest.mark.parametrize("address", PUBLIC)
def test_it_asks_upstream_who_has_a_public_address(address):
    assert asked(dns.reversename.from_address(address).to_text(), "PTR") is None


def test_it_serves_empty_zones():
    for zone in ("home.arpa", "service.arpa", "10.in-addr.arpa", "20.172.in-addr.arpa"):
        assert asked(zone, "SOA").answer[0].name.to_text() == f"{zone}."
        assert [str(one) for one in asked(zone, "NS").answer[0]] == [f"{zone}."]
        assert is_no(asked(zone, "A"), zone)
        assert asked(f"x.{zone}", "A").rcode() == dns.rcode.NXDOMAIN
        assert asked(zone, "DS") is None  # a validator's question to the parent
        assert asked(f"x.{zone}", "DS").rcode() == dns.rcode.NXDOMAIN


def test_it_names_this_machine():
    for address in ("127.0.0.1", "::1"):
        name = dns.reversename.from_address(address).to_text()
        assert [str(one) for one in asked(name, "PTR").answer[0]] == ["localhost."]
        assert asked(name, "A").rcode() == dns.rcode.NOERROR
    assert asked("0.0.127.in-addr.arpa", "PTR").rcode() == dns.rcode.NOERROR  # one lies below
    assert asked("1.0.127.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(
    "name",
    [
        *("example", "www.example.com", "x.internal", "ipv4only.arpa", "onion.example", "arpa"),
        *(
            "notonion",
            "x.locals",
            "mylocalhost",
            "localhost.example",
            "in-addr.arpa",
            "home.arpa.vn",
        ),
        *("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com", "test.example"),
    ],
)
def test_it_asks_upstream_for_all_else(name):
    assert asked(name) is None


def test_it_answers_canaries_where_it_is_told_to():
    both = frozenset({"firefox", "icloud"})
    for name in ("use-application-dns.net", "mask.icloud.com", "Mask-H2.iCloud.com"):
        for kind in KINDS:
            reply = asked(name, kind, canaries=both)
            assert reply.rcode() == dns.rcode.NXDOMAIN
            assert is_no(reply, name.lower(), 60)
    assert asked("use-application-dns.net", canaries=frozenset({"icloud"})) is None
    assert asked("icloud.com", canaries=both) is None
    assert asked("www.icloud.com", canaries=both) is None


def test_it_tells_who_does_not_ask_for_recursion_too():
    assert asked("x.onion", flags=0).rcode() == dns.rcode.NXDOMAIN


def test_it_forwards_what_a_network_answers_itself():
    forward = forward_names(["Home.arpa.", "192.168.1.0/24", "local", "fd12:3456::/32"])
    for name in ("nas.home.arpa", "1.1.168.192.in-addr.arpa", "printer.local"):
        assert asked(name, "PTR", forward=forward) is None
    inside = dns.reversename.from_address("fd12:3456::7").to_text()
    assert asked(inside, "PTR", forward=forward) is None
    for name in ("1.2.168.192.in-addr.arpa", "x.onion", "1.0.0.10.in-addr.arpa"):
        assert asked(name, "PTR", forward=forward).rcode() == dns.rcode.NXDOMAIN
    for wrong in ("example.com", "loacl", "8.8.8.0/24", "a..b", "10.0.0.0/99", ""):
        with pytest.raises(ValueError, match=r"upstream anyway|no name|does not appear"):
            forward_names([wrong])


@given(st.ip_addresses(), st.integers(0, 128))
def test_it_finds_each_address_below_its_networks_reverse_zone(address, length):
    size = min(length, address.max_prefixlen)
    network = ipaddress.ip_network(f"{address}/{size}", strict=False)
    zones = list(reverse_names(str(network)))
    assert sum(f".{address.reverse_pointer}".endswith(f".{zone}") for zone in zones) == 1
    assert len(zones) <= 128


def test_its_data_says_where_each_name_comes_from():
    data = local_names()
    for row in (*data.names, *data.networks, *data.canaries, data.pointers):
        assert row.source.startswith(("RFC ", "https://"))
