"""What the classification leaves out of open lists: any past comes back, and who follows hears of a change."""

import dataclasses
import json

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lachan.formats.classification.categories import Classification, classification
from lachan.formats.sharing import SEVERAL
from lachan.indicators import ledger, listing, verifying
from lachan.indicators.channel import ListRequest, channels
from lachan.indicators.list_request import list_serve
from lachan.indicators.models import Indicator
from lachan.indicators.records import IndicatorExists, IndicatorMoved
from lachan.indicators.selectors import (
    ledger_hash_at,
    ledger_head,
    ledger_head_hash,
    ledger_unfiltered,
    ledger_verify,
)
from lachan.indicators.services import (
    indicator_propose,
    indicator_reshare,
    indicator_review,
    indicator_withdraw,
    listing_record,
)
from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7
from lachan.members.models import Organisation
from lachan.members.records import PUBLIC, Actor, ActorKind, Role, system
from tests.flushing import triggers_aside

from .conftest import make_actor
from .test_channels import changes, names

CHANNELS = sorted(channels())
CODES = classification().codes


def classified(version, *unlisted, codes=CODES):
    """The ledger says it, as after an upgrade to a program with this classification."""
    said = Classification(version, frozenset(unlisted), codes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "classification", lambda: said)
        return listing_record()


def served(name, by=PUBLIC, **wanted):
    found = list_serve(by=by, name=name, wanted=ListRequest(**wanted))
    return dataclasses.replace(found, pieces=b"".join(found.pieces))


def values(name, **wanted):
    return names(served(name, **wanted).pieces, name)


def changed(name, **wanted):
    """What a list of changes adds and removes."""
    return changes(served(name, **wanted).pieces, name)


@pytest.fixture
def three(publish):
    publish("mot.example", category="scam")
    publish("hai.example", category="gambling")
    publish("ba.example", category="csam")


def test_what_was_left_out_before_is_what_the_first_classification_says():
    assert listing.BEGINNING.version == 1
    assert sorted(listing.BEGINNING.unlisted) == [
        "conduct.sexual", "content.abuse", "contract.sextortion", "contract.trafficking",
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHANNELS)
def test_a_changed_classification_changes_no_past_and_reaches_who_follows(name, three):
    assert listing_record() is None
    before = served(name)
    assert values(name) == ["mot.example", "hai.example"]

    number = classified(2, "contract.gambling", "content.abuse")
    after = served(name)
    assert after.validator != before.validator
    assert after.sequence == number > before.sequence
    assert values(name) == ["mot.example"]
    assert changed(name, since=before.sequence) == ([], ["hai.example"])
    assert served(name, at=before.sequence) == before

    classified(3, "contract.scam")
    assert values(name) == ["hai.example", "ba.example"]
    back = ["hai.example", "ba.example"]
    assert changed(name, since=after.sequence) == (back, ["mot.example"])
    assert changed(name, since=before.sequence) == (back, ["hai.example", "mot.example"])
    assert served(name, at=before.sequence) == before
    assert served(name, at=after.sequence) == after


@pytest.mark.django_db
def test_what_was_never_named_is_not_named_in_passing(three, publish, reviewer):
    hidden = publish("bon.example", category="gambling")
    last = classified(2, "contract.gambling", "content.abuse")
    indicator_withdraw(by=reviewer, indicator=hidden.uid)
    publish("nam.example", category="gambling")
    assert served("plain", since=last).pieces == b""
    classified(3, "content.abuse")
    assert changed("plain", since=last) == (["hai.example", "nam.example"], [])


@pytest.mark.django_db
def test_members_see_all_and_hear_nothing_of_it(three, enterprise):
    by = Actor(kind=ActorKind.PERSON, organisation_id=enterprise.pk)
    before = served("plain", by)
    classified(2)
    assert served("plain", by) == before
    assert served("plain", by, since=before.sequence).pieces == b""


@pytest.mark.django_db
def test_an_older_program_beside_a_newer_one_leaves_what_that_said(three):
    assert classified(3, "contract.scam") == 4
    assert classified(2, "content.abuse") is None
    assert classified(3) is None
    assert classified(4, "contract.scam") is None
    assert values("plain") == ["hai.example", "ba.example"]


@pytest.mark.django_db
def test_a_category_that_is_gone_stays_as_it_was(three):
    classified(2, "contract.gambling", codes=CODES - {"content.abuse"})
    assert values("plain") == ["mot.example"]


@pytest.mark.django_db
def test_it_asks_no_filter_of_a_change_that_it_does_not_ask_of_a_list(three):
    before = served("plain")
    classified(2, "contract.gambling", "contract.scam")
    since = {"since": before.sequence}
    assert changed("plain", category="scam", **since) == ([], ["mot.example"])
    assert changed("plain", category="contract", **since) == ([], ["mot.example", "hai.example"])
    assert changed("plain", confidence=100, **since) == ([], [])
    assert changed("plain", kinds=frozenset({"url"}), **since) == ([], [])
    assert values("plain", at=before.sequence, since=0) == ["mot.example", "hai.example"]


@pytest.mark.django_db
def test_it_stands_in_the_chain_and_costs_other_followers_nothing(
    three, publish, settings, tmp_path
):
    settings.LACHAN_HOME = tmp_path
    number = classified(2, "contract.scam")
    assert ledger_head() == number - 1
    assert ledger_head_hash().hash == ledger_hash_at(number)
    assert ledger_verify() == verifying.LedgerCheck(rows=number, fault="")
    publish("bon.example")
    assert ledger_head() == number + 1
    rows = ledger_unfiltered(by=system("matching"), after=number - 1)
    assert [row.entry.seq for row in rows] == [number + 1]
    assert ledger_verify().fault == ""
    for verb in ("UPDATE indicators_listingrow SET seq = 99", "DELETE FROM indicators_listingrow"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(verb)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM indicators_listingrow", "row 4 is missing"),
        ("UPDATE indicators_listingrow SET seq = 9", "row 4 is missing"),
        ("UPDATE indicators_listingrow SET payload = '{}'", "row 4: its hash"),
    ],
)
def test_what_somebody_changed_past_the_triggers_shows(three, publish, change, said):
    classified(2, "contract.scam")
    publish("bon.example")
    with triggers_aside(connection), connection.cursor() as cursor:
        cursor.execute(change)
    assert said in ledger_verify().fault


@pytest.mark.django_db
def test_it_says_that_a_later_program_wrote_a_row(three, monkeypatch):
    number = classified(2, "contract.scam")
    monkeypatch.setattr(listing, "VERSION", 0)
    assert ledger_verify().fault == f"row {number}: it was written by a later program"


@pytest.mark.django_db
def test_a_group_names_no_more_to_a_school_than_open_lists_do(monkeypatch):
    school = Organisation.objects.create(name="S", type="school")
    circles = frozenset({school.pk, SEVERAL})
    monkeypatch.setattr("lachan.indicators.queries.circles_of", lambda _: circles)
    for value, category in (("mot.example", "contract.scam"), ("ba.example", "content.abuse")):
        told = {"kind": "domain", "value": value, "category": category, "confidence": 50}
        told |= {"uid": uuid7(), "tlp": "red", "valid_from": now()}
        Indicator.objects.create(**told)
        ledger.ledger_append(ledger.head_lock(), [ledger.Change(live=True, circle=SEVERAL, **told)])
    by = Actor(kind=ActorKind.PERSON, organisation_id=school.pk)
    before = served("plain", by)
    assert values("plain", by=by) == ["mot.example"]
    number = classified(2, "contract.scam")
    assert changed("plain", by=by, since=before.sequence) == (["ba.example"], ["mot.example"])
    assert served("plain", by, since=before.sequence).sequence == number
    assert served("plain", by).validator != before.validator
    assert served("plain", by, at=before.sequence) == before
    assert served("plain", since=0).pieces == b""


@pytest.mark.django_db
def test_the_index_of_lists_says_where_they_stand(client, three):
    number = classified(2, "contract.scam")
    assert client.get("/v1/lists").json()["sequence"] == number
    known = client.get("/v1/lists/plain")["ETag"]
    assert client.get("/v1/lists/plain", headers={"If-None-Match": known}).status_code == 304
    classified(3)
    assert client.get("/v1/lists/plain", headers={"If-None-Match": known}).status_code == 200


SHORT = ("scam", "gambling", "csam")
LONG = ("contract.scam", "contract.gambling", "content.abuse")
publish = st.tuples(st.just("publish"), st.integers(0, 4), st.sampled_from(SHORT))
end = st.tuples(st.just("withdraw"), st.integers(0, 9), st.none())
share = st.tuples(
    st.just("reshare"), st.integers(0, 9), st.sampled_from(["clear", "green", "amber", "red"])
)
classify = st.tuples(st.just("classify"), st.none(), st.sets(st.sampled_from(LONG)))


class Story(TestCase):
    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.one_of(publish, publish, end, share, classify), max_size=12))
    def test_any_list_comes_back_and_its_changes_add_up_to_it(self, steps):
        house = Organisation.objects.create(name="O", type="ngo")
        school = Organisation.objects.create(name="S", type="school")
        roles = [Role.ANALYST, Role.REVIEWER]
        self.first, self.second = make_actor(house, *roles), make_actor(house, *roles)
        self.made, self.version = [], 1
        readers = [PUBLIC]
        readers += [Actor(kind=ActorKind.PERSON, organisation_id=o.pk) for o in (house, school)]
        kept = [[_all(by)] for by in readers]
        for step in steps:
            try:
                with transaction.atomic():
                    self._do(*step)
            except (IndicatorExists, IndicatorMoved):
                continue
            for by, lists in zip(readers, kept, strict=True):
                lists.append(_all(by))
        for by, lists in zip(readers, kept, strict=True):
            for each in lists:
                assert {n: served(n, by, at=one.sequence) for n, one in each.items()} == each
            # A validator that stays says that no byte changed.
            seen = {}
            for one in (one for each in lists for one in each.values()):
                assert seen.setdefault(one.validator, one.pieces) == one.pieces
            for each in lists:
                _adds_up(by, each["jsonl"], lists[-1]["jsonl"])
        assert verifying.verify().fault == ""

    def _do(self, what, which, more):
        if what == "classify":
            self.version += 1
            classified(self.version, *more)
        elif what == "publish":
            told = {"value": f"v{which}.example", "category": more, "tlp": "clear"}
            proposed = indicator_propose(by=self.first, **told)
            why = "it is back, again"
            decided = {"decision": "approve", "override_reason": why}
            done = indicator_review(by=self.second, indicator=proposed.uid, **decided)
            self.made.append(done.uid)
        elif self.made:
            told = {"by": self.second, "indicator": self.made[which % len(self.made)]}
            if what == "withdraw":
                indicator_withdraw(**told)
            else:
                indicator_reshare(**told, tlp=more, override_reason="it is back, again")


def _all(by):
    return {name: served(name, by) for name in ("jsonl", "plain")}


def _adds_up(by, before, last):
    kept = {json.loads(line)["indicator"]: line for line in before.pieces.decode().splitlines()}
    for line in served("jsonl", by, since=before.sequence).pieces.decode().splitlines():
        told = json.loads(line)
        if told.pop("effect") == "remove":
            # Nothing is taken back that was not there.
            assert json.loads(kept.pop(told["indicator"]))["value"] == told["value"]
        else:
            kept[told["indicator"]] = line.replace(',"effect":"add"', "")
    whole = last.pieces.decode().splitlines()
    assert sorted(kept.values()) == sorted(whole)
    assert sorted(whole, key=lambda line: json.loads(line)["sequence"]) == whole
