"""What families set reaches the table that edges read: whole, in order, and again after anything."""

import time
from datetime import datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from lachan.family.entry import device_session_find
from lachan.family.follower import table_rebuild, table_sync
from lachan.family.models import Child, ProfileChange
from lachan.family.projecting import edge_key, profile_changed, profile_head
from lachan.family.services import children, devices, households
from lachan.family.services.keeping import household_rekey
from lachan.formats.profiles.device_keys import DeviceKeys, DeviceKeyWriter
from lachan.formats.profiles.keys import way_key
from lachan.formats.profiles.layout import ALLOW, BLOCK, PASS
from lachan.formats.profiles.records import RuleSet
from lachan.formats.profiles.rules import Rules
from lachan.formats.profiles.table import ProfileReader, ProfileWriter
from lachan.kernel.clock import held_at, now

from .families import Family

pytestmark = pytest.mark.django_db

# At a family's noon: no bedtime holds, whenever the tests run.
NOON = int(datetime(2026, 12, 2, 12, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).timestamp())


@pytest.fixture
def table(tmp_path):
    with ProfileWriter(tmp_path, edge_key()) as writer:
        yield writer, ProfileReader(tmp_path)


def way_of(device):
    return way_key(edge_key(), "device", device_session_find(device.cookie).label)


def rules_now(reader, device, at=NOON):
    reader.refresh()
    number = reader.find(way_of(device))
    return None if number is None else reader.rules_at(number, at)


def wire(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))


def test_it_puts_a_child_s_rules_where_edges_find_them_by_the_device(family, table):
    writer, reader = table
    device = family.device
    way_of(device)  # the child's pages are opened on it
    assert table_sync(writer) > 0
    assert "tiktok" in rules_now(reader, device).services
    rules = family.shown.rules
    by, key = family.adult.actor, family.adult.key
    open_all = Rules(categories=rules.categories)
    children.rules_set(by=by, key=key, child=family.child, rules=open_all)
    assert "tiktok" in rules_now(reader, device).services
    assert table_sync(writer) == 1
    assert rules_now(reader, device) == RuleSet(categories=rules.categories)
    assert table_sync(writer) == 0
    assert writer.sequence == profile_head()


def test_it_pauses_and_goes_on(family, table):
    writer, reader = table
    device, by, key = family.device, family.adult.actor, family.adult.key
    children.pause(by=by, key=key, child=family.child, until=now() + timedelta(hours=1))
    table_sync(writer)
    at = int(time.time()) + 60
    assert rules_now(reader, device, at).why == "pause"
    assert rules_now(reader, device, at).everything
    assert rules_now(reader, device, at + 3600).why != "pause"
    children.pause_end(by=by, key=key, child=family.child)
    table_sync(writer)
    assert rules_now(reader, device, at).why != "pause"


def test_more_time_has_bedtime_wait_and_ends_by_itself(family, table):
    writer, reader = table
    device, by, key = family.device, family.adult.actor, family.adult.key
    late = datetime(2026, 12, 2, 23, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    with held_at(late):
        children.more_give(by=by, key=key, child=family.child, minutes=30)
        table_sync(writer)
    at = int(late.timestamp())
    assert rules_now(reader, device, at - 60).why == "bedtime"
    assert not rules_now(reader, device, at + 60).everything
    assert rules_now(reader, device, at + 1799).why == "rules"
    assert rules_now(reader, device, at + 1800).why == "bedtime"


def test_it_has_a_family_s_own_names(family, table):
    writer, reader = table
    family.device.cookie  # noqa: B018  joined
    by = family.adult.actor
    children.name_set(by=by, child=family.child, name="https://Truong.example/a", allow=True)
    children.name_set(by=by, child=family.child, name="tro.example", allow=False)
    table_sync(writer)
    number = Child.objects.get().number
    at = int(time.time())
    reader.refresh()
    assert reader.own(number, wire("lop.truong.example"), at) == (ALLOW, 0)
    assert reader.own(number, wire("tro.example"), at) == (BLOCK, 0)
    assert reader.own(number, wire("khac.example"), at) == (PASS, 0)


def test_a_word_for_a_while_leaves_the_lasting_one_as_it_was(family, table):
    """What a parent closed is closed again when the hour is over that was given, with nobody doing anything."""
    writer, reader = table
    by, now_s = family.adult.actor, int(time.time())
    hour = now() + timedelta(hours=1)
    for name, allow in (("tro.example", False), ("truong.example", True)):
        children.name_set(by=by, child=family.child, name=name, allow=allow)
        children.name_set(by=by, child=family.child, name=name, allow=not allow, until=hour)
    children.name_set(by=by, child=family.child, name="moi.example", allow=True, until=hour)
    table_sync(writer)
    reader.refresh()
    number = Child.objects.get().number

    def said(name, at):
        return reader.own(number, wire(name), at)[0]

    for at, tro, truong, moi in (
        (now_s, ALLOW, BLOCK, ALLOW),
        (now_s + 3_700, BLOCK, ALLOW, PASS),
    ):
        found = [said(name, at) for name in ("a.tro.example", "truong.example", "moi.example")]
        assert found == [tro, truong, moi]
    # A lasting word takes the place of both.
    children.name_set(by=by, child=family.child, name="tro.example", allow=True)
    table_sync(writer)
    reader.refresh()
    assert {said("tro.example", at) for at in (now_s, now_s + 3_700)} == {ALLOW}


def test_it_takes_away_what_a_family_takes_away(family, table):
    writer, reader = table
    device, by, key = family.device, family.adult.actor, family.adult.key
    way = way_of(device)
    other = Family("Tôm")
    other.child  # noqa: B018  made
    table_sync(writer)
    number, others = (Child.objects.get(uid=one).number for one in (family.child, other.child))
    assert reader.find(way) == number
    devices.device_remove(by=by, key=key, device=device.uid)
    table_sync(writer)
    reader.refresh()
    assert reader.find(way) is None
    households.household_delete(by=by)
    table_sync(writer)
    with pytest.raises(KeyError):
        reader.rules_at(number, time.time())
    assert reader.rules_at(others, time.time()).categories


def test_a_key_that_was_given_up_is_made_up_for_when_a_parent_comes(family, tmp_path):
    label, me, fresh = family.device.opened.label, family.adult, bytes(16)
    children.name_set(by=me.actor, child=family.child, name="tro.example", allow=False)
    assert not household_rekey(by=me.actor, key=me.key)
    with patch("lachan.family.projecting.edge_key", lambda: fresh):
        assert household_rekey(by=me.actor, key=me.key)
        assert not household_rekey(by=me.actor, key=me.key)
    with ProfileWriter(tmp_path, fresh) as writer:
        table_sync(writer)
        reader = ProfileReader(tmp_path)
        number = reader.find(way_key(fresh, "device", label))
        assert reader.own(number, wire("lop.tro.example"), time.time()) == (BLOCK, 0)


def test_a_former_secret_keeps_the_key(settings):
    before, former = edge_key(), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 50, [former]
    assert edge_key() == before


def test_nothing_reaches_it_that_was_not_committed(family, table):
    writer, _ = table
    family.child  # noqa: B018  made
    table_sync(writer)
    with transaction.atomic():
        children.name_set(by=family.adult.actor, child=family.child, name="a.example", allow=True)
        transaction.set_rollback(True)
    assert table_sync(writer) == 0


def test_it_is_made_anew_of_rows_alone(family, table):
    writer, reader = table
    device = family.device
    way = way_of(device)
    table_sync(writer)
    ProfileChange.objects.all().delete()
    table_rebuild(writer)
    reader.refresh()
    assert reader.find(way) == Child.objects.get().number
    assert writer.sequence == profile_head()


def test_what_was_altered_past_the_product_changes_no_profile(family, table):
    writer, reader = table
    way = way_of(family.device)
    table_sync(writer)
    number = reader.find(way)
    before = reader.rules_at(number, time.time())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_child SET rules = %s", ['{"services":[]}'])
    profile_changed(number)
    assert table_sync(writer) == 1
    assert reader.rules_at(reader.find(way), time.time()) == before


def test_it_hands_edges_the_key_of_a_device_whose_pages_were_opened(family, table, tmp_path):
    writer, _ = table
    keys = DeviceKeyWriter(tmp_path)
    table_sync(writer, keys)
    device, by, key = family.device, family.adult.actor, family.adult.key
    way_of(device)
    table_sync(writer, keys)
    assert DeviceKeys(tmp_path).find(way_of(device)) == device.opened.device.public
    way = way_of(device)
    keys.rebuild([])
    table_rebuild(writer, keys)
    assert DeviceKeys(tmp_path).find(way)
    devices.device_remove(by=by, key=key, device=device.uid)
    table_sync(writer, keys)
    assert DeviceKeys(tmp_path).find(way) == ""
