"""A whole edge with a table of profiles beside it, compiled and plain: what changes there is in force."""

import dns.message
import dns.query
import dns.rcode
import pytest

from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.tests.edge import Edge, verdict
from lachan.edge.dns.tests.upstream import Upstream
from lachan.formats.profiles.keys import way_key
from lachan.formats.profiles.records import Profile, RuleSet, Segment, Week
from lachan.formats.profiles.table import ProfileWriter

PATHS = ["plain", *(["compiled"] if mmsg_available() else [])]
BLOCKED, FREE = dns.rcode.NXDOMAIN, dns.rcode.NOERROR


def household(key, *segments, **rules):
    day = (RuleSet(**rules),) * 96
    return Profile(
        number=1,
        ways=(way_key(key, "network", "127.0.0.0/8"),),
        week=Week({(i, j): day for i in range(10) for j in range(10)}),
        segments=segments,
    )


@pytest.mark.parametrize("path", PATHS)
def test_a_household_is_answered_by_its_rules_from_the_moment_they_are_put(tmp_path, path):
    upstream = Upstream()
    edge = Edge(tmp_path, [upstream.port], *(["--plain"] if path == "plain" else []))

    def told(name):
        query = dns.message.make_query(name, "A")
        return dns.query.udp(query, "127.0.0.1", port=edge.port, timeout=8).rcode()

    try:
        if path == "compiled":
            edge.compiled()
        with edge.writer() as names:
            names.rebuild([verdict("bad.test"), verdict("www.111.test")], 7)
            assert edge.until(lambda: told("bad.test") == BLOCKED)
            # Nobody had profiles when this edge began: it finds the table by itself.
            with ProfileWriter(tmp_path / "profiles") as writer:
                assert told("bad.test") == BLOCKED
                writer.put(household(writer.key))
                assert edge.until(lambda: told("bad.test") == FREE)
                assert edge.until(lambda: told("tiktok.com") == FREE)
                writer.put(household(writer.key, services=frozenset({"tiktok"})))
                assert told("www.tiktok.com") == BLOCKED
                assert told("bad.test") == FREE
                pause = Segment(0, 4_000_000_000, RuleSet(everything=True, why="pause"))
                writer.put(household(writer.key, pause))
                assert told("good.test") == BLOCKED
                writer.put(household(writer.key, categories=frozenset({"contract.scam"})))
                assert told("good.test") == FREE
                assert told("bad.test") == BLOCKED
                assert edge.until(lambda: edge.status()["profiles"]["state"] == "good")
                writer.remove(1)
                assert told("tiktok.com") == FREE
    finally:
        code, rest = edge.stop()
        upstream.close()
    assert (code, rest) == (0, "")
