"""Families' and schools' profiles at the edge: the compiled path and the plain one held together, and each profile apart
from every other.
"""

import asyncio
import datetime as dt
import ipaddress
import socket
import struct
import time
from unittest import mock

import dns.edns
import dns.message
import dns.rcode
import dns.rrset
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.edge.dns import known as known_names
from lachan.edge.dns import restricted
from lachan.edge.dns.asker import UDP, Policies
from lachan.edge.dns.cache import AnswerCache
from lachan.edge.dns.known import known_build, known_reader
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.layout import STRIDE
from lachan.edge.dns.local import name_wire
from lachan.edge.dns.message import reply_parse
from lachan.edge.dns.mmsg import NAME_SIZE, Frames, mmsg_available
from lachan.edge.dns.policy import BLOCK, SAFE_SEARCH, Policy
from lachan.edge.dns.profiles import Profiles
from lachan.edge.dns.question import Question, question_parse
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.upstream import Forwarder, query_encode
from lachan.formats.profiles.keys import own_key, way_key
from lachan.formats.profiles.records import DAY_KINDS, OwnName, Profile, RuleSet, Segment, Week
from lachan.formats.profiles.table import ProfileWriter
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

KEY = bytes(range(16))
NOW = int(time.time())
FORWARD = frozenset({"test"})
BASES = [
    Policy(forward=FORWARD, appeal="at the office"),
    Policy(forward=FORWARD, answer="page", page_ipv4=("192.0.2.80",), overlays=frozenset({"own"})),
]
LISTED = {
    "scam.test": "contract.scam",
    "bet.test": "contract.gambling",
    "help.test": "contract.scam",
    "trap.game.test": "contract.scam",
}
KNOWN = {
    "help.test": ("allow", ("never:help",)),
    "care.test": ("allow", ("never:care",)),
    "game.test": ("block", ("service:game", "service:games")),
    "vpn.test": ("block", ("way-round:vpn",)),
    "search.test": ("warn", (SAFE_SEARCH,)),
    "video.test": ("block", ("service:video", SAFE_SEARCH)),
    "signal.test": ("block", ("way-round:canary",)),
}
TARGETS = {"search.test": "strict.test", "video.test": "strict.test"}
NAMES = [*LISTED, *KNOWN, "www.game.test", "a.care.test", "over.test", "free.test", "strict.test"]
NAMES += ["led.test", "www.scam.test", "a.signal.test", "asked.test"]
ALIASES = {
    "led.test": "game.test",
    "asked.test": "signal.test",
    "free.test": "scam.test",
    "a.care.test": "bet.test",
}
NETWORKS = ["192.0.2.0/28", "192.0.2.0/30", "192.0.2.16/28", "2001:db8::/64", "192.0.2.33/32"]
PEERS = ["192.0.2.1", "192.0.2.5", "192.0.2.20", "192.0.2.33", "198.51.100.1", "2001:db8::5"]
THEN = st.sampled_from([None, True, False])
RULES = st.builds(
    RuleSet,
    everything=st.sampled_from([False, False, True]),
    categories=st.frozensets(st.sampled_from(["contract", "contract.scam", "contract.gambling"])),
    services=st.frozensets(st.sampled_from(["game", "games", "video"]), max_size=2),
    open_services=st.frozensets(st.sampled_from(["game", "video"]), max_size=1),
    safe_search=st.booleans(),
    ways_round=st.booleans(),
    why=st.sampled_from(["rules", "rules", "schedule", "bedtime", "pause"]),
)


def week(rules, other):
    day = (rules,) * 40 + (other,) * 56
    return Week({(i, j): day for i in range(DAY_KINDS) for j in range(DAY_KINDS)})


@st.composite
def profiles(draw, number):
    ends = st.sampled_from([0, NOW + 90_000, NOW - 5])
    own = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    segments = ()
    if draw(st.booleans()):
        segments = (Segment(NOW - 60, NOW + 3_600, draw(RULES)),)
    return Profile(
        number=number,
        ways=tuple(
            way_key(KEY, "network", one)
            for one in draw(st.lists(st.sampled_from(NETWORKS), max_size=2))
        ),
        week=week(draw(RULES), draw(RULES)),
        segments=segments,
        own=tuple(
            OwnName(
                own_key(KEY, number, name_wire(name)), draw(st.booleans()), draw(ends), draw(THEN)
            )
            for name in own
        ),
    )


def of(name, *categories, action="block"):
    return Verdict(kind="domain", value=name, categories=categories, action=action, sequence=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(home, its writer of profiles, function: layers)"""
    home = tmp_path_factory.mktemp("profiles")
    with (
        SnapshotWriter(home / "snapshots") as ledger,
        SnapshotWriter(home / "own") as own,
        SnapshotWriter(home / "known") as known,
        ProfileWriter(home / "profiles", KEY) as writer,
        pytest.MonkeyPatch.context() as patch,
    ):
        targets = {name_wire(name): name_wire(target) for name, target in TARGETS.items()}
        patch.setattr(restricted, "safe_targets", lambda: targets)
        patch.setattr(known_names, "signals", lambda: frozenset({name_wire("signal.test")}))
        ledger.rebuild([of(name, category) for name, category in LISTED.items()], 3)
        own.rebuild([of("over.test")], 1)
        for name, (action, categories) in KNOWN.items():
            known.put("domain", name, of(name, *categories, action=action))

        def layers(family):
            return Layers(
                SnapshotReader(home / "snapshots"),
                [("own", SnapshotReader(home / "own"))],
                known=SnapshotReader(home / "known"),
                profiles=family,
            )

        yield home, writer, layers


class Saying(Forwarder):
    """Upstream: the same for whoever asks."""

    def __init__(self):
        super().__init__([])

    async def ask(self, question):
        await asyncio.sleep(0)
        return said(question)


def said(question):
    query = query_encode(question, edns=False)
    reply = dns.message.make_response(dns.message.from_wire(query))
    name = reply.question[0].name.to_text()[:-1].lower()
    if name in ALIASES and question.qtype in (1, 28):
        reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{ALIASES[name]}."))
        name = ALIASES[name]
    if question.qtype == 1:
        reply.answer.append(dns.rrset.from_text(f"{name}.", 300, "IN", "A", "198.51.100.7"))
    return reply_parse(reply.to_wire(), query)


def put_all(writer, households):
    writer.rebuild(households, {}, writer.sequence + 1)


def packet(name, kind="A", **more):
    return dns.message.make_query(name, kind, id=7, **{"use_edns": 0, **more}).to_wire()


def address(peer):
    if ":" in peer:
        return (
            struct.pack("=HHI", socket.AF_INET6, 0, 0)
            + ipaddress.ip_address(peer).packed
            + bytes(4)
        )
    return struct.pack("=HH", socket.AF_INET, 0) + ipaddress.ip_address(peer).packed


ASKED = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["A", "AAAA", "HTTPS"]),
    st.sampled_from(PEERS),
    st.booleans(),
)


@pytest.mark.skipif(not mmsg_available(), reason="the compiled path needs Linux")
@given(
    st.tuples(*(profiles(number) for number in range(1, 5))),
    st.lists(ASKED, min_size=1, max_size=64),
    st.integers(0, 1),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_answers_alike_compiled_and_plain(world, households, asked, row):
    from lachan.edge.dns.fast_path import FastPath

    home, writer, layers = world
    put_all(writer, households)
    family = Profiles(home)
    policies = Policies(*BASES, profiles=family)
    cache = AnswerCache(1 << 20, compiled=True)
    cache.compiled.ready = True
    responder = Responder(layers(family), policies, cache, Forwarder([]))
    connection = msgspec.structs.replace(UDP, row=row)
    for name in NAMES:  # what upstream said is known to both, and shown to the compiled path
        question = question_parse(packet(name))
        responder._compile(question, cache.put(question, said(question)))
    # Both must see the same second, however long the compiled path takes to load.
    moment = time.time()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        mock.patch.object(time, "time", return_value=moment),
    ):
        hot = FastPath(Frames(sock), layers(family), policies, cache.compiled, connection)
        packets = [packet(name, kind, want_dnssec=flag) for name, kind, _, flag in asked]
        peers = [peer for _, _, peer, _ in asked]
        found = ask_compiled(hot, packets, peers)
        plain = [
            responder.at_once(each, policies.asker(peer, connection))
            for each, peer in zip(packets, peers, strict=True)
        ]
        again = ask_compiled(hot, packets, peers)  # now it knows of ends
    for fast, faster, slow in zip(found, again, plain, strict=True):
        assert fast is None or fast == slow
        assert faster is None or faster == slow


def ask_compiled(hot, packets, peers):
    frames = hot.frames
    for at, (each, peer) in enumerate(zip(packets, peers, strict=True)):
        frames.frames[at * STRIDE : at * STRIDE + len(each)] = memoryview(each)
        raw = address(peer)
        frames._names[at * NAME_SIZE : at * NAME_SIZE + len(raw)] = memoryview(raw)
        frames.received[at, 6], frames.received[at, 7] = 0, len(each)
    replies, left = hot.answer(len(packets))
    found = [None] * len(packets)
    base = frames.frames.ctypes.data
    for at in range(replies):
        place, size = int(frames.pieces[at, 0]) - base, int(frames.pieces[at, 1])
        found[place // STRIDE] = frames.frames[place : place + size].tobytes()
    assert len(left) == found.count(None)
    return found


@pytest.mark.skipif(not mmsg_available(), reason="the compiled path needs Linux")
def test_it_answers_profiles_compiled(world):
    """By a network in a batch, by a device's address in a stream; what needs words of an end, or restricts a search, is
    left to the plain path.
    """
    from lachan.edge.dns.fast_path import FastPath, StreamPath

    home, writer, layers = world
    rules = RuleSet(
        services=frozenset({"game"}), categories=frozenset({"contract.gambling"}), safe_search=True
    )
    own = {"over.test": False, "bet.test": True, "video.test": True, "search.test": True}
    put_all(
        writer,
        [
            Profile(
                number=70_000,
                ways=(way_key(KEY, "network", NETWORKS[0]), way_key(KEY, "device", "kim-phone")),
                week=week(rules, rules),
                own=tuple(
                    OwnName(own_key(KEY, 70_000, name_wire(one)), allow)
                    for one, allow in own.items()
                ),
            )
        ],
    )
    family = Profiles(home)
    policies = Policies(*BASES, profiles=family)
    cache = AnswerCache(1 << 20, compiled=True)
    cache.compiled.ready = True
    responder = Responder(layers(family), policies, cache, Forwarder([]))
    names = [
        "game.test",
        "over.test",
        "bet.test",
        "scam.test",
        "led.test",
        "strict.test",
        "search.test",
        "video.test",
    ]
    for name in names:
        question = question_parse(packet(name))
        responder._compile(question, cache.put(question, said(question)))
    packets = [packet(name) for name in names]
    told = [True, True, False, False, None, False, None, None]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        hot = FastPath(Frames(sock), layers(family), policies, cache.compiled)
        assert [_closed(one) for one in ask_compiled(hot, packets, [PEERS[0]] * 8)] == told
        nobody = [False, False, True, True, False, False, False, False]
        assert [_closed(one) for one in ask_compiled(hot, packets, ["198.51.100.9"] * 8)] == nobody
        writer.remove(70_000)
        assert [_closed(one) for one in ask_compiled(hot, packets, [PEERS[0]] * 8)] == nobody
    put_all(
        writer,
        [Profile(number=9, ways=(way_key(KEY, "device", "kim-phone"),), week=week(rules, rules))],
    )
    family.reader.refresh()
    stream = StreamPath(layers(family), policies, cache.compiled)
    row = policies.row_of("198.51.100.9", msgspec.structs.replace(UDP, token=b"kim-phone"))
    framed = b"".join(struct.pack(">H", len(one)) + one for one in packets)
    found = stream.answer(framed, row, 0)
    assert found.asked == 8
    assert len(found.left) == 3
    writer.remove(9)
    assert len(stream.answer(framed, row, 0).left) == 0


def test_it_opens_a_service_while_everything_else_is_closed_and_no_list_s_name_with_it(world):
    home, writer, layers = world
    lesson = RuleSet(
        everything=True,
        categories=frozenset({"contract.scam"}),
        open_services=frozenset({"game"}),
        why="schedule",
    )
    way = way_key(KEY, "network", NETWORKS[0])
    put_all(writer, [Profile(number=3, ways=(way,), week=week(lesson, lesson))])
    family = Profiles(home)
    asker = Policies(BASES[0], profiles=family).asker(PEERS[0], UDP)

    stack = layers(family)
    effects = {
        name: stack.decide(asker.policy, name_wire(name), asker.held)[0]
        for name in (*NAMES, "school.test")
    }
    assert {name for name, effect in effects.items() if effect != BLOCK} == {
        "game.test", "www.game.test", "help.test", "care.test", "a.care.test",
    }  # fmt: skip


@pytest.mark.skipif(not mmsg_available(), reason="the compiled path needs Linux")
def test_it_answers_bedtime_compiled_once_its_end_is_known(world):
    from lachan.edge.dns.fast_path import FastPath

    home, writer, layers = world
    rules, free = RuleSet(everything=True, why="bedtime"), RuleSet()
    household = Profile(
        number=5,
        ways=(way_key(KEY, "network", NETWORKS[0]),),
        week=week(free, free),
        segments=(Segment(NOW - 60, NOW + 3_600, rules),),
    )
    put_all(writer, [household])
    family = Profiles(home)
    policies = Policies(*BASES, profiles=family)
    cache = AnswerCache(1 << 20, compiled=True)
    responder = Responder(layers(family), policies, cache, Forwarder([]))
    packets, peers = [packet("free.test"), packet("help.test")], [PEERS[0]] * 2
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        hot = FastPath(Frames(sock), layers(family), policies, cache.compiled)
        assert ask_compiled(hot, packets, peers) == [None, None]
        plain = responder.at_once(packets[0], policies.asker(PEERS[0], UDP))
        assert ask_compiled(hot, packets, peers) == [plain, None]
        writer.put(msgspec.structs.replace(household, segments=()))
        assert ask_compiled(hot, packets, peers) == [None, None]
        assert isinstance(responder.at_once(packets[0], policies.asker(PEERS[0], UDP)), Question)


def _closed(reply):
    return None if reply is None else bool(dns.message.from_wire(reply).options)


@pytest.mark.parametrize("answer", ["nxdomain", "null", "page"])
@pytest.mark.parametrize(
    "said",
    [
        {"rules": RuleSet(ways_round=True)},
        {"rules": RuleSet(everything=True, why="pause")},
        {"rules": RuleSet(), "own": ["signal.test"]},
    ],
    ids=["ways-round", "pause", "own"],
)
def test_a_blocked_signal_does_not_exist_however_others_are_answered(world, answer, said):
    """An address, even 0.0.0.0, tells a browser that it may ask elsewhere."""
    home, writer, layers = world
    own = tuple(OwnName(own_key(KEY, 5, name_wire(one)), False) for one in said.get("own", []))
    ways = (way_key(KEY, "network", NETWORKS[0]),)
    rules = said["rules"]
    put_all(writer, [Profile(number=5, ways=ways, week=week(rules, rules), own=own)])
    base = Policy(answer=answer, page_ipv4=("192.0.2.80",), forward=FORWARD)
    policies = Policies(base, profiles=Profiles(home))
    responder = Responder(
        layers(policies.profiles), policies, AnswerCache(1 << 20, compiled=False), Forwarder([])
    )
    for name in ("signal.test", "a.signal.test", "SIGNAL.test"):
        for kind in ("A", "AAAA", "HTTPS"):
            told = dns.message.from_wire(
                responder.at_once(packet(name, kind), policies.asker(PEERS[0], UDP))
            )
            assert (told.rcode(), told.answer) == (dns.rcode.NXDOMAIN, []), (name, kind)
            assert told.authority


@pytest.mark.own_loop
@given(
    st.tuples(*(profiles(number) for number in range(1, 4))),
    st.lists(ASKED, min_size=1, max_size=30),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_profile_is_answered_what_another_is(world, households, asked):
    """Everybody together, at one edge, as each at an edge of his own."""
    home, writer, layers = world
    put_all(writer, households)

    async def replies(questions):
        family = Profiles(home)
        policies = Policies(*BASES, profiles=family)
        responder = Responder(
            layers(family), policies, AnswerCache(1 << 20, compiled=False), Saying()
        )
        return [
            await responder.answer(packet(name, kind), policies.asker(peer, UDP))
            for name, kind, peer, _ in questions
        ]

    while int(time.time() * 10) % 10 == 9:
        time.sleep(0.02)
    together = asyncio.run(replies(asked))
    for peer in {peer for _, _, peer, _ in asked}:
        own = [each for each in asked if each[2] == peer]
        given_ = [reply for reply, each in zip(together, asked, strict=True) if each[2] == peer]
        assert [_plain(one) for one in given_] == [_plain(one) for one in asyncio.run(replies(own))]


def _plain(reply):
    message = dns.message.from_wire(reply)
    for rrset in (*message.answer, *message.authority):
        rrset.ttl = 0
    return message.to_text(), [option.to_text() for option in message.options]


ALLOWED, CLOSED = "allowed", "closed"


@pytest.mark.own_loop
@pytest.mark.parametrize(
    ("rules", "own", "name", "told"),
    [
        (RuleSet(), {}, "scam.test", ALLOWED),
        (
            RuleSet(categories=frozenset({"contract.scam"})),
            {},
            "www.scam.test",
            "contract.scam; appeal: at the office",
        ),
        (RuleSet(categories=frozenset({"contract.scam"})), {}, "bet.test", ALLOWED),
        (RuleSet(categories=frozenset({"contract"})), {"bet.test": True}, "bet.test", ALLOWED),
        (RuleSet(), {"free.test": False}, "free.test", "own"),
        (RuleSet(services=frozenset({"games"})), {}, "www.game.test", "service:game"),
        (RuleSet(services=frozenset({"game"})), {}, "led.test", "service:game"),
        (RuleSet(services=frozenset({"game"})), {"game.test": True}, "led.test", ALLOWED),
        (RuleSet(ways_round=True), {}, "vpn.test", "way-round:vpn"),
        (RuleSet(everything=True, why="bedtime"), {}, "strict.test", "bedtime; until "),
        (RuleSet(everything=True, why="bedtime"), {"strict.test": True}, "strict.test", ALLOWED),
        (
            RuleSet(everything=True, why="pause"),
            {"strict.test": True},
            "strict.test",
            "pause; until ",
        ),
        (RuleSet(everything=True, why="pause"), {"help.test": False}, "help.test", ALLOWED),
        (RuleSet(everything=True), {"care.test": False}, "a.care.test", "own"),
        (RuleSet(everything=True, why="pause"), {}, "care.test", ALLOWED),
        (
            RuleSet(services=frozenset({"game"}), why="schedule"),
            {},
            "game.test",
            "service:game, schedule; until ",
        ),
    ],
)
def test_each_rule_is_answered_in_its_order(world, rules, own, name, told):
    home, writer, layers = world
    put_all(
        writer,
        [
            Profile(
                number=3,
                ways=(way_key(KEY, "device", "kim-phone"),),
                week=week(RuleSet(), RuleSet()),
                segments=(Segment(NOW - 60, NOW + 3_600, rules),),
                own=tuple(
                    OwnName(own_key(KEY, 3, name_wire(one)), allow) for one, allow in own.items()
                ),
            )
        ],
    )
    family = Profiles(home)
    policies = Policies(*BASES, profiles=family)
    responder = Responder(layers(family), policies, AnswerCache(1 << 20, compiled=False), Saying())

    def ask(token):
        connection = msgspec.structs.replace(UDP, token=token)
        asker = policies.asker("198.51.100.1", connection)
        return dns.message.from_wire(asyncio.run(responder.answer(packet(name), asker)))

    reply = ask(b"Kim-Phone")
    errors = [one for one in reply.options if one.otype == dns.edns.EDE]
    if told == ALLOWED:
        assert not errors
        assert reply.rcode() == dns.rcode.NOERROR
    else:
        assert errors[0].code == 17
        assert errors[0].text.startswith(told)
        moment = dt.datetime.fromtimestamp(NOW + 3_600, dt.UTC)
        assert told[-6:] != "until " or errors[0].text.endswith(f"{moment:%Y-%m-%dT%H:%MZ}")
    # Who is nobody's is answered by the edge's own policy: help stays reachable, lists stay in force.
    reply = ask(b"somebody-else")
    listed = name.removeprefix("www.") in LISTED or ALIASES.get(name) in LISTED
    reachable = name == "help.test" or name.endswith("care.test") or not listed
    assert reply.rcode() == (dns.rcode.NOERROR if reachable else dns.rcode.NXDOMAIN)


@pytest.mark.own_loop
def test_it_answers_search_in_its_restricted_mode(world):
    home, writer, layers = world
    rules = RuleSet(safe_search=True)
    way = way_key(KEY, "network", NETWORKS[0])
    put_all(writer, [Profile(number=1, ways=(way,), week=week(rules, rules))])
    family = Profiles(home)
    policies = Policies(*BASES, profiles=family)
    responder = Responder(layers(family), policies, AnswerCache(1 << 20, compiled=False), Saying())

    def ask(kind, peer):
        asker = policies.asker(peer, UDP)
        return dns.message.from_wire(
            asyncio.run(responder.answer(packet("Search.test", kind), asker))
        )

    for _ in range(2):  # asked, then kept
        reply = ask("A", PEERS[0])
        assert [
            rrset.to_text().split()[0:1] + rrset.to_text().split()[3:] for rrset in reply.answer
        ] == [
            ["Search.test.", "CNAME", "strict.test."],
            ["strict.test.", "A", "198.51.100.7"],
        ]
        assert [rrset.rdtype for rrset in ask("A", "198.51.100.1").answer] == [1]
    assert not ask("HTTPS", PEERS[0]).answer
    assert ask("HTTPS", PEERS[0]).authority
    assert isinstance(
        responder.at_once(packet("search.test", "AAAA"), policies.asker(PEERS[0], UDP)), Question
    )


def test_a_change_is_in_force_at_the_next_question(world):
    home, writer, layers = world
    way, free = way_key(KEY, "network", NETWORKS[0]), RuleSet()
    put_all(writer, [Profile(number=1, ways=(way,), week=week(free, free))])
    family = Profiles(home)
    policies = Policies(*BASES, profiles=family)
    responder = Responder(layers(family), policies, AnswerCache(1 << 20, compiled=False), Saying())

    def reply():
        return responder.at_once(packet("strict.test"), policies.asker(PEERS[0], UDP))

    assert isinstance(reply(), Question)
    paused = (Segment(0, NOW + 600, RuleSet(everything=True, why="pause")),)
    writer.put(Profile(number=1, ways=(way,), week=week(free, free), segments=paused))
    assert isinstance(reply(), bytes)
    writer.put(Profile(number=1, ways=(way,), week=week(free, free)))
    assert isinstance(reply(), Question)
    writer.remove(1)
    assert policies.asker(PEERS[0], UDP).held.number == 0


def test_the_known_names_become_a_layer():
    reader = known_reader()
    assert reader.check_domain("www.google.com") is None
    known_build(reader, ("shield.example",))
    found = reader.check_domain("shield.example")
    assert (found.action, found.categories) == ("allow", ("never:help",))
    assert SAFE_SEARCH in reader.check_domain("www.google.com").categories
