"""Capitals and cookies that a forger would have to guess, with upstreams that keep them and with others."""

import asyncio
import contextlib

import dns.edns
import dns.message
import dns.rcode
import dns.rrset
import pytest

from lachan.edge.dns.question import question_parse
from lachan.edge.dns.tests.upstream import same_port
from lachan.edge.dns.upstream import Forwarder, Upstream, UpstreamSilent

NAME = "a-long-name-of-many-letters.example"


class Server(asyncio.DatagramProtocol):
    """An upstream; `way` says what it does to questions, `seen` what it was asked."""

    def __init__(self, way):
        self.way, self.seen, self.tcp = way, [], 0
        self.forges = False

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        query = dns.message.from_wire(data)
        self.seen.append(query)
        if self.forges:
            for forged in self.forgeries(query):
                self.transport.sendto(forged.to_wire(), addr)
        reply = self.reply(query)
        if reply is not None:
            self.transport.sendto(reply.to_wire(), addr)

    def forgeries(self, query):
        """Whoever guessed port and number, and nothing else."""
        for name in {NAME, NAME.upper()} - {query.question[0].name.to_text(omit_final_dot=True)}:
            yield self.answer(
                dns.message.make_query(name, "A", id=query.id, use_edns=0), "192.0.2.66"
            )
        yield self.answer(query, "192.0.2.66", cookie=b"x" * 16)
        yield self.answer(query, "192.0.2.66")

    @staticmethod
    def answer(query, address, cookie=b""):
        reply = dns.message.make_response(query)
        options = [dns.edns.GenericOption(10, cookie)] if cookie else []
        reply.use_edns(0, options=options)
        reply.answer = [dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address)]
        return reply

    def reply(self, query, *, tcp=False):
        cookies = [bytes(o.to_wire()) for o in query.options if o.otype == 10]
        if (
            "drops" in self.way
            and not tcp
            and (
                cookies
                or query.question[0].name.to_text() != query.question[0].name.to_text().lower()
            )
        ):
            return None
        if "lowers" in self.way:
            query = dns.message.make_query(query.question[0].name.to_text().lower(), "A", id=query.id,
                                           use_edns=0)  # fmt: skip
        cookie = b""
        if "cookies" in self.way and cookies:
            cookie = cookies[0][:8] + b"S" * 16
        reply = self.answer(query, "192.0.2.7", cookie)
        if "asks-again" in self.way and cookies and len(cookies[0]) == 8:
            reply.answer = []
            reply.set_rcode(dns.rcode.BADCOOKIE)
        return reply

    async def connected(self, reader, writer):
        self.tcp += 1
        size = int.from_bytes(await reader.readexactly(2), "big")
        raw = self.reply(dns.message.from_wire(await reader.readexactly(size)), tcp=True).to_wire()
        writer.write(len(raw).to_bytes(2, "big") + raw)
        writer.close()


@contextlib.asynccontextmanager
async def upstream(way):
    loop = asyncio.get_running_loop()
    server = Server(way)
    udp, listening = same_port()
    port = udp.getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: server, sock=udp)
    if "no-tcp" in way:
        listening.close()
        yield server, Forwarder([Upstream("127.0.0.1", port)], try_seconds=0.3)
    else:
        async with await asyncio.start_server(server.connected, sock=listening):
            yield server, Forwarder([Upstream("127.0.0.1", port)], try_seconds=0.3)
    transport.close()


def names(server):
    return [query.question[0].name.to_text(omit_final_dot=True) for query in server.seen]


def cookies_of(server):
    return [[bytes(o.to_wire()) for o in query.options if o.otype == 10] for query in server.seen]


def run(way, work):
    async def inside():
        async with upstream(way) as (server, forwarder):
            question = question_parse(dns.message.make_query(NAME, "A").to_wire())
            await work(server, forwarder, question)

    asyncio.run(inside())


pytestmark = pytest.mark.own_loop


@pytest.mark.parametrize("way", ["keeps", "keeps cookies", "keeps cookies asks-again"])
def test_it_mixes_capitals_and_believes_no_forger(way):
    async def work(server, forwarder, question):
        for _ in range(2):
            await forwarder.ask(question)
        server.forges = True
        for _ in range(6):
            # Without cookies, what comes in the question's own capitals is believed: that is what they are for.
            found = await forwarder.ask(question)
            if "cookies" in way:
                assert b"\xc0\0\2\7" in found.body
        assert len(set(names(server))) > 5
        assert {name.lower() for name in names(server)} == {NAME}
        assert server.tcp == 0

    run(way, work)


def test_it_passes_over_replies_in_other_capitals():
    async def work(server, forwarder, question):
        await forwarder.ask(question)
        server.forgeries = lambda query: list(Server.forgeries(server, query))[:-2]
        server.forges = True
        for _ in range(5):
            assert b"\xc0\0\2\7" in (await forwarder.ask(question)).body

    run("keeps", work)


def test_it_gives_each_upstream_its_own_cookie_back():
    async def work(server, forwarder, question):
        for _ in range(3):
            await forwarder.ask(question)
        first, second, third = (one[0] for one in cookies_of(server))
        assert len(first) == 8
        assert second == third == first + b"S" * 16
        async with upstream("keeps cookies") as (other, elsewhere):
            await elsewhere.ask(question)
            assert cookies_of(other)[0][0][:8] != first

    run("keeps cookies", work)


def test_it_asks_anew_with_the_cookie_that_it_was_told():
    async def work(server, forwarder, question):
        found = await forwarder.ask(question)
        assert b"\xc0\0\2\7" in found.body
        assert [len(one[0]) for one in cookies_of(server)] == [8, 24]

    run("keeps cookies asks-again", work)


@pytest.mark.parametrize(
    "way", ["lowers", "lowers no-tcp", "drops", "drops no-tcp", "keeps no-tcp"]
)
def test_it_speaks_plainly_to_who_keeps_nothing(way):
    async def work(server, forwarder, question):
        for _ in range(3):
            assert b"\xc0\0\2\7" in (await forwarder.ask(question)).body
        if way != "keeps no-tcp":
            assert names(server)[-1] == NAME
        assert server.tcp == (way == "lowers")
        assert cookies_of(server)[-1] == []

    run(way, work)


def test_it_forgives_an_upstream_that_was_changed():
    async def work(server, forwarder, question):
        for _ in range(2):
            await forwarder.ask(question)
        server.way = "lowers"
        with contextlib.suppress(UpstreamSilent):
            await forwarder.ask(question)
        assert b"\xc0\0\2\7" in (await forwarder.ask(question)).body

    run("keeps cookies", work)


def test_hanging_questions_do_not_take_the_guard_down():
    async def work(server, forwarder, question):
        for _ in range(3):
            await forwarder.ask(question)
        server.way, way = "keeps drops cookies", server.way
        for _ in range(2):
            with contextlib.suppress(UpstreamSilent):
                await forwarder.ask(question)
        server.way = way
        server.seen.clear()
        for _ in range(4):
            await forwarder.ask(question)
        assert all(map(cookies_of(server).__getitem__, range(4)))
        assert len(set(names(server))) > 1

    run("keeps cookies", work)
