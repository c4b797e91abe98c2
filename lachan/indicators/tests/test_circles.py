"""Members, groups, programmes and channels: whoever asks for a list gets what is for him, held to ten lines."""

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lachan.formats.sharing import SEVERAL, Tlp
from lachan.indicators import verifying
from lachan.indicators.channel import channels
from lachan.indicators.ledger import (
    Change,
    audience_seq,
    changes_after,
    head_lock,
    head_seq,
    ledger_append,
    projection,
)
from lachan.indicators.list_request import audience_for
from lachan.indicators.models import Indicator
from lachan.indicators.records import Effect
from lachan.kernel.clock import now
from lachan.members.models import Organisation
from lachan.members.records import PUBLIC

from .test_channels import body, key_of, names

KINDS = {"firm": "enterprise", "charity": "ngo", "school": "school"}
GROUPS, PROGRAMMES = [SEVERAL, SEVERAL + 1], [SEVERAL + 2]
TLPS = [tlp.value for tlp in Tlp]
JOINED = st.fixed_dictionaries(
    {name: st.frozensets(st.sampled_from([*GROUPS, *PROGRAMMES])) for name in KINDS}
)
STEP = st.tuples(
    st.integers(0, 3),
    st.sampled_from([*TLPS, *TLPS, None]),
    st.sampled_from([None, *GROUPS, *PROGRAMMES]),
)


def oracle(name, joined, tlp, owner, circle):
    """`name`: the member that asks, or "" for the public; `circle`: None for the owner's own."""
    if circle is not None and circle in joined:
        return True
    # A school's list is the community's: it holds nothing of its own alone.
    if circle is None and owner == name and name != "school":
        return True
    everybody, community, members = ["", *KINDS], list(KINDS), ["firm", "charity"]
    return name in {"clear": everybody, "green": community, "amber": members}.get(tlp, [])


class Circles(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(JOINED, st.lists(STEP, max_size=8))
    def test_every_list_holds_what_is_for_whoever_asks(self, joined, steps):
        houses = {n: Organisation.objects.create(name=n, type=k) for n, k in KINDS.items()}
        circles = {houses[name].pk: frozenset({houses[name].pk, *joined[name]}) for name in KINDS}
        stands = {}
        for step in steps:
            self._do(houses, stands, *step)
        assert verifying.chain_verify().fault == ""
        assert [story.fault for story in verifying._stories() if story.fault] == []
        asking = {"": PUBLIC} | {n: key_of(house, "list.read") for n, house in houses.items()}
        with patch("lachan.indicators.queries.circles_of", circles.__getitem__):
            for name, by in asking.items():
                expected = {
                    value
                    for value, (tlp, owner, circle) in stands.items()
                    if oracle(name, joined.get(name, ()), tlp, owner, circle)
                }
                for channel in channels():
                    found = names(body(channel, by), channel)
                    assert sorted(found) == sorted(expected), (channel, name)
                self._replay(audience_for(by), expected)

    def _do(self, houses, stands, number, tlp, circle):
        value, owner = f"v{number}.example", list(KINDS)[number % len(KINDS)]
        about = {"kind": "domain", "value": value, "category": "scam", "confidence": 50}
        row = Indicator.objects.filter(value=value).first()
        row = row or Indicator.objects.create(**about, tlp="clear")
        was, _, before = stands.pop(value, ("", owner, circle))

        def change(**more):
            return Change(
                uid=row.uid, **about, valid_from=now(), organisation_id=houses[owner].pk,
                organisation_uid=houses[owner].uid, **more,
            )  # fmt: skip

        changes = []
        if was and (tlp is None or circle != before):
            changes.append(change(live=False, tlp=was, was_tlp=was, circle=before))
            was = ""
        if tlp is not None:
            changes.append(change(live=True, tlp=tlp, was_tlp=was, circle=circle))
            stands[value] = tlp, owner, circle
        ledger_append(head_lock(), changes)

    def _replay(self, audience, expected):
        kept, changes = {}, list(changes_after(0, audience))
        for entry in changes:
            if entry.effect is Effect.ADD:
                kept[entry.value] = entry.uid
            else:
                assert (
                    kept.pop(entry.value) == entry.uid
                )  # nothing is taken back that was not there
        assert set(kept) == expected == {e.value for e in projection(head_seq(), audience)}
        assert audience_seq(audience) == (changes[-1].seq if changes else 0)
