"""One asker takes all that there is, and the others are served all the same."""

import asyncio
import itertools
import struct

import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns import responder as responder_module
from lachan.edge.dns import tcp as tcp_module
from lachan.edge.dns.asker import UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shares import Shares, network_of
from lachan.edge.dns.tcp import TcpServer
from lachan.edge.dns.upstream import UpstreamSilent
from lachan.formats.snapshot.reader import SnapshotReader

NETWORKS = [b"a", b"b", b"c", b"d"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("2001:db8:0:1::1", "2001:db8:0:ff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:100::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "nowhere", True),
    ],
)
def test_a_network_is_what_one_household_is_given(one, other, same):
    assert (network_of(one) == network_of(other)) == same


@given(st.lists(st.tuples(st.sampled_from(["takes", "gives", "used", "lighten"]),
                          st.sampled_from(NETWORKS), st.integers(0, 30)), max_size=120),
       st.integers(1, 9))  # fmt: skip
def test_it_shares_as_a_plain_list_would(steps, limit):
    shares, held, fresh = Shares(limit), [], itertools.count()
    pushed = []
    for step, network, at in steps:
        place = held[at % len(held)][1] if held else None
        if step == "takes":
            place = next(fresh)
            counts = [sum(one == n for one, _ in held) for n in NETWORKS]
            shares.take(network, place, lambda place=place: pushed.append(place))
            if len(held) == limit:
                gone = pushed.pop()
                loser = next(one for one, number in held if number == gone)
                assert counts[NETWORKS.index(loser)] == max(counts)
                if counts[NETWORKS.index(network)] == max(counts):
                    assert loser == network
                assert gone == next(number for one, number in held if one == loser)
                held.remove((loser, gone))
            held.append((network, place))
        elif step == "gives":
            shares.give(place)
            held = [one for one in held if one[1] != place]
        elif place is not None and step == "used":
            shares.used(place)
            mine = next(one for one in held if one[1] == place)
            held.remove(mine)
            held.append(mine)
        elif place is not None:
            mine = next(one for one in held if one[1] == place)
            lighter = sum(o == network for o, _ in held) + 1 < sum(o == mine[0] for o, _ in held)
            shares.lighten(network, place)
            if lighter:
                held.remove(mine)
                held.append((network, place))
        assert not pushed
        assert len(shares) == len(held) <= limit


class Hanging:
    """A forwarder whose upstream never answers questions under `slow.test`."""

    back = 0.0

    def __init__(self, reply):
        self.reply, self.cancelled = reply, 0

    async def ask(self, question):
        if b"slow" in question.wire:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            raise UpstreamSilent
        await asyncio.sleep(0.01)
        return self.reply(question)


@pytest.mark.own_loop
@pytest.mark.parametrize("mine", ["198.51.100.7", "192.0.2.9"])
def test_hanging_questions_of_one_asker_starve_nobody(monkeypatch, tmp_path, mine):
    """Not even those who share his network."""
    monkeypatch.setattr(responder_module, "IN_FLIGHT_LIMIT", 20)
    from lachan.edge.dns.message import Reply

    async def run():
        forwarder = Hanging(lambda _: Reply(0, (0, 0, 0), b"", (), 0, (), (), truncated=False))
        cache = AnswerCache(1 << 20, compiled=False)
        policies, layers = Policies(Policy()), Layers(SnapshotReader(tmp_path))
        responder = Responder(layers, policies, cache, forwarder)

        def query(name):
            return dns.message.make_query(name, "A").to_wire()

        def ask(name, peer):
            asker = policies.asker(peer, UDP)
            return asyncio.ensure_future(responder.answer(query(name), asker))

        flood = [ask(f"n{number}.slow.example", "192.0.2.1") for number in range(100)]
        await asyncio.sleep(0.05)
        assert forwarder.cancelled + 20 <= 100
        replies = await asyncio.gather(*(ask(f"n{n}.example", mine) for n in range(8)))
        assert [reply[3] & 15 for reply in replies] == [dns.rcode.NOERROR] * 8
        pushed = [one.result() for one in flood if one.done()]
        assert {reply[3] & 15 for reply in pushed} == {dns.rcode.SERVFAIL}
        # Pushed out is not failed: it may be asked again at once.
        again = ask("n0.slow.example", "198.51.100.8")
        await asyncio.sleep(0.02)
        assert not again.done()
        for task in (*flood, again):
            task.cancel()
        await asyncio.gather(*flood, again, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.own_loop
@pytest.mark.parametrize("mine", ["127.0.9.1", "127.0.0.1"])
def test_idle_connections_of_one_asker_reset_nobody_who_asks(monkeypatch, mine):
    monkeypatch.setattr(tcp_module, "CONNECTIONS", 5)

    class Echo:
        def at_once(self, packet, asker):
            return packet

    async def ask(port, source):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        for number in range(3):
            packet = dns.message.make_query(f"n{number}.test", "A").to_wire()
            writer.write(struct.pack(">H", len(packet)) + packet)
            assert (await reader.readexactly(2 + len(packet)))[2:] == packet
            await asyncio.sleep(0.01)
        return writer

    async def run():
        tcp = TcpServer(Echo(), Policies(Policy()))
        server = await tcp.start("127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        await asyncio.sleep(0.05)
        first = await ask(port, mine)
        more = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        writers = [await ask(port, mine) for _ in range(2)]
        for writer in (first, *writers, *(one for _, one in (*idle, *more))):
            writer.close()
        server.close()
        tcp.close()
        await asyncio.sleep(0.05)

    asyncio.run(run())
