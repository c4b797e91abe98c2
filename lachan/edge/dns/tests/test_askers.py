"""Askers of several policies at one edge: each is answered as if there were no other."""

import asyncio
import socket
import struct
import threading

import dns.message
import dns.rcode
import dns.rrset
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.edge.dns import cache as cache_module
from lachan.edge.dns import responder as responder_module
from lachan.edge.dns.asker import TCP, UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.message import reply_parse
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import question_parse
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.tcp import TcpServer
from lachan.edge.dns.udp import SlowLane, UdpLoop, udp_socket
from lachan.edge.dns.upstream import Forwarder, query_encode
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

ALIASES = {
    "blog.example": "game.example",
    "shop.example": "scam.example",
    "far.example": "shop.example",
    "home.example": "nas.home.arpa",
}
NAMES = [*ALIASES, *ALIASES.values(), "www.game.example", "mine.example", "free.example"]
NAMES += ["pc.home.arpa", "home.arpa", "use-application-dns.net", "mask.icloud.com", "x.onion"]


def of(name, category="contract.scam", **more):
    return Verdict(kind="domain", value=name, categories=(category,), sequence=1, **more)


class Saying(Forwarder):
    """Upstream: the same for whoever asks."""

    def __init__(self):
        super().__init__([])

    async def ask(self, question):
        await asyncio.sleep(0)
        query = query_encode(question, edns=False)
        reply = dns.message.make_response(dns.message.from_wire(query))
        name = reply.question[0].name.to_text()[:-1].lower()
        while name in ALIASES and question.qtype == 1:
            link = dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{ALIASES[name]}.")
            reply.answer.append(link)
            name = ALIASES[name]
        if name == "free.example" or question.qtype != 1:
            reply.set_rcode(dns.rcode.NXDOMAIN if name == "free.example" else dns.rcode.NOERROR)
            soa = "ns.example. admin.example. 1 3600 600 86400 60"
            reply.authority.append(dns.rrset.from_text("example.", 60, "IN", "SOA", soa))
        else:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "A", "198.51.100.7"))
        return reply_parse(reply.to_wire(), query)


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layers")
    with SnapshotWriter(folder / "ledger") as writer, SnapshotWriter(folder / "own") as own:
        listed = [of("scam.example"), of("nas.home.arpa"), of("mask.icloud.com")]
        writer.rebuild([*listed, of("game.example", "contract.gambling")], 3)
        own.rebuild([of("mine.example"), of("shop.example", action="allow")], 1)
        own.put("domain", "game.example", of("game.example", action="allow"))
    return Layers(SnapshotReader(folder / "ledger"), [("own", SnapshotReader(folder / "own"))])


def edge(layers, *rows):
    policies = Policies(*rows)
    return Responder(layers, policies, AnswerCache(1 << 20, compiled=False), Saying()), policies


def some(*words):
    return st.frozensets(st.sampled_from(words))


POLICIES = st.builds(
    Policy,
    answer=st.sampled_from(["nxdomain", "null", "page"]),
    page_ipv4=st.sampled_from([("192.0.2.80",), ("192.0.2.81",)]),
    categories=some("contract.scam", "contract.gambling"),
    ttl=st.sampled_from([10, 60]),
    ede=st.sampled_from([15, 16, 17]),
    appeal=st.sampled_from(["", "at school", "at home"]),
    forward=some("home.arpa", "pc.home.arpa"),
    canaries=some("firefox", "icloud"),
    overlays=some("own"),
)
QUESTIONS = st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(["A", "AAAA"]))


@pytest.mark.own_loop
@given(st.tuples(POLICIES, POLICIES), st.lists(QUESTIONS, min_size=1, max_size=40), st.booleans())
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_answers_each_as_if_there_were_no_other(layers, rows, asked, at_the_same_time):
    async def replies(responder, policies, questions):
        async def one(second, name, kind):
            connection = msgspec.structs.replace(UDP, row=int(second) % len(policies.rows))
            packet = dns.message.make_query(name, kind, id=7, use_edns=0).to_wire()
            return await responder.answer(packet, policies.asker("192.0.2.1", connection))

        if at_the_same_time:
            return await asyncio.gather(*(one(*each) for each in questions))
        return [await one(*each) for each in questions]

    with pytest.MonkeyPatch.context() as patch:
        for module in (cache_module, responder_module):
            patch.setattr(module, "time", Still)
        together = asyncio.run(replies(*edge(layers, *rows), asked))
        for second in (False, True):
            questions = [each for each in asked if each[0] is second]
            alone = asyncio.run(replies(*edge(layers, rows[second]), questions))
            given = [
                reply for reply, each in zip(together, asked, strict=True) if each[0] is second
            ]
            assert given == alone


class Still:
    time = staticmethod(lambda: 1_800_000_000.0)
    monotonic = staticmethod(lambda: 0.0)


@pytest.mark.own_loop
def test_it_answers_who_waits_by_the_policy_he_asked_under(layers):
    """Whoever comes to stand in his row meanwhile."""
    strict, page = Policy(), Policy(answer="page", page_ipv4=("192.0.2.80",))
    responder, policies = edge(layers, strict, page)

    async def ask():
        packet = dns.message.make_query("far.example", "A").to_wire()
        asker = policies.asker("192.0.2.1", UDP)
        waiting = asyncio.ensure_future(responder.answer(packet, asker))
        await asyncio.sleep(0)
        responder.follow(page, strict)
        return [
            dns.message.from_wire(await waiting),
            dns.message.from_wire(await responder.answer(packet, policies.asker("192.0.2.1", UDP))),
        ]

    before, after = asyncio.run(ask())
    assert before.rcode() == dns.rcode.NXDOMAIN
    assert [str(one) for one in after.answer[0]] == ["192.0.2.80"]


@pytest.mark.own_loop
def test_what_one_policy_asks_upstream_is_answered_here_for_another(layers):
    at_home = Policy(forward=frozenset({"home.arpa"}))
    responder, policies = edge(layers, at_home, Policy())
    packet = dns.message.make_query("pc.home.arpa", "A").to_wire()
    answers = [
        asyncio.run(responder.answer(packet, policies.asker("", of_row(row))))
        for row in (0, 1, 0, 1)
    ]
    codes = [dns.message.from_wire(answer).rcode() for answer in answers]
    assert codes == [dns.rcode.NOERROR, dns.rcode.NXDOMAIN] * 2


def of_row(row, connection=UDP):
    return msgspec.structs.replace(connection, row=row)


@pytest.mark.own_loop
def test_each_way_in_has_its_own_policy(layers):
    """Two sockets and two TCP ports of one edge, from the packet to the packet."""
    rows = Policy(), Policy(answer="page", page_ipv4=("192.0.2.80",))
    packet = dns.message.make_query("far.example", "A").to_wire()

    async def ask():
        responder, policies = edge(layers, *rows)
        lane = SlowLane(asyncio.get_running_loop(), responder, policies)
        found = []
        for row in (0, 1):
            found.append(await _udp(lane, of_row(row), packet))
            tcp = TcpServer(responder, policies, of_row(row, TCP))
            server = await tcp.start("127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(struct.pack(">H", len(packet)) + packet)
            size = struct.unpack(">H", await reader.readexactly(2))[0]
            found.append(await reader.readexactly(size))
            writer.close()
            server.close()
            tcp.close()
            await asyncio.sleep(0.05)
        return found

    found = [dns.message.from_wire(reply) for reply in asyncio.run(ask())]
    assert [reply.rcode() for reply in found] == [dns.rcode.NXDOMAIN] * 2 + [dns.rcode.NOERROR] * 2
    assert [str(reply.answer[0][0]) for reply in found[2:]] == ["192.0.2.80"] * 2


async def _udp(lane, connection, packet):
    def ask():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.sendto(packet, served.getsockname())
            return sock.recv(4096)

    stop = threading.Event()
    with udp_socket("127.0.0.1", 0) as served:
        loop = UdpLoop(served, lane, stop, connection)
        loop.start()
        try:
            return await asyncio.to_thread(ask)
        finally:
            stop.set()
            await asyncio.to_thread(loop.join)


def test_the_layers_are_asked_in_their_order(layers):
    """An overlay's word stands for all below its name, whatever the ledger says there, to who follows it alone."""
    follows, not_at_all = Policy(overlays=frozenset({"own"})), Policy(overlays=frozenset({"other"}))
    for name in ("game.example", "www.game.example"):
        wire = question_parse(dns.message.make_query(name, "A").to_wire()).wire
        assert layers.decide(follows, wire)[1].action == "allow"
        assert layers.decide(not_at_all, wire)[1].action == "block"
