"""The compiled path and the plain one, held together byte for byte on the same packets and state, for askers of
several policies in one batch.
"""

import asyncio
import socket
import time

import dns.edns
import dns.message
import dns.rrset
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.edge.dns.asker import HTTPS, TCP, TLS, UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.fast_path import StreamPath
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.layout import C_BLOCKED, C_CACHED, STRIDE
from lachan.edge.dns.message import reply_parse
from lachan.edge.dns.mmsg import Frames, mmsg_available
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import Question, question_parse
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.upstream import Forwarder
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

pytestmark = pytest.mark.skipif(not mmsg_available(), reason="the compiled path needs Linux")

FORWARD = frozenset({"test", "1.10.in-addr.arpa"})
CANARIES = frozenset({"firefox", "icloud"})
POLICIES = [
    Policy(appeal="https://lachan.test/appeal", forward=FORWARD),
    Policy(answer="null", ttl=60, ede=17, forward=FORWARD, canaries=CANARIES),
    Policy(
        answer="page",
        page_ipv4=("192.0.2.80", "192.0.2.81"),
        categories=frozenset({"contract.scam"}),
        forward=FORWARD,
    ),
    Policy(forward=FORWARD, overlays=frozenset({"own"}), ede=17, appeal="ask at home"),
    Policy(
        forward=FORWARD,
        canaries=CANARIES,
        categories=frozenset({"contract.gambling"}),
        overlays=frozenset({"own", "help"}),
    ),
]
NAMES = [
    "bad.test",
    "www.bad.test",
    "good.bad.test",
    "only.test",
    "a.only.test",
    "late.test",
    "test",
]
NAMES += [
    "warn.test",
    "play.test",
    "x.play.test",
    "new.test",
    "gone.test",
    "kept.test",
    "alias.test",
]
NAMES += ["led.test", "far.test", "deny.test", "a.deny.test", "lift.test", "help.test"]
NAMES += ["localhost", "x.onion", "_dns.resolver.arpa", "1.0.0.10.in-addr.arpa"]
NAMES += ["use-application-dns.net", "mask.icloud.com", "2.1.10.in-addr.arpa"]
KINDS = [1, 28, 16, 65, 255, 0, 41, 252]


def of(name, **more):
    return Verdict(kind="domain", value=name, **{"categories": ("scam",), "sequence": 1, **more})


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(hot path, function: the plain reply to a row's asker) over a ledger with a base and a delta, two overlays,
    and kept answers.
    """
    from lachan.edge.dns.fast_path import FastPath

    folder = tmp_path_factory.mktemp("world")
    base = [of("bad.test"), of("only.test", exact=True), of("gone.test"), of("help.test")]
    base += [of("late.test", valid_until=5), of("warn.test", action="warn")]
    base += [of("deep.lift.test"), of("play.test", categories=("gambling",))]
    own = [of("deny.test", categories=()), of("lift.test", action="allow"), of("help.test")]
    own += [of("led.test", action="allow")]
    with (
        SnapshotWriter(folder / "ledger") as writer,
        SnapshotWriter(folder / "own") as overlay,
        SnapshotWriter(folder / "help") as helping,
    ):
        writer.rebuild(base, 3)
        writer.put("domain", "new.test", of("new.test", valid_until=4_000_000_000))
        writer.put("domain", "good.bad.test", of("good.bad.test", action="allow"))
        writer.remove("domain", "gone.test")
        writer.commit(11)
        overlay.rebuild(own, 1)
        overlay.put("domain", "kept.test", of("kept.test"))
        helping.rebuild([of("help.test", action="allow")], 1)

        def layers():
            names = ("help", "own")
            overlays = [(name, SnapshotReader(folder / name)) for name in names]
            return Layers(SnapshotReader(folder / "ledger"), overlays)

        cache = AnswerCache(1 << 20, compiled=True)
        cache.compiled.ready = True
        policies = Policies(*POLICIES)
        responder = Responder(layers(), policies, cache, Forwarder([]))

        def plain(packet, row, way=None):
            asker = policies.asker("192.0.2.1", way or connection(row))
            return responder.at_once(packet, asker)

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            hot = FastPath(Frames(sock), layers(), policies, cache.compiled)
            keep(plain, cache)
            yield hot, plain


def connection(row):
    return msgspec.structs.replace(UDP, row=row)


KEPT = {
    ("kept.test", "A"): [],
    ("good.bad.test", "A"): [],
    ("deep.lift.test", "A"): [],
    ("help.test", "A"): [],
    ("kept.test", "TXT"): [],
    ("alias.test", "A"): [("alias.test.", "CNAME", "kept.test.")],
    ("led.test", "A"): [("led.test.", "CNAME", "x.play.test.")],
    ("led.test", "HTTPS"): [("led.test.", "HTTPS", "1 x.play.test.")],
    ("far.test", "A"): [
        ("far.test.", "CNAME", "lift.test."),
        ("lift.test.", "CNAME", "a.deny.test."),
        ("a.deny.test.", "CNAME", "x.play.test."),
    ],
}


def keep(plain, cache):
    for (name, kind), leading in KEPT.items():
        query = dns.message.make_query(name, kind, use_edns=0)
        reply = dns.message.make_response(query)
        for owner, link, text in leading:
            reply.answer.append(dns.rrset.from_text(owner, 200, "IN", link, text))
        if kind != "HTTPS":
            owner = leading[-1][2] if leading else f"{name}."
            text = "192.0.2.7" if kind == "A" else " ".join(['"' + "t" * 200 + '"'] * 3)
            reply.answer.append(dns.rrset.from_text(owner, 300, "IN", kind, text))
        cache.put(question_parse(query.to_wire()), reply_parse(reply.to_wire(), query.to_wire()))
        for row in range(len(POLICIES)):
            plain(query.to_wire(), row)


def ask_compiled(hot, packets, rows):
    """What the compiled path replies to each packet, asked by its row's asker; None where it leaves it over."""
    for number, (packet, row) in enumerate(zip(packets, rows, strict=True)):
        hot.rows[number] = row
        raw = memoryview(hot.frames.frames)[number * STRIDE :]
        raw[: len(packet)] = packet
        hot.frames.received[number, 6] = 0
        hot.frames.received[number, 7] = len(packet)
    replies, left = hot.answer(len(packets))
    found = [None] * len(packets)
    numbers = [number for number in range(len(packets)) if number not in left]
    assert len(numbers) == replies
    base = hot.frames.frames.ctypes.data
    for row, number in enumerate(numbers):
        place, size = int(hot.frames.pieces[row, 0]) - base, int(hot.frames.pieces[row, 1])
        assert place == number * STRIDE
        found[number] = hot.frames.frames[place : place + size].tobytes()
    return found


def wire(name):
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


@st.composite
def queries(draw):
    chosen = draw(st.sampled_from(NAMES))
    name = "".join(draw(st.sampled_from([letter, letter.upper()])) for letter in chosen)
    flags = draw(st.sampled_from([0x0100, 0x0110, 0x0120, 0x0000, 0x8100, 0x2900, 0x0300]))
    packet = bytes((7, 9)) + flags.to_bytes(2, "big")
    edns = draw(st.sampled_from(["none", "plain", "dnssec", "large", "tiny", "version", "option"]))
    extras = int(edns != "none")
    packet += bytes((0, 1, 0, 0, 0, 0, 0, extras)) + wire(name)
    packet += draw(st.sampled_from(KINDS)).to_bytes(2, "big")
    packet += draw(st.sampled_from([b"\0\1"] * 5 + [b"\0\3", b"\0\xff"]))
    payload = {"large": 4096, "tiny": 100}.get(edns, 1232)
    option = b"\0\x0a\0\x08cookie!!" if edns == "option" else b""
    if extras:
        packet += b"\0\0\x29" + payload.to_bytes(2, "big") + bytes((0, int(edns == "version")))
        packet += (
            (b"\x80\0" if edns == "dnssec" else b"\0\0") + len(option).to_bytes(2, "big") + option
        )
    return packet


@st.composite
def damaged(draw):
    packet = bytearray(draw(queries()))
    for _ in range(draw(st.integers(0, 3))):
        packet[draw(st.integers(0, len(packet) - 1))] = draw(st.integers(0, 255))
    return bytes(packet[: draw(st.integers(0, len(packet)))] + draw(st.binary(max_size=3)))


ROWS = st.integers(0, len(POLICIES) - 1)


@given(
    st.lists(
        st.tuples(st.one_of(queries(), damaged(), st.binary(max_size=60)), ROWS),
        min_size=1,
        max_size=64,
    )
)
@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_answers_alike_compiled_and_plain(world, asked):
    hot, plain = world
    while int(time.time() * 10) % 10 == 9:
        time.sleep(0.02)  # both must see the same second
    packets, rows = zip(*asked, strict=True)
    for packet, row, fast in zip(packets, rows, ask_compiled(hot, packets, rows), strict=True):
        if fast is not None:
            assert fast == plain(packet, row), (packet, row)


@pytest.mark.parametrize("row", range(3))
def test_it_answers_the_plain_ones_compiled(world, row):
    hot, plain = world
    names = ["bad.test", "www.bad.test", "kept.test", "alias.test", "good.bad.test", "new.test"]
    packets = [dns.message.make_query(name, "A", use_edns=0).to_wire() for name in names]
    before = hot.counts.copy()
    assert None not in ask_compiled(hot, packets, [row] * len(packets))
    assert (hot.counts - before)[C_BLOCKED] == 3
    assert (hot.counts - before)[C_CACHED] == 3
    assert all(isinstance(plain(packet, row), bytes) for packet in packets)


BLOCKED, FREE, LEFT = "blocked", "free", "left over"


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("kept.test", "A", [FREE, FREE, FREE, BLOCKED, BLOCKED]),
        ("alias.test", "A", [FREE, FREE, FREE, LEFT, LEFT]),
        ("led.test", "A", [LEFT, LEFT, FREE, FREE, FREE]),
        ("led.test", "HTTPS", [LEFT, LEFT, FREE, FREE, FREE]),
        ("far.test", "A", [LEFT, LEFT, FREE, FREE, FREE]),
        ("a.deny.test", "A", [LEFT, LEFT, LEFT, BLOCKED, BLOCKED]),
        ("deep.lift.test", "A", [BLOCKED, BLOCKED, BLOCKED, FREE, FREE]),
        ("help.test", "A", [BLOCKED, BLOCKED, BLOCKED, BLOCKED, FREE]),
        ("x.play.test", "A", [BLOCKED, BLOCKED, LEFT, BLOCKED, BLOCKED]),
        ("bad.test", "A", [BLOCKED, BLOCKED, BLOCKED, BLOCKED, LEFT]),
    ],
)
def test_it_tells_each_row_its_own(world, name, kind, told):
    """One batch, every policy beside every other: what leads to a blocked name is left to the plain path."""
    hot, _ = world
    packet = dns.message.make_query(name, kind, use_edns=0).to_wire()
    rows = [number % len(POLICIES) for number in range(60)]
    for row, reply in zip(rows, ask_compiled(hot, [packet] * 60, rows), strict=True):
        assert _what(reply) == told[row], (row, reply)


def _what(reply):
    if reply is None:
        return LEFT
    sections = dns.message.from_wire(reply)
    errors = [one for one in sections.options if one.otype == dns.edns.EDE]
    return BLOCKED if errors else FREE


def test_it_leaves_over_what_needs_thought(world):
    hot, plain = world
    packet = dns.message.make_query("unknown.test", "A").to_wire()
    assert ask_compiled(hot, [packet], [0]) == [None]
    assert isinstance(plain(packet, 0), Question)


def test_it_leaves_over_a_row_that_is_not_there(world):
    hot, _ = world
    packet = dns.message.make_query("bad.test", "A").to_wire()
    for row in (len(POLICIES), 10_000, -1):
        assert ask_compiled(hot, [packet], [row]) == [None]


@pytest.mark.own_loop
def test_it_bounds_what_it_keeps():
    size = 1 << 20
    cache = AnswerCache(size, compiled=True)
    cache.compiled.ready = True
    policy = Policy(forward=FORWARD)
    policies, layers = Policies(policy), Layers(SnapshotReader("/nonexistent"))
    responder, asker = Responder(layers, policies, cache, Forwarder([])), policies.asker("", UDP)
    for number in range(6000):
        query = dns.message.make_query(f"n{number}.test", "TXT").to_wire()
        reply = bytearray(
            query[:12] + query[12:] + b"\xc0\x0c\0\x10\0\1\0\0\1\0\0\xc9\xc8" + b"x" * 200
        )
        reply[2] |= 0x80
        reply[7] = 1
        cache.put(question_parse(query), reply_parse(bytes(reply), query))
        assert isinstance(responder.at_once(query, asker), bytes)
    assert len(cache) < 2000
    assert cache.compiled.view[1].nbytes <= size
    assert isinstance(asyncio.run(responder.answer(query, asker)), bytes)


PADDED = b"\0\x0c\0\x05\0\0\0\0\0"


@st.composite
def stream_queries(draw):
    """Some ask for padding, before or after another option, or with its length cut."""
    packet = draw(queries())
    if packet[11] and packet[-1] == 0 and draw(st.booleans()):
        option = draw(
            st.sampled_from(
                [PADDED, b"\0\x0a\0\x02ab" + PADDED, PADDED + b"\0\x0a\0\x02ab", PADDED[:3]]
            )
        )
        packet = packet[:-2] + len(option).to_bytes(2, "big") + option
    return packet


@given(
    st.lists(st.one_of(stream_queries(), damaged(), st.binary(max_size=60)), max_size=80),
    ROWS,
    st.sampled_from([TCP, TLS, HTTPS]),
    st.binary(max_size=20),
)
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_streams_are_answered_alike_compiled_and_plain(world, packets, row, way, rest):
    hot, plain = world
    while int(time.time() * 10) % 10 == 9:
        time.sleep(0.02)  # both must see the same second
    path = StreamPath(hot._layers, hot._policies, hot._cache)
    framed = b"".join(len(one).to_bytes(2, "big") + one for one in packets)
    rest = (len(rest) + 1).to_bytes(2, "big") + rest
    found = path.answer(framed + rest, row, way.block)
    assert (found.used, found.asked) == (len(framed), len(packets))
    replies, at, place = found.replies, 0, 2
    left = {tuple(one) for one in found.left}
    for packet in packets:
        if (place, len(packet)) not in left:
            end = at + 2 + int.from_bytes(replies[at : at + 2], "big")
            whole = plain(packet, row, msgspec.structs.replace(way, row=row))
            assert replies[at + 2 : end] == whole, (packet, row)
            at = end
        place += 2 + len(packet)
    assert at == len(replies)


@pytest.mark.parametrize("way", [TLS, HTTPS, TCP])
def test_replies_are_padded_for_who_asks_for_it(world, way):
    _, plain = world
    connection = msgspec.structs.replace(way, row=0)
    for name in ("bad.test", "kept.test", "localhost", "x.onion"):
        asked = dns.message.make_query(name, "A", use_edns=0, pad=128).to_wire()
        assert len(plain(asked, 0, connection)) % 468 == 0 or way is TCP
        asked = dns.message.make_query(name, "A", use_edns=0).to_wire()
        assert len(plain(asked, 0, connection)) < 300


def test_a_stream_is_answered_piece_by_piece_where_it_is_much(world):
    hot, _ = world
    path = StreamPath(hot._layers, hot._policies, hot._cache)
    packet = dns.message.make_query("kept.test", "TXT", use_edns=0, pad=128).to_wire()
    framed = (len(packet).to_bytes(2, "big") + packet) * 1000
    at, replies = 0, 0
    while at < len(framed):
        found = path.answer(framed[at:], 0, 468)
        assert found.left == []
        assert 0 < found.asked < 1000
        at, replies = at + found.used, replies + found.asked
    assert (at, replies) == (len(framed), 1000)
    odd = (b"\0\5abcde") * 1000
    found = path.answer(odd, 0, 468)
    assert (len(found.left), found.used) == (256, 256 * 7)
