import pytest

from lachan.indicators.records import Status
from lachan.indicators.services import indicator_propose, indicator_review
from lachan.sightings import selectors
from lachan.sightings.follower import Follower


@pytest.fixture
def publish(personas):
    """Propose as the analyst and approve as the reviewer."""

    def publish(value, **facts):
        facts = {"category": "scam"} | facts
        proposed = indicator_propose(by=personas.analyst.actor, value=value, **facts)
        # Documentation addresses are guarded, which takes reviewers of two organisations.
        for reviewer in (personas.reviewer, personas.other.reviewer):
            done = indicator_review(
                by=reviewer.actor,
                indicator=proposed.uid,
                decision="approve",
                override_reason="documentation addresses stand for real ones here",
            )
            if done.status == Status.PUBLISHED:
                break
        return done

    return publish


@pytest.fixture
def place(tmp_path):
    """A home, without anything in it."""
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def follower(place):
    follower = Follower(place)
    yield follower
    follower.close()


@pytest.fixture
def pages_home(place, settings):
    """The pages look into the same home."""
    settings.LACHAN_HOME = place
    selectors._collection.cache_clear()
    yield place
    selectors._collection.cache_clear()
