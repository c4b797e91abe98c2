"""What was blocked for a child's device: remembered for minutes, in memory, for that device's own page alone."""

import contextlib
import re
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import msgspec
import pytest

from lachan.edge.dns import blocked_names
from lachan.edge.dns.asker import TELLS, TLS, Asker, Policies
from lachan.edge.dns.blocked_names import BURST, EACH, KEPT_SECONDS, BlockedNames
from lachan.edge.dns.local import name_wire
from lachan.edge.dns.mmsg import mmsg_available
from lachan.edge.dns.policy import FAMILY, Policy
from lachan.edge.dns.profiles import Held, Profiles
from lachan.edge.dns.question import question_parse
from lachan.edge.dns.tests.edge import Edge
from lachan.edge.dns.tests.test_profiles import week
from lachan.edge.dns.tests.test_tls import HOST, connect, exchange
from lachan.edge.dns.tests.upstream import Upstream
from lachan.formats.known_names.loading import never_blocked
from lachan.formats.profiles import door
from lachan.formats.profiles.device_keys import DeviceKeyWriter
from lachan.formats.profiles.door import BlockedAsk, BlockedName, device_digest
from lachan.formats.profiles.keys import own_key, way_key
from lachan.formats.profiles.records import OwnName, Profile, RuleSet
from lachan.formats.profiles.table import ProfileWriter
from lachan.formats.snapshot.records import Verdict
from lachan.kernel.sealing.envelope import keypair_new, unseal
from lachan.kernel.sealing.errors import SealBroken

PAIR, OTHER = keypair_new(), keypair_new()


class Keys:
    """Profiles, of which only the devices' keys are asked."""

    def __init__(self, keys):
        self.keys = keys

    def device_key(self, token):
        return self.keys.get(token, "")


def question(name, kind="A"):
    return question_parse(dns.message.make_query(name, kind).to_wire())


def asker(token, number=7):
    connection = msgspec.structs.replace(TLS, token=token)
    return Asker("192.0.2.1", connection, Policy(), Held(number))


def verdict(value, *words, source=FAMILY, **more):
    return Verdict(kind="domain", value=value, categories=words or ("own",), source=source, **more)


def opened(names, token=b"phone", key=PAIR.private):
    """What the device's page would read."""
    told = names.answer(BlockedAsk(device_digest(token)))
    kept = sorted(told.kept, key=lambda one: one.at)
    return [msgspec.msgpack.decode(unseal(one.sealed, key=key), type=BlockedName) for one in kept]


@pytest.fixture
def clock(monkeypatch):
    moment = [1_000.0]
    monkeypatch.setattr(blocked_names.time, "monotonic", lambda: moment[0])
    return moment


def test_it_tells_a_device_which_rule_blocked_what_until_when(clock):
    names = BlockedNames(Keys({b"phone": PAIR.public}))
    names.see(question("www.game.test"), asker(b"phone"), verdict("game.test", "own"))
    clock[0] += 1
    listed = verdict("scam.test", "contract.scam", source="a list", indicator="u", valid_until=99)
    names.see(question("scam.test"), asker(b"phone"), listed)
    assert opened(names) == [
        BlockedName(name="www.game.test", rule="game.test", words=("own",), source=FAMILY, until=0),
        BlockedName(
            name="scam.test", rule="scam.test", words=("contract.scam",), source="a list",
            until=99, indicator="u",
        ),
    ]  # fmt: skip


def test_it_remembers_for_nobody_but_a_device_whose_page_was_opened(clock):
    names = BlockedNames(Keys({b"phone": PAIR.public, b"": PAIR.public}))
    said = verdict("game.test")
    names.see(question("game.test"), asker(b""), said)  # by a network, which several share
    names.see(question("game.test"), asker(b"phone", number=0), said)  # of a device taken out
    names.see(question("game.test"), asker(b"tablet"), said)  # whose page nobody opened
    for token in (b"", b"phone", b"tablet"):
        assert opened(names, token) == []


def test_it_is_sealed_to_the_device_alone(clock):
    names = BlockedNames(Keys({b"phone": PAIR.public, b"tablet": OTHER.public}))
    names.see(question("secret-name.test"), asker(b"phone"), verdict("secret-name.test"))
    with pytest.raises(SealBroken):
        opened(names, key=OTHER.private)
    assert opened(names, b"tablet", OTHER.private) == []
    told = msgspec.msgpack.encode(names.answer(BlockedAsk(device_digest(b"phone"))))
    assert b"secret-name" not in told


def test_it_never_remembers_health_identity_and_help(clock):
    """Also where a family closed it by a rule of its own, and where it is what an alias leads to."""
    names = BlockedNames(Keys({b"phone": PAIR.public}))
    of_each_kind = {one.kind: one.name for one in never_blocked()}
    assert {"health", "lgbtq", "help-lines-children"} <= set(of_each_kind)
    for name in of_each_kind.values():
        names.see(question(f"www.{name}"), asker(b"phone"), verdict(name))
        names.see(question("led.test"), asker(b"phone"), verdict(name))
    assert opened(names) == []


@pytest.mark.parametrize(
    "category",
    ["content.abuse", "csam", "conduct.sexual", "contract.sextortion", "contract.trafficking"],
)
def test_it_tells_by_its_category_alone_what_no_open_list_names(clock, category):
    names = BlockedNames(Keys({b"phone": PAIR.public}))
    for name in ("a.test", "b.a.test"):
        said = verdict("a.test", category, source="a list", indicator="u")
        names.see(question(name), asker(b"phone"), said)
    assert opened(names) == [
        BlockedName(name="", rule="", words=(category,), source="a list", until=0)
    ]


def test_it_forgets_after_ten_minutes(clock):
    names = BlockedNames(Keys({b"phone": PAIR.public}))
    names.see(question("old.test"), asker(b"phone"), verdict("old.test"))
    clock[0] += KEPT_SECONDS - 1
    names.see(question("new.test"), asker(b"phone"), verdict("new.test"))
    assert [one.name for one in opened(names)] == ["old.test", "new.test"]
    clock[0] += 1
    assert [one.name for one in opened(names)] == ["new.test"]
    names.forget()
    clock[0] += KEPT_SECONDS
    names.forget()
    assert not names._devices


def test_it_has_each_name_once_the_last_asked_last(clock):
    names = BlockedNames(Keys({b"phone": PAIR.public}))
    for name, kind in [("a.test", "A"), ("b.test", "A"), ("A.test", "AAAA"), ("a.test", "HTTPS")]:
        names.see(question(name, kind), asker(b"phone"), verdict(name.lower()))
        clock[0] += 1
    assert [one.name for one in opened(names)] == ["b.test", "a.test"]
    # What holds now is told of it, and what was blocks it no more.
    names.see(question("a.test"), asker(b"phone"), verdict("a.test", "pause", valid_until=5_000))
    assert [one.words for one in opened(names)] == [("own",), ("own",), ("pause",)]


def test_it_seals_anew_once_the_page_was_opened_anew(clock):
    keys = {b"phone": PAIR.public}
    names = BlockedNames(Keys(keys))
    names.see(question("a.test"), asker(b"phone"), verdict("a.test"))
    keys[b"phone"] = OTHER.public
    names.see(question("a.test"), asker(b"phone"), verdict("a.test"))
    told = names.answer(BlockedAsk(device_digest(b"phone"))).kept
    assert unseal(told[-1].sealed, key=OTHER.private)


def test_a_flood_costs_a_bounded_number_of_seals_and_of_bytes(clock, monkeypatch):
    sealed = []
    monkeypatch.setattr(blocked_names, "_sealed", lambda raw, _: sealed.append(raw) or raw[:1])
    monkeypatch.setattr(blocked_names, "ALL", 500)
    tokens = [b"phone%d" % number for number in range(100)]
    names = BlockedNames(Keys(dict.fromkeys(tokens, PAIR.public)))
    for number in range(1_000):
        names.see(question(f"f{number}.test"), asker(tokens[0]), verdict(f"f{number}.test"))
    assert len(sealed) == BURST
    told = names.answer(BlockedAsk(device_digest(tokens[0])))
    assert (len(told.kept), told.more) == (EACH, True)
    for number in range(3_000):
        clock[0] += 0.01
        token = tokens[number % len(tokens)]
        names.see(question(f"g{number}.test"), asker(token), verdict(f"g{number}.test"))
    assert len(sealed) >= 3_000
    kept = [len(held.names) for held in names._devices.values()]
    assert sum(kept) == names._count <= 500
    assert max(kept) <= EACH


# The whole: a table, its keys, the compiled path, a process.

KEY = bytes(16)


def put_family(home):
    """A child with two devices; pages were opened on one of them. (writers, its way)"""
    ways = {label: way_key(KEY, "device", label) for label in ("phone", "tablet")}
    writer = ProfileWriter(home / "profiles", KEY)
    keys = DeviceKeyWriter(home / "profiles")
    rules = RuleSet()
    own = tuple(
        OwnName(own_key(KEY, 5, name_wire(name)), allow=False) for name in ("shut.test", "who.int")
    )
    network = way_key(KEY, "network", "127.0.0.0/8")
    profile = Profile(number=5, ways=(*ways.values(), network), week=week(rules, rules), own=own)
    writer.rebuild([profile], {}, 1)
    keys.rebuild([(ways["phone"], 5, PAIR.public)])
    return writer, keys


def test_the_compiled_path_leaves_to_the_plain_one_what_is_to_be_told(tmp_path):
    if not mmsg_available():
        pytest.skip("the compiled path needs Linux")
    from lachan.edge.dns.cache import AnswerCache
    from lachan.edge.dns.fast_path import StreamPath
    from lachan.edge.dns.layers import Layers
    from lachan.formats.snapshot.reader import SnapshotReader

    writer, keys = put_family(tmp_path)
    family = Profiles(tmp_path)
    policies = Policies(Policy(), profiles=family)
    cache = AnswerCache(1 << 20, compiled=True)
    layers = Layers(SnapshotReader(tmp_path / "none"), profiles=family)
    stream = StreamPath(layers, policies, cache.compiled)
    packet = dns.message.make_query("a.shut.test", "A").to_wire()
    framed = len(packet).to_bytes(2, "big") + packet

    def left(token):
        row = policies.row_of("198.51.100.1", msgspec.structs.replace(TLS, token=token))
        return bool(row & TELLS), len(stream.answer(framed, row, 0).left)

    assert left(b"phone") == (True, 1)
    assert left(b"tablet") == (False, 0)
    assert left(b"unknown") == (False, 1)  # nobody's: it is asked upstream
    for one in (writer, keys):
        one.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    upstream, home = Upstream(), tmp_path_factory.mktemp("home")
    writers = put_family(home)
    edge = Edge(home, [upstream.port], "--tls-listen", "127.0.0.1:0", "--name", HOST)
    yield edge
    edge.stop()
    upstream.close()
    for one in writers:
        one.close()


def ask_all(edge, label, names):
    with connect(edge, f"{label}.{HOST}") as link:
        for at in range(0, len(names), 50):
            packets = [dns.message.make_query(name, "A").to_wire() for name in names[at : at + 50]]
            exchange(link, packets)


def told_of(edge, label, key=PAIR.private):
    found = door.blocked(edge.home, device_digest(label))
    return {
        msgspec.msgpack.decode(unseal(one.sealed, key=key), type=BlockedName).name
        for each in found
        for one in each.kept
    }


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_ten_thousand_names_are_nowhere_but_in_memory(edge):
    """Marked ones, blocked and answered, of a device that is told and of one that is not."""
    edge.compiled()
    for label in ("phone", "tablet"):
        names = [f"xqmarkx{number}.shut.test" for number in range(2_500)]
        ask_all(edge, label, names + [f"xqmarkx{number}.open.test" for number in range(2_500)])
    ask_all(edge, "phone", ["xqmarkx.shut.test", "www.who.int"])
    assert told_of(edge, "phone")
    assert told_of(edge, "tablet") == set()
    assert not any("open.test" in name or "who.int" in name for name in told_of(edge, "phone"))
    files = {path for path in edge.home.rglob("*") if path.is_file()}
    maps = Path(f"/proc/{edge.process.pid}/maps").read_text()
    files |= {
        Path(line) for line in re.findall(r" (/\S+)$", maps, re.MULTILINE) if "/python" not in line
    }
    files |= {path for path in Path("/dev/shm").glob("*") if path.is_file()}  # noqa: S108
    assert len(files) > 5
    for path in files:
        with contextlib.suppress(OSError):
            assert b"xqmarkx" not in path.read_bytes(), path
    descriptors = Path(f"/proc/{edge.process.pid}/fd")
    for one in descriptors.iterdir():
        with contextlib.suppress(OSError):
            if one.is_file():
                assert b"xqmarkx" not in one.read_bytes(), one.readlink()


def test_a_new_process_begins_with_an_empty_list_and_says_since_when(edge):
    """And several are asked together."""
    ask_all(edge, "phone", ["before.shut.test"])
    second = Edge(edge.home, [9], "--tls-listen", "127.0.0.1:0", "--name", HOST)
    try:
        found = door.blocked(edge.home, device_digest("phone"))
        assert len(found) == 2
        assert sorted(bool(one.kept) for one in found) == [False, True]
        assert found[0].since != found[1].since
    finally:
        code, rest = second.stop()
    assert (code, rest) == (0, "")
