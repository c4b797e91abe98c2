import pytest

from lachan.indicators.records import Status
from lachan.indicators.services import indicator_propose, indicator_review


@pytest.fixture
def publish(personas):
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
