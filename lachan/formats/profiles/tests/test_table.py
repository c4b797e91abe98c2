"""The table of profiles against a plain dict, under random changes, kills and damage."""

import datetime as dt
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.keys import own_key, siphash, table_key, way_key
from lachan.formats.profiles.records import DAY_KINDS, OwnName, Profile, RuleSet, Segment, Week
from lachan.formats.profiles.table import ProfileReader, ProfileWriter
from lachan.formats.profiles.tests import strategies as own
from lachan.kernel import clock
from lachan.kernel.errors import InvalidInput
from lachan.kernel.files import file_write

HELD = dt.datetime.fromtimestamp(own.NOW, dt.UTC)
WEEK = Week({(i, j): (RuleSet(),) * 96 for i in range(DAY_KINDS) for j in range(DAY_KINDS)})
CHANGES = st.one_of(
    st.tuples(st.just("put"), own.profiles()),
    st.tuples(st.just("remove"), st.integers(1, 6)),
    st.tuples(st.just("calendar"), st.sampled_from(own.CALENDARS[1:]), own.calendars),
    st.tuples(st.just("compact")),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("rebuild")),
)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name, clock.held_at(HELD):
        yield Path(name) / "profiles"


def same(reader: ProfileReader, oracle: own.Oracle, instants: list[int]) -> None:
    for way in own.WAYS:
        assert reader.find(way) == oracle.owners.get(way)
    for number in range(1, 7):
        for instant in instants:
            if number not in oracle.profiles:
                with pytest.raises(KeyError):
                    reader.rules_at(number, instant)
                continue
            assert reader.rules_at(number, instant) == oracle.rules_at(number, instant)
            for name in own.NAMES:
                assert reader.own(number, name, instant) == oracle.own(number, name, instant)


@settings(max_examples=25)
@given(st.lists(CHANGES, max_size=12), st.lists(own.moments, min_size=3, max_size=3))
def test_it_agrees_with_a_dict_after_any_changes(changes, instants):
    with folder() as path:
        oracle, writer = own.Oracle(), ProfileWriter(path, own.KEY)
        reader = ProfileReader(path)
        try:
            for sequence, (what, *rest) in enumerate(changes, 1):
                if what == "put":
                    writer.put(rest[0])
                    oracle.put(rest[0])
                elif what == "remove":
                    assert writer.remove(rest[0]) == oracle.remove(rest[0])
                elif what == "calendar":
                    writer.calendar_put(*rest)
                    oracle.calendars[rest[0]] = rest[1]
                elif what == "compact":
                    writer.compact()
                elif what == "rebuild":
                    kept = list(oracle.profiles.values())
                    oracle.owners = {}
                    for profile in kept:
                        oracle.put(profile)
                    writer.rebuild(kept, oracle.calendars, sequence)
                else:
                    writer.close()
                    writer = ProfileWriter(path, own.KEY)
                    assert not writer.needs_rebuild
                writer.commit(sequence)
                assert reader.sequence == sequence
                same(reader, oracle, instants)
        finally:
            writer.close()


@settings(max_examples=60)
@given(own.profiles(), own.calendars, own.near)
def test_it_says_when_what_holds_changes_next(profile, calendar, instant):
    with folder() as path, ProfileWriter(path, own.KEY) as writer:
        oracle = own.Oracle()
        oracle.put(profile)
        oracle.calendars = dict.fromkeys(own.CALENDARS[1:], calendar)
        writer.rebuild([profile], oracle.calendars, 1)
        found = ProfileReader(path).changes_at(profile.number, instant)
        holds = oracle.rules_at(profile.number, instant)
        end = found or instant + 15 * 86_400
        between = {instant, *range(instant - instant % 900, end, 900), end - 1}
        between |= {one for part in profile.segments for one in (part.start, part.until)}
        assert all(
            oracle.rules_at(profile.number, one) == holds for one in between if instant <= one < end
        )
        assert not found or oracle.rules_at(profile.number, found) != holds


def test_it_finds_the_smallest_known_network():
    with folder() as path, ProfileWriter(path, own.KEY) as writer:
        networks = {"192.0.2.0/24": 1, "192.0.2.64/26": 2, "2001:db8::/32": 3, "0.0.0.0/0": 4}
        for network, number in networks.items():
            way = way_key(own.KEY, "network", network)
            writer.put(Profile(number=number, ways=(way,), week=WEEK))
        reader = ProfileReader(path)
        assert reader.find_peer(bytes((192, 0, 2, 9))) == 1
        assert reader.find_peer(bytes((192, 0, 2, 65))) == 2
        assert reader.find_peer(bytes((198, 51, 100, 1))) == 4
        assert reader.find_peer(bytes.fromhex("20010db8") + bytes(12)) == 3
        assert reader.find_peer(bytes(16)) is None


def test_its_hash_is_siphash_2_4():
    # Appendix A of the paper, and two of the authors' test vectors.
    key = bytes(range(16))
    assert siphash(key, bytes(range(15))) == 0xA129CA6149BE45E5
    assert siphash(key, b"") == 0x726FDB47DD0E0E31
    assert siphash(key, bytes(range(8))) == 0x93F5F5799A932462
    message = (7).to_bytes(8, "little") + b"\4test\0\0\0" + b"\1a" + bytes(6)
    assert own_key(key, 7, b"\1a\4test") == siphash(key, message)
    assert way_key(key, "device", "Kim") == way_key(key, "device", b"kim")
    assert way_key(key, "network", "192.0.2.9/24") == way_key(key, "network", "192.0.2.0/24")


def test_it_takes_its_key_from_the_home_and_keeps_it_while_the_secret_is_known(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("LACHAN_SECRET_KEY", raising=False)
    first, second = "a" * 64, "b" * 64
    file_write(tmp_path / "secret.key", first.encode())
    with ProfileWriter(tmp_path / "profiles") as writer:
        assert writer.key == table_key(first)
        assert all(path.stat().st_mode & 0o77 == 0 for path in writer.folder.iterdir())
    assert ProfileReader(tmp_path / "profiles").key == table_key(first)
    file_write(tmp_path / "secret.key", f"{second}\nformer {first}\n".encode())
    with ProfileWriter(tmp_path / "profiles") as writer:
        assert writer.key == table_key(first)
        assert not writer.needs_rebuild
    file_write(tmp_path / "secret.key", second.encode())
    with ProfileWriter(tmp_path / "profiles") as writer:
        assert writer.needs_rebuild
        writer.rebuild((), {}, 4)
        assert writer.key == table_key(second)
        assert ProfileReader(tmp_path / "profiles").key == table_key(second)


@pytest.mark.parametrize(
    "profile",
    [
        Profile(number=0, week=WEEK),
        Profile(number=1 << 31, week=WEEK),
        Profile(number=1, week=Week({})),
        Profile(number=1, week=WEEK, zone="Nowhere/None"),
        Profile(number=1, week=WEEK, calendar="x" * 300),
    ],
)
def test_it_refuses_what_it_cannot_hold_and_keeps_what_it_has(profile):
    with folder() as path, ProfileWriter(path, own.KEY) as writer:
        before = Profile(number=1, ways=own.WAYS[:1], week=WEEK)
        writer.put(before)
        with pytest.raises(InvalidInput):
            writer.put(profile)
        with pytest.raises(InvalidInput):
            writer.rebuild([profile], {}, 9)
        reader = ProfileReader(path)
        assert reader.find(own.WAYS[0]) == 1
        assert reader.sequence == 0


def test_it_makes_room_by_itself(monkeypatch):
    monkeypatch.setattr("lachan.formats.profiles.build.ROOM_ITEMS", 8)
    monkeypatch.setattr("lachan.formats.profiles.build.ROOM_BYTES", 4096)
    with folder() as path, ProfileWriter(path, own.KEY) as writer:
        reader = ProfileReader(path)
        for number in range(1, 200):
            way = way_key(own.KEY, "device", f"d{number}")
            rules = RuleSet(services=frozenset({f"s{number}"}))
            writer.put(
                Profile(
                    number=number,
                    ways=(way,),
                    week=WEEK,
                    segments=(Segment(0, own.NOW, rules),),
                    own=(OwnName(own_key(own.KEY, number, b"\1a"), allow=True),),
                )
            )
            writer.commit(number)
        assert writer.sequence == reader.sequence == 199
        for number in range(1, 200):
            assert reader.find(way_key(own.KEY, "device", f"d{number}")) == number
            assert reader.rules_at(number, own.NOW - 1).services == {f"s{number}"}
            assert reader.own(number, b"\1a", own.NOW) == (ly.ALLOW, 0)


def test_it_reckons_zones_anew_before_they_run_out():
    with tempfile.TemporaryDirectory() as name:
        path, later = Path(name) / "profiles", HELD + dt.timedelta(days=4.5 * 366)
        profile = Profile(number=1, ways=own.WAYS[:1], zone="Europe/Paris", week=WEEK)
        day = (own.RULE_SETS[0],) * 48 + (own.RULE_SETS[3],) * 48
        week = Week(dict.fromkeys(WEEK.days, day))
        oracle = own.Oracle()
        oracle.put(changed := Profile(number=1, zone="Europe/Paris", week=week))
        with clock.held_at(HELD), ProfileWriter(path, own.KEY) as writer:
            writer.put(profile)
            writer.put(changed)
        with clock.held_at(later), ProfileWriter(path, own.KEY) as writer:
            writer.commit(1)
            reader = ProfileReader(path)
            for month in range(24):
                noon = (
                    int(later.timestamp()) // 86_400 * 86_400
                    + month * 30 * 86_400
                    + 10 * 3600
                    + 1800
                )
                assert reader.rules_at(1, noon) == oracle.rules_at(1, noon)


def _restless(path: str, ready: "multiprocessing.synchronize.Event") -> None:
    """Rewrites profile 1 for ever; its own names, ways and rules always agree."""
    with clock.held_at(HELD), ProfileWriter(path, own.KEY) as writer:
        at = 0
        while True:
            writer.put(_state(at % 7))
            if at % 5 == 0:
                writer.put(_state(at % 7, number=2 + at % 3))
                writer.remove(2 + (at + 1) % 3)
            if at % 50 == 49:
                writer.compact()
            writer.commit(at + 1)
            at += 1
            ready.set()


def _state(which: int, number: int = 1) -> Profile:
    rules = RuleSet(services=frozenset({f"s{which}"}))
    day = (rules,) * 96
    keys = [own_key(own.KEY, number, bytes((1, 97 + at))) for at in range(which)]
    return Profile(
        number=number,
        ways=tuple(way_key(own.KEY, "device", f"w{number}-{at}") for at in range(which)),
        week=Week(dict.fromkeys(WEEK.days, day)),
        own=tuple(OwnName(key, allow=True) for key in sorted(keys)),
    )


def _whole(reader: ProfileReader) -> None:
    """Whatever profile 1 is seen as is one of the states that were put."""
    table = reader.current()
    record = table.record(1) if table else None
    if table is None or record is None:
        return
    which = len(record.ways)
    assert table.profile(record, {}) == _state(which)


@pytest.mark.parametrize("times", [6])
def test_it_shows_whole_profiles_and_goes_on_after_kills(tmp_path, times):
    context = multiprocessing.get_context("fork")
    path, before = tmp_path / "profiles", 0
    reader = ProfileReader(path)
    for turn in range(times):
        ready = context.Event()
        process = context.Process(target=_restless, args=(str(path), ready))
        process.start()
        assert ready.wait(30)
        for _ in range(40 + 23 * turn):
            _whole(reader)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with clock.held_at(HELD), ProfileWriter(path, own.KEY) as writer:
            assert not writer.needs_rebuild
            reader.refresh()
            _whole(reader)
            assert reader.status().state == "good"
            writer.put(_state(3))
            assert [reader.find(way) for way in _state(7).ways] == [1] * 3 + [None] * 4
            assert reader.sequence == writer.sequence >= 1
            before = writer.sequence
            # Begins at 1 again, as a test: the sequence is only ever compared within a table.
            writer.rebuild([_state(3)], {}, 0)
    assert before


def test_it_stays_on_the_last_good_table_and_asks_for_another(tmp_path):
    path = tmp_path / "profiles"
    with ProfileWriter(path, own.KEY) as writer:
        writer.rebuild([Profile(number=1, ways=own.WAYS[:1], week=WEEK)], {}, 5)
        writer.rebuild([Profile(number=2, ways=own.WAYS[:1], week=WEEK)], {}, 6)
    newest = ly.table_path(path, ly.generations(path)[0])
    reader = ProfileReader(path)
    assert reader.find(own.WAYS[0]) == 2
    os.truncate(newest, 8192)
    fresh = ProfileReader(path)
    assert fresh.find(own.WAYS[0]) == 1
    assert fresh.status().state == "stale"
    with ProfileWriter(path, own.KEY) as writer:
        assert writer.needs_rebuild
        assert writer.sequence == 0
        writer.rebuild([Profile(number=3, ways=own.WAYS[:1], week=WEEK)], {}, 7)
    fresh.refresh()
    assert fresh.find(own.WAYS[0]) == 3
    assert fresh.status().state == "good"


def test_it_looks_at_all_after_the_machine_stopped(tmp_path, monkeypatch):
    path = tmp_path / "profiles"
    writer = ProfileWriter(path, own.KEY)
    writer.rebuild([Profile(number=1, ways=own.WAYS[:1], week=WEEK)], {}, 5)
    os.close(writer._lock)
    monkeypatch.setattr("lachan.formats.profiles.mapped.boot_word", lambda: 77)
    assert ProfileReader(path).find(own.WAYS[0]) == 1
    newest = ly.table_path(path, ly.generations(path)[0])
    raw = bytearray(newest.read_bytes())
    at = raw.index(own.WAYS[0].to_bytes(8, "little"))
    raw[at] ^= 1
    newest.write_bytes(raw)
    reader = ProfileReader(path)
    assert reader.status().state == "stale"
    assert reader.find(own.WAYS[0]) is None
    with ProfileWriter(path, own.KEY) as writer:
        assert writer.needs_rebuild
