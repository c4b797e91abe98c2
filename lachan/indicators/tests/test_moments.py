"""When: held to what a loop over all rows says."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lachan.formats.classification.categories import Classification
from lachan.formats.sharing import SEVERAL, Level, Tlp, Viewer
from lachan.indicators import listing, moments
from lachan.indicators.ledger import Change, changes_after, head_lock, ledger_append, projection
from lachan.indicators.models import Indicator
from lachan.indicators.moments import first_published, number_at, with_firsts
from lachan.indicators.records import COMMUNITY, MEMBERS, PUBLIC_AUDIENCE, Effect
from lachan.indicators.services import listing_record
from lachan.kernel.clock import held_at
from lachan.members.models import Organisation

BEGAN = datetime(2026, 11, 30, 8, tzinfo=UTC)
TLPS = [tlp.value for tlp in Tlp]


def moment(second):
    return BEGAN + timedelta(seconds=second)


def change(number, tlp="clear", was="", circle=None, owner=None, *, live=True):
    uid = UUID(int=number + 1)
    told = {"kind": "domain", "value": f"v{number}.example", "category": "contract.scam"}
    told |= {"confidence": 50, "tlp": tlp, "valid_from": moment(-number)}
    if not Indicator.objects.filter(uid=uid).exists():
        Indicator.objects.create(uid=uid, **told)
    more = {"organisation_id": owner.pk, "organisation_uid": owner.uid} if owner else {}
    return Change(uid=uid, live=live, was_tlp=was, circle=circle, **more, **told)


def write(*seconds):
    """A row at each of these, the third of every three by the classification; their numbers and times."""
    for version, second in enumerate(seconds, 2):
        with held_at(moment(second)):
            if version % 3:
                ledger_append(head_lock(), [change(version)])
            else:
                unlisted = frozenset({f"content.v{version}"})
                with patch.object(listing, "classification") as said:
                    said.return_value = Classification(version, unlisted, unlisted)
                    listing_record()
    return [(number, moment(second)) for number, second in enumerate(seconds, 1)]


class Numbers(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(0, 3), max_size=14), st.integers(2, 5), st.integers(-1, 30))
    def test_a_moment_has_the_last_number_that_was_given_by_then(self, pauses, base, asked):
        seconds = [sum(pauses[: end + 1]) for end in range(len(pauses))]
        rows = write(*seconds)
        with patch.object(moments, "_BASE", base):
            found = number_at(moment(asked))
            assert found == max((n for n, at in rows if at <= moment(asked)), default=0)
            # What is past keeps its number, however much comes later.
            with held_at(moment(40)):
                for number in range(20, 23):
                    ledger_append(head_lock(), [change(number)])
            assert number_at(moment(asked)) == found

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(0, 9), max_size=12), st.integers(2, 5), st.integers(-1, 10))
    def test_where_the_clock_was_set_back_it_is_a_place_of_that_moment(self, seconds, base, asked):
        times = dict(write(*seconds))
        with patch.object(moments, "_BASE", base):
            found = number_at(moment(asked))
        assert found == 0 or times[found] <= moment(asked)
        assert found == len(times) or times[found + 1] > moment(asked)


@pytest.mark.django_db
def test_it_finds_the_number_of_a_moment_by_few_questions():
    with held_at(moment(0)):
        ledger_append(head_lock(), [change(0)])
    with held_at(moment(1)):
        again = [change(0, was="clear") for _ in range(200)]
        ledger_append(head_lock(), again)
    with CaptureQueriesContext(connection) as queries:
        assert [number_at(moment(second)) for second in (-1, 0, 1)] == [0, 1, 201]
    assert len(queries) == 3 * 4


STEP = st.tuples(
    st.integers(0, 3),
    st.sampled_from([*TLPS, None]),
    st.sampled_from([None, SEVERAL]),
    st.integers(0, 1),
)


class Firsts(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(st.lists(STEP, max_size=12))
    def test_it_is_when_the_indicator_first_came_to_the_audience(self, steps):
        houses = [Organisation.objects.create(name=f"O{n}", type="ngo") for n in range(2)]
        own = [Viewer.of(Level.MEMBERS, house.pk, SEVERAL) for house in houses]
        self._live(houses, steps)
        uids = [UUID(int=number + 1) for number in range(5)]
        for audience in (PUBLIC_AUDIENCE, COMMUNITY, MEMBERS, *own):
            firsts = {}
            changes = list(changes_after(0, audience))
            for entry in changes:
                if entry.effect is Effect.ADD:
                    firsts.setdefault(entry.uid, entry.at)
            assert first_published(uids, audience) == firsts
            with patch.object(moments, "CHUNK", 3):
                told = list(with_firsts(changes, audience))
            assert [each.first_published for each in told] == [firsts[e.uid] for e in changes]
            assert [each.seq for each in told] == [each.seq for each in changes]
            for each in projection(len(steps) * 2, audience):
                assert firsts[each.uid] <= each.at
                # As it was proposed, however late it came to this audience.
                assert each.valid_from == moment(1 - each.uid.int)

    def _live(self, houses, steps):
        stands = {}
        for second, (number, tlp, circle, owner) in enumerate(steps):
            was, *before = stands.pop(number, ("", circle, owner))
            changes = []
            if was and (tlp is None or before != [circle, owner]):
                gone = (number, was, was, before[0], houses[before[1]])
                changes.append(change(*gone, live=False))
                was = ""
            if tlp is not None:
                changes.append(change(number, tlp, was, circle, houses[owner]))
                stands[number] = tlp, circle, owner
            with held_at(moment(second)):
                ledger_append(head_lock(), changes)


@pytest.mark.django_db
def test_when_it_was_kept_from_an_audience_is_not_told_to_it():
    steps = [
        ("red", "", True),
        ("clear", "red", True),
        ("clear", "clear", False),
        ("clear", "", True),
    ]
    owner = Organisation.objects.create(name="O", type="ngo")
    for second, (tlp, was, live) in enumerate(steps):
        with held_at(moment(second)):
            ledger_append(head_lock(), [change(0, tlp, was, owner=owner, live=live)])
    uid = UUID(int=1)
    assert first_published([uid], PUBLIC_AUDIENCE) == {uid: moment(1)}
    assert first_published([uid], Viewer.of(Level.MEMBERS, owner.pk)) == {uid: moment(0)}
    with CaptureQueriesContext(connection) as queries:
        first_published([uid, UUID(int=9)], PUBLIC_AUDIENCE)
    assert len(queries) == 1
