"""More questions than can be answered: memory stays bounded, and later ones are answered again."""

import asyncio
import socket

import dns.message
import pytest

from lachan.edge.dns import udp
from lachan.edge.dns.asker import Policies
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import question_parse

pytestmark = pytest.mark.own_loop
QUERY = dns.message.make_query("slow.test", "A").to_wire()


class Waiting:
    """A responder all of whose questions wait for upstream, until it is let go."""

    def __init__(self):
        self.free = asyncio.Event()

    def at_once(self, packet, asker):
        if packet == b"odd":
            raise ValueError("what nobody thought of")
        return question_parse(packet)

    async def forward(self, question, asker):
        await self.free.wait()
        return b"answer"


@pytest.fixture
def sock():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def test_it_drops_batches_that_nobody_takes(monkeypatch, sock):
    monkeypatch.setattr(udp, "HANDED_LIMIT", 4)
    loop = asyncio.new_event_loop()
    responder = Waiting()
    lane = udp.SlowLane(loop, responder, Policies(Policy()))
    batch = [(QUERY, sock.getsockname())]
    for _ in range(50):
        lane.hand_over(sock, batch)
    responder.free.set()
    loop.run_until_complete(asyncio.sleep(0.05))
    lane.hand_over(sock, batch)
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()
    assert [sock.recv(100) for _ in range(5)] == [b"answer"] * 5
    sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        sock.recv(100)


def test_it_lets_so_many_wait_for_upstream_and_no_more(monkeypatch, sock):
    monkeypatch.setattr(udp, "WAITING_LIMIT", 3)

    async def flood():
        responder = Waiting()
        lane = udp.SlowLane(asyncio.get_running_loop(), responder, Policies(Policy()))
        lane.hand_over(sock, [(QUERY, sock.getsockname())] * 50)
        await asyncio.sleep(0.05)
        responder.free.set()
        await asyncio.sleep(0.05)
        lane.hand_over(sock, [(QUERY, sock.getsockname())])
        await asyncio.sleep(0.05)

    asyncio.run(flood())
    assert [sock.recv(100) for _ in range(4)] == [b"answer"] * 4
    sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        sock.recv(100)


def test_one_question_takes_no_other_of_its_batch_with_it(sock):
    loop = asyncio.new_event_loop()
    seen = []
    loop.set_exception_handler(lambda _, said: seen.append(said["exception"]))
    responder = Waiting()
    responder.free.set()
    lane = udp.SlowLane(loop, responder, Policies(Policy()))
    home = sock.getsockname()
    lane.hand_over(sock, [(QUERY, home), (b"odd", home), (QUERY, home)])
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()
    assert [sock.recv(100) for _ in range(2)] == [b"answer"] * 2
    assert [type(one) for one in seen] == [ValueError]
