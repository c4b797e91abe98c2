"""What goes between the database and look-up processes: keys out, counts in."""

import json
from datetime import timedelta

import pytest

from lachan.edge.matching.keyring import Keyring
from lachan.edge.matching.problems import Problem
from lachan.formats.sharing import SEVERAL, Viewer
from lachan.indicators.policy import Action as IndicatorAction
from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7
from lachan.matching.between.keys import keys_read
from lachan.matching.between.paths import keys_file
from lachan.matching.between.spool import SightingCount, spool_list, spool_read, spool_write
from lachan.members.models import Organisation
from lachan.members.services import api_key_create, api_key_revoke
from lachan.shield.policy import Action as CheckAction
from lachan.sightings.follower import Follower
from lachan.sightings.models import Sighting
from lachan.sightings.policy import Action
from lachan.sightings.services import keys_export, sightings_purge, sightings_take
from tests.lived import lived_until

HOUR = 1_790_000_000 // 3600 * 3600


def make(staff, *scopes):
    scopes = scopes or (Action.MATCH_LOOKUP,)
    return api_key_create(
        by=staff.technical.actor, organisation=staff.organisation, name="platform", scopes=scopes,
        life=timedelta(days=30),
    )  # fmt: skip


def opens(ring, text):
    ring._look_at = 0.0
    try:
        return ring.open(f"Bearer {text}")
    except Problem:
        return None


def test_revoking_reaches_the_keys_file(personas, place):
    follower, ring = Follower(place), Keyring(keys_file(place))
    row, text = make(personas)
    assert opens(ring, text) is None
    follower.step()
    assert opens(ring, text).viewer == Viewer.of(2, personas.organisation.pk)
    assert keys_file(place).stat().st_mode & 0o777 == 0o600
    assert text.split("_", 2)[2] not in keys_file(place).read_text()
    api_key_revoke(by=personas.technical.actor, key=row)
    follower.step()
    assert opens(ring, text) is None
    follower.close()


def test_a_key_opens_what_its_circles_share(personas, place, monkeypatch):
    own = personas.organisation.pk
    monkeypatch.setattr(
        "lachan.indicators.queries.circles_of", lambda pk: frozenset({pk, SEVERAL + 3})
    )
    row, _ = make(personas)
    keys_export(place)
    found = keys_read(keys_file(place))[row.prefix]
    assert found.viewer == Viewer.of(2, own, SEVERAL + 3)


def test_a_keys_file_of_before_is_read(place):
    old = {"prefix": "a", "hash": "", "level": 3, "organisation": 7, "owner": 7, "expires": 0}
    keys_file(place).write_text(json.dumps([old]))
    assert keys_read(keys_file(place))["a"].viewer == Viewer.of(2, 7)


def test_only_keys_with_the_scope_are_written_down(personas, place):
    make(personas, CheckAction.CHECK, IndicatorAction.LIST_READ)
    kept, _ = make(personas, CheckAction.CHECK, Action.MATCH_LOOKUP)
    keys_export(place)
    assert list(keys_read(keys_file(place))) == [kept.prefix]


def test_a_school_sees_what_the_community_sees(personas, place):
    Organisation.objects.filter(pk=personas.other.organisation.pk).update(type="school")
    row, _ = make(personas.other)
    keys_export(place)
    assert keys_read(keys_file(place))[row.prefix].level == 1


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"valid_until": now()}])
def test_an_organisation_that_has_left_opens_nothing(personas, place, change):
    make(personas.other)
    Organisation.objects.filter(pk=personas.other.organisation.pk).update(**change)
    keys_export(place)
    assert keys_read(keys_file(place)) == {}


def test_a_key_ends_with_its_organisation(personas, place):
    row, _ = make(personas.other)
    end = now() + timedelta(days=1)
    Organisation.objects.filter(pk=personas.other.organisation.pk).update(valid_until=end)
    keys_export(place)
    assert keys_read(keys_file(place))[row.prefix].expires == int(end.timestamp())


def test_it_writes_the_keys_only_when_they_change(personas, place):
    make(personas)
    before = keys_export(place)
    stamp = keys_file(place).stat().st_mtime_ns
    assert keys_export(place, before) == before
    assert keys_file(place).stat().st_mtime_ns == stamp
    keys_file(place).unlink()
    keys_export(place, before)
    assert keys_file(place).exists()


def test_it_takes_a_batch_once(personas, place):
    own, uid = personas.organisation.pk, uuid7()
    spool_write(
        place,
        [
            SightingCount(uid, HOUR, own, 2),
            SightingCount(uid, HOUR, 10**6, 9),
            SightingCount(uid, HOUR, own, 0),
        ],
    )
    (path,) = spool_list(place)
    again = path.read_bytes()
    assert sightings_take(place) == 1
    path.write_bytes(again)  # as if it had been cut off before the file was gone
    assert sightings_take(place) == 0
    spool_write(place, [SightingCount(uid, HOUR + 60, own, 3)])
    assert sightings_take(place) == 1
    assert [(s.indicator, s.organisation_id, s.count) for s in Sighting.objects.all()] == [
        (uid, own, 5)
    ]
    assert spool_list(place) == []


def test_it_sets_aside_what_is_no_batch_and_takes_the_rest(personas, place):
    spool_write(place, [SightingCount(uuid7(), HOUR, personas.organisation.pk, 1)])
    (place / "sightings" / "0.json").write_text("{")
    assert sightings_take(place) == 1
    assert (place / "sightings" / "0.refused").exists()


def test_it_goes_on_where_another_worker_has_set_it_aside(personas, place, monkeypatch):
    spool_write(place, [SightingCount(uuid7(), HOUR, personas.organisation.pk, 1)])
    odd = place / "sightings" / "0.json"
    odd.write_text("{")

    def meanwhile(path):
        if path == odd:
            path.rename(path.with_suffix(".refused"))
            raise ValueError
        return spool_read(path)

    monkeypatch.setattr("lachan.sightings.services.spool_read", meanwhile)
    assert sightings_take(place) == 1
    assert spool_list(place) == []


def test_it_forgets_counts_after_three_months(personas, place):
    spool_write(
        place, [SightingCount(uuid7(), int(now().timestamp()), personas.organisation.pk, 1)]
    )
    sightings_take(place)
    assert sightings_purge() == 0
    with lived_until(now() + timedelta(days=93)):
        assert sightings_purge() == 1
