"""Known names against lists and against ways round: the benchmarks' own code, on little."""

import io
from pathlib import Path

import pytest

from benchmarks import bypass, never_blocked
from lachan.cli.check import Level
from lachan.cli.checks.never_blocked import NeverBlocked
from lachan.formats.guard.rules import Guard
from lachan.formats.known_names import loading
from lachan.indicators.models import Indicator
from lachan.indicators.records import GuardStands
from lachan.indicators.services import indicator_propose, indicator_review, list_import
from lachan.members.records import Role, system
from tests.personas import Personas

PAGE = Path("docs/howto/ways-round.md")


def test_no_list_blocks_what_is_never_blocked(tmp_path):
    names = [each.name for each in loading.never_blocked()][::100]
    bad = tmp_path / "bad.txt"
    bad.write_text("\n".join([*names, "www.tongdai111.vn", "org.vn", "xau.example"]))
    found = never_blocked.tried([bad], tmp_path)
    assert found["by_lists_alone"]["bad.txt"] > len(names)  # what stands above some of them, too
    assert found["held_at_import"] == len(names) + 1
    assert found["blocked_unreviewed"] == []


def test_it_takes_an_invented_list_where_there_is_none(tmp_path):
    found = never_blocked.tried(never_blocked.invented(tmp_path / "invented.txt"), tmp_path)
    assert found["by_lists_alone"]["invented.txt"] > 100
    assert found["ok"]


@pytest.mark.django_db
def test_an_import_and_a_proposal_wait_for_a_second_person_s_reason():
    people = Personas()
    report = list_import(
        by=system("lachan import"),
        stream=io.BytesIO(b"scarleteen.com\nhttps://www.khanacademy.org/a\nxau.example\n"),
        file_name="list.txt",
        category="content.sexual",
    )
    assert (report.published, report.guarded) == (1, 2)
    assert report.reasons == {"never-blocked": 2}
    assert not Indicator.objects.filter(value="scarleteen.com", status="published").exists()
    analyst, reviewer = people.with_roles(Role.ANALYST), people.with_roles(Role.REVIEWER)
    proposed = indicator_propose(by=analyst.actor, value="childline.org.uk", category="scam")
    with pytest.raises(GuardStands):
        indicator_review(by=reviewer.actor, indicator=proposed.uid, decision="approve")


@pytest.mark.django_db
def test_doctor_sees_what_was_published_before_the_corpus_named_it(monkeypatch, tmp_path):
    people = Personas()
    analyst, reviewer = people.with_roles(Role.ANALYST), people.with_roles(Role.REVIEWER)

    def publish(name, reason):
        proposed = indicator_propose(by=analyst.actor, value=name, category="scam")
        indicator_review(by=reviewer.actor, indicator=proposed.uid, decision="approve", override_reason=reason)  # fmt: skip

    def look():
        return NeverBlocked().look(tmp_path, lambda _: None)

    publish("childline.org.uk", "its owner lost the name to strangers")
    assert look().level is Level.WELL
    with monkeypatch.context() as before:
        before.setattr("lachan.indicators.queries.guard_load", Guard)
        publish("scarleteen.com", "")
    found = look()
    assert found.level is Level.WARNING
    assert "scarleteen.com" in found.says
    assert "childline" not in found.says


@pytest.mark.parametrize("band", bypass.BANDS)
def test_each_way_round_fares_as_is_written(band):
    rules = bypass.rules_of(band)
    fared = {way.id: bypass.outcome(way, rules) for way in bypass.ways()}
    assert fared == {way.id: way.expected[band] for way in bypass.ways()}
    assert len(fared) >= 50


def test_each_way_that_is_not_held_says_why():
    for way in bypass.ways():
        assert bool(way.because) == (way.expected["9-11"] not in {"closed", "restricted"}), way.id
        assert bool(way.asks) == (way.expected["9-11"] != "unseen"), way.id


def test_help_is_reached_whatever_holds():
    strict = bypass.RuleSet(everything=True, ways_round=True, safe_search=True)
    assert bypass.decided(strict, "www.tongdai111.vn") == "allowed"
    assert bypass.decided(strict, "tongdai111.vn.example") != "allowed"


def test_the_page_holds_the_score():
    """`benchmarks/bypass.py --page` writes it."""
    assert PAGE.read_text(encoding="utf-8").endswith(f"\n{bypass.page()}\n")
