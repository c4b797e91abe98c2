"""Whatever happens to indicators: a list and the changes to it always tell the same story, to everybody."""

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lachan.formats.sharing import Tlp
from lachan.indicators import verifying
from lachan.indicators.ledger import audience_seq, changes_after, head_seq, projection
from lachan.indicators.records import (
    COMMUNITY,
    MEMBERS,
    PUBLIC_AUDIENCE,
    Effect,
    IndicatorExists,
    IndicatorMoved,
    organisation_audience,
)
from lachan.indicators.services import (
    indicator_propose,
    indicator_reshare,
    indicator_review,
    indicator_withdraw,
)
from lachan.members.models import Organisation
from lachan.members.records import Role

from .conftest import make_actor

TLPS = [tlp.value for tlp in Tlp]
publish = st.tuples(st.just("publish"), st.integers(0, 1), st.integers(0, 2), st.sampled_from(TLPS))
change = st.tuples(
    st.sampled_from(["withdraw", "reshare"]), st.integers(0, 9), st.just(0), st.sampled_from(TLPS)
)


class Story(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.one_of(publish, change), max_size=14))
    def test_it_tells_every_audience_one_story(self, steps):
        self.people = []
        for number in range(2):
            organisation = Organisation.objects.create(name=f"O{number}", type="ngo")
            roles = [Role.ANALYST, Role.REVIEWER]
            self.people.append([make_actor(organisation, *roles), make_actor(organisation, *roles)])
        self.made = []
        for step in steps:
            try:
                with transaction.atomic():
                    self._do(*step)
            except (IndicatorExists, IndicatorMoved):
                continue
        assert verifying.verify().fault == ""
        own = [organisation_audience(pair[0].organisation_id) for pair in self.people]
        for audience in (PUBLIC_AUDIENCE, COMMUNITY, MEMBERS, *own):
            self._holds(audience)

    def _do(self, what, which, value, tlp):
        if what == "publish":
            first, second = self.people[which]
            proposed = indicator_propose(
                by=first,
                value=f"v{value}.example",
                category="scam",
                tlp=tlp,
            )
            done = indicator_review(
                by=second,
                indicator=proposed.uid,
                decision="approve",
                override_reason="it is back, again",
            )
            self.made.append((done.uid, second))
        elif self.made:
            uid, by = self.made[which % len(self.made)]
            if what == "withdraw":
                indicator_withdraw(by=by, indicator=uid)
            else:
                indicator_reshare(
                    by=by, indicator=uid, tlp=tlp, override_reason="it is back, again"
                )

    def _holds(self, audience):
        kept = {}
        changes = list(changes_after(0, audience))
        assert [c.seq for c in changes] == sorted({c.seq for c in changes})
        assert audience_seq(audience) == (changes[-1].seq if changes else 0)
        for sequence in range(head_seq() + 1):
            for entry in (c for c in changes if c.seq == sequence):
                if entry.effect is Effect.ADD:
                    kept[entry.value] = entry.uid
                else:
                    # Nothing is taken back that was not there.
                    assert kept.pop(entry.value) == entry.uid
            listed = list(projection(sequence, audience))
            # One value once, and the list is what its changes add up to.
            assert {e.value: e.uid for e in listed} == kept
            assert len(listed) == len(kept)
            assert all(self._may(audience, entry) for entry in listed)

    def _may(self, audience, entry):
        return Tlp(entry.tlp).level <= audience.level or audience.circles
