"""Failures are remembered (RFC 9520): pure with a clock of its own, and by a responder that counts its questions."""

import asyncio
from types import SimpleNamespace

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.edge.dns import failures as failing
from lachan.edge.dns.asker import UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.failures import Failures
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.message import BadReply, reply_parse
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.tests.test_process import errors
from lachan.edge.dns.upstream import Forwarder, Upstream, query_encode
from lachan.formats.snapshot.reader import SnapshotReader

ONE, OTHER, THIRD = (Upstream("192.0.2.1", port) for port in (1, 2, 3))


class Clock:
    def __init__(self, monkeypatch):
        self.now = 1000.0
        for module in ("failures", "upstream"):
            stopped = SimpleNamespace(monotonic=lambda: self.now)
            monkeypatch.setattr(f"lachan.edge.dns.{module}.time", stopped)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


class Asking(Forwarder):
    """Upstreams that answer as they are told, without a network: a code, or an exception."""

    def __init__(self, **told):
        names = {"one": ONE, "other": OTHER, "third": THIRD}
        super().__init__([names[name] for name in told])
        self.told = {names[name]: what for name, what in told.items()}
        self.asked = []

    async def _ask_one(self, upstream, question):
        self.asked.append(upstream)
        await asyncio.sleep(0)
        told = self.told[upstream]
        if isinstance(told, type):
            raise told
        query = query_encode(question, edns=False)
        reply = dns.message.make_response(dns.message.from_wire(query))
        reply.set_rcode(told)
        if told == dns.rcode.NOERROR:
            name = reply.question[0].name
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.7"))
        return reply_parse(reply.to_wire(), query)


def responder_of(forwarder):
    cache = AnswerCache(1 << 16, compiled=False)
    layers = Layers(SnapshotReader("/nonexistent"))
    return Responder(layers, Policies(Policy()), cache, forwarder)


def ask(responder, *names, **more):
    """The replies to these names, all asked together."""

    async def all_of_them():
        queries = [dns.message.make_query(name, "A", use_edns=0, **more) for name in names]
        asker = Policies(Policy()).asker("192.0.2.1", UDP)
        waiting = [responder.answer(query.to_wire(), asker) for query in queries]
        return [dns.message.from_wire(reply) for reply in await asyncio.gather(*waiting)]

    return asyncio.run(all_of_them())


TOLD = [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP, dns.rcode.FORMERR]
SILENT = [TimeoutError, BadReply, ConnectionRefusedError, asyncio.IncompleteReadError]


@pytest.mark.own_loop
@pytest.mark.parametrize("code", TOLD)
def test_it_asks_once_for_five_who_get_a_failure(clock, code):
    forwarder = Asking(one=code)
    responder = responder_of(forwarder)
    for _ in range(4):
        assert ask(responder, "bad.example")[0].rcode() == code
        clock.now += 1.0
    reply = ask(responder, "BAD.example")[0]
    assert errors(reply) == [(13, None)]
    assert forwarder.asked == [ONE]


@pytest.mark.own_loop
@pytest.mark.parametrize("error", [*SILENT[:3], OSError])
def test_it_asks_once_for_five_whom_nobody_answers(clock, error):
    forwarder = Asking(one=error, other=error)
    responder = responder_of(forwarder)
    for _ in range(5):
        reply = ask(responder, "bad.example")[0]
        assert (reply.rcode(), errors(reply)) == (dns.rcode.SERVFAIL, [(22, "no upstream answers")])
        clock.now += 0.9
    assert forwarder.asked == [ONE, OTHER] * 2  # datagrams get lost: one question is tried again


@pytest.mark.own_loop
def test_it_asks_once_for_five_at_the_same_time(clock):
    forwarder = Asking(one=dns.rcode.SERVFAIL)
    replies = ask(responder_of(forwarder), *["bad.example"] * 5)
    assert {reply.rcode() for reply in replies} == {dns.rcode.SERVFAIL}
    assert forwarder.asked == [ONE]


@pytest.mark.own_loop
def test_it_asks_another_upstream_before_it_believes_a_failure(clock):
    forwarder = Asking(one=dns.rcode.SERVFAIL, other=dns.rcode.NOERROR)
    assert ask(responder_of(forwarder), "good.example")[0].answer
    assert forwarder.asked == [ONE, OTHER]
    forwarder = Asking(one=dns.rcode.REFUSED, other=dns.rcode.SERVFAIL, third=dns.rcode.NOERROR)
    assert ask(responder_of(forwarder), "bad.example")[0].rcode() == dns.rcode.REFUSED
    assert forwarder.asked == [ONE, OTHER]
    forwarder = Asking(one=TimeoutError, other=dns.rcode.SERVFAIL)
    assert ask(responder_of(forwarder), "bad.example")[0].rcode() == dns.rcode.SERVFAIL
    assert forwarder.asked == [ONE, OTHER, ONE]


@pytest.mark.own_loop
def test_a_failure_is_its_own_question_s_alone(clock):
    forwarder = Asking(one=dns.rcode.SERVFAIL)
    responder = responder_of(forwarder)
    ask(responder, "bad.example")
    ask(responder, "good.example")
    ask(responder, "bad.example", flags=dns.flags.RD | dns.flags.CD)  # asked without validation
    assert len(forwarder.asked) == 3


@pytest.mark.own_loop
def test_it_notices_what_is_mended(clock):
    forwarder = Asking(one=dns.rcode.SERVFAIL)
    responder = responder_of(forwarder)
    ask(responder, "bad.example")
    forwarder.told[ONE] = dns.rcode.NOERROR
    clock.now += failing.FIRST_SECONDS + 0.1
    assert ask(responder, "bad.example")[0].answer
    assert len(responder._failures) == 0


@pytest.mark.own_loop
def test_silence_is_over_when_an_upstream_speaks_again(clock):
    """Whatever the outage lasted, names asked during it wait a second and no more."""
    forwarder = Asking(one=TimeoutError)
    responder = responder_of(forwarder)
    for _ in range(6):
        ask(responder, "bad.example")
        clock.now += failing.MOST_SECONDS
    ask(responder, "bad.example")
    forwarder.told[ONE] = dns.rcode.NOERROR
    clock.now += 0.5
    assert ask(responder, "other.example")[0].answer
    assert not ask(responder, "bad.example")[0].answer
    clock.now += 0.6
    assert ask(responder, "bad.example")[0].answer


@pytest.mark.own_loop
def test_it_gives_a_stale_answer_rather_than_a_failure(clock):
    for what in (*TOLD, *SILENT[:3]):
        forwarder = Asking(one=dns.rcode.NOERROR)
        responder = responder_of(forwarder)
        ask(responder, "good.example")
        for kept in responder._cache._kept.values():
            kept.stored -= 100
        forwarder.told[ONE] = what
        for _ in range(5):
            reply = ask(responder, "good.example")[0]
            assert reply.answer[0][0].address == "192.0.2.7"
            assert errors(reply)[0][0] == 3
        assert len(forwarder.asked) <= 3


@given(st.lists(st.tuples(st.floats(0, 400), st.booleans(), st.booleans()), max_size=60))
def test_it_holds_a_failure_for_a_second_at_least_and_five_minutes_at_most(steps):
    query = dns.message.make_query("bad.example", "A").to_wire()
    told = reply_parse(query[:2] + b"\x81\x82" + query[4:], query)
    with pytest.MonkeyPatch.context() as patch:
        clock, failures, back = Clock(patch), Failures(), 0.0
        for wait, silent, speaks in steps:
            failures.put(b"key", None if silent else told, back)
            if speaks:
                back = clock.now + 0.01
            began = clock.now
            for later in (0.02, 0.99):
                clock.now = began + later
                assert failures.get(b"key", back) is not None
            clock.now = began + (1.01 if silent and speaks else 300)
            assert failures.get(b"key", back) is None
            clock.now = began + wait


def test_it_remembers_so_many_and_no_more(monkeypatch):
    monkeypatch.setattr(failing, "LIMIT", 100)
    failures = Failures()
    for number in range(1000):
        failures.put(b"%d" % number, None, 0.0)
    assert len(failures) == 100
    assert failures.get(b"999", 0.0) is not None
    assert failures.get(b"0", 0.0) is None


def test_it_waits_longer_for_what_goes_on_failing(clock):
    failures, waits = Failures(), []
    for _ in range(5):
        failures.put(b"key", None, 0.0)
        failure = failures.get(b"key", 0.0)
        waits.append(failure.seconds)
        clock.now += failure.seconds + 0.1
    assert waits == [5, 10, 20, 30, 30]
    clock.now += 60
    failures.put(b"key", None, 0.0)
    assert failures.get(b"key", 0.0).seconds == 5
