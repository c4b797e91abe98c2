"""What the edge says of itself: where it is reached encrypted, and to whom it answered."""

import asyncio
import contextlib
import socket
import tempfile
from pathlib import Path

import dns.message
import dns.rcode
import msgspec
import pytest

from lachan.edge.dns.asker import HTTPS, TCP, TLS, UDP
from lachan.edge.dns.checks import EACH, NONCES, Checks
from lachan.edge.dns.names import OwnNames, host_parse
from lachan.edge.dns.own import OwnAnswers
from lachan.edge.dns.question import question_parse
from lachan.edge.dns.ways import Ways
from lachan.formats.profiles.door import (
    KIND,
    Check,
    Seen,
    check,
    check_name,
    device_digest,
    nonce_new,
)
from lachan.kernel.doors import Door, doors_ask

HOST = "dns.shield.test"
NAMES = OwnNames(HOST)
BOTH = Ways(
    names=NAMES,
    tls=(("192.0.2.53", 8853), ("2001:db8::53", 8853)),
    https=(("0.0.0.0", 8443),),  # noqa: S104  nothing listens
    tls_port=853,
    https_port=8443,
)


def ask(own, name, kind="SVCB", connection=UDP):
    query = question_parse(dns.message.make_query(name, kind).to_wire())
    reply = own.reply(query, connection)
    return reply and dns.message.from_wire(reply)


def under(token, connection=TLS):
    return msgspec.structs.replace(connection, token=token)


def records(reply):
    return [str(one) for rrset in reply.answer for one in rrset]


def test_it_designates_itself():
    found = records(ask(OwnAnswers(BOTH), "_dns.resolver.arpa"))
    assert found == [
        f'1 {HOST}. alpn="dot" ipv4hint="192.0.2.53" ipv6hint="2001:db8::53"',
        f'2 {HOST}. alpn="h2" port="8443" dohpath="/dns-query{{?dns}}"',
    ]


@pytest.mark.parametrize(
    ("name", "connection"),
    [
        ("_dns.resolver.arpa", under(b"k3x9")),
        ("_dns.resolver.arpa", under(b"k3x9", HTTPS)),
        (f"_dns.k3x9.{HOST}", UDP),
        (f"_DNS.K3x9.{HOST}", under(b"other")),
    ],
)
def test_it_designates_a_devices_own_names_to_it(name, connection):
    found = records(ask(OwnAnswers(BOTH), name, connection=connection))
    assert found[0].startswith(f'1 k3x9.{HOST}. alpn="dot"')
    assert found[1].startswith(f"2 k3x9.{HOST}. ")
    assert 'dohpath="/dns-query/k3x9{?dns}"' in found[1]


@pytest.mark.parametrize("name", ["_dns.resolver.arpa", f"_dns.{HOST}", f"_dns.a.{HOST}"])
def test_it_has_no_other_data_there(name):
    for kind in ("A", "AAAA", "TXT", "HTTPS"):
        reply = ask(OwnAnswers(BOTH), name, kind)
        assert (reply.rcode(), reply.answer) == (dns.rcode.NOERROR, [])
    assert ask(OwnAnswers(Ways(names=NAMES)), name).answer == []
    alone = msgspec.structs.replace(BOTH, tls=())
    assert len(records(ask(OwnAnswers(alone), name))) == 1


@pytest.mark.parametrize(
    "name",
    ["shield.test", HOST, f"k3x9.{HOST}", f"x_dns.{HOST}", f"a.b._dns.{HOST}", f"_dns.a.b.{HOST}", f"_dns.-.{HOST}",
     "_dns.dns.shield.test.other.test", f"check.{HOST}", f"a.b.check.{HOST}", "a.check.adns.shield.test", "resolver.arpa",
     "a._dns.resolver.arpa"],
)  # fmt: skip
def test_it_leaves_all_else_to_others(name):
    assert ask(OwnAnswers(BOTH), name, "A") is None


@pytest.mark.parametrize(
    ("server_name", "token"),
    [(f"K3X9.{HOST}", b"k3x9"), (f"k3x9.{HOST}.", b"k3x9"), (HOST, b""), (None, b""), ("", b""), ("k3x9.other.test", b""),
     (f"a.k3x9.{HOST}", b""), (f"check.{HOST}", b""), (f"-a.{HOST}", b""), (f"{'a' * 64}.{HOST}", b""),
     (f".{HOST}", b""), (f"nhà.{HOST}", b""), (f"a_b.{HOST}", b"")],
)  # fmt: skip
def test_it_reads_a_devices_label(server_name, token):
    assert NAMES.token_of(server_name) == token


@pytest.mark.parametrize(
    "text", ["", "localhost", "a..b", "-a.test", "nhà.test", "a b.test", "a" * 70 + ".test"]
)
def test_it_refuses_what_is_no_host(text):
    with pytest.raises(ValueError, match="a name such as"):
        host_parse(text)


def test_it_notices_a_nonce_that_is_waited_for_by_each_way_once():
    own, nonce = OwnAnswers(BOTH), nonce_new()
    name = f"{nonce}.check.{HOST}"
    assert records(ask(own, name, "A")) == ["0.0.0.0"]  # noqa: S104
    assert own.checks.answer(msgspec.msgpack.encode(Check(nonce))) == msgspec.msgpack.encode([])
    for connection in (UDP, UDP, under(b"k3x9"), under(b"k3x9"), under(b"k3x9", HTTPS), TCP):
        assert records(ask(own, name.upper(), "AAAA", connection)) == ["::"]
    found = seen(own.checks, nonce)
    assert [(one.way, one.device) for one in found] == [
        ("udp", ""), ("tls", device_digest("K3X9")), ("https", device_digest("k3x9")), ("tcp", ""),
    ]  # fmt: skip
    assert seen(own.checks, "another") == []


def test_a_trial_below_localhost_is_tried_by_a_name_that_browsers_ask_for():
    own = OwnAnswers(Ways(names=OwnNames("dns.localhost")))
    assert check_name("abc", "dns.localhost") == "abc.check.lachan.test"
    assert records(ask(own, "abc.check.lachan.test", "A")) == ["0.0.0.0"]  # noqa: S104
    assert ask(own, "abc.check.dns.localhost", "A") is None
    assert check_name("abc", HOST) == f"abc.check.{HOST}"


def test_it_tells_who_asks_by_which_way():
    reply = ask(OwnAnswers(BOTH), f"x.check.{HOST}", "TXT", under(b"k3x9"))
    assert records(reply) == ['"lachan" "way=tls" "label=known"']
    assert reply.answer[0].ttl == 0
    assert ask(OwnAnswers(BOTH), f"x.check.{HOST}", "MX").answer == []


def seen(checks, nonce):
    return msgspec.msgpack.decode(
        checks.answer(msgspec.msgpack.encode(Check(nonce))), type=list[Seen]
    )


def test_it_waits_for_so_many_and_no_longer_than_said(monkeypatch):
    checks = Checks()
    for number in range(NONCES + 10):
        seen(checks, f"n{number}")
    checks.see(b"n3", UDP)
    checks.see(b"n4000", UDP)
    assert seen(checks, "n3") == []
    assert len(seen(checks, "n4000")) == 1
    for number in range(EACH + 5):
        checks.see(b"n4000", under(b"d%d" % number))
    assert len(seen(checks, "n4000")) == EACH
    monkeypatch.setattr("lachan.edge.dns.checks.time.monotonic", lambda: 1e12)
    checks.see(b"n4001", UDP)
    assert seen(checks, "n4000") == []
    assert len(checks._waited) == 1


@pytest.mark.own_loop
def test_the_door_is_its_owners_and_survives_nonsense():
    with tempfile.TemporaryDirectory() as folder:  # a short path, as most homes have
        asyncio.run(_door(Path(folder), Checks()))


@pytest.mark.own_loop
def test_the_door_of_a_home_with_a_long_path_is_elsewhere(tmp_path):
    asyncio.run(_door(tmp_path / ("a" * 100), Checks()))


async def _door(home, checks):
    door = Door(home, KIND, checks.answer)
    await door.open()
    path = door._path
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    dead = path.with_name(f"{KIND}-1")
    await asyncio.to_thread(stale, dead)
    for nonsense in (b"", b"\xff", msgspec.msgpack.encode({"type": "other"})):
        assert await asyncio.to_thread(doors_ask, home, KIND, nonsense) == []
    assert await asyncio.to_thread(check, home, "abc") == ([], 1)
    checks.see(b"abc", under(b"k3x9"))
    ((one,), doors) = await asyncio.to_thread(check, home, "abc")
    assert (one.way, one.device, doors) == ("tls", device_digest("k3x9"), 1)
    assert not dead.exists()
    door.close()
    assert await asyncio.to_thread(check, home, "abc") == ([], 0)
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def stale(path):
    """As a killed process leaves it."""

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.bind(str(path))
