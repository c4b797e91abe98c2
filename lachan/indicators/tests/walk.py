"""Real things of the home organisation, for the walk in tests/architecture."""

import io

from lachan.indicators.importing import list_import
from lachan.indicators.models import Indicator, ListImport
from lachan.indicators.services import dispute_open, indicator_propose, indicator_review


def samples(personas):
    analyst, reviewer = personas.analyst.actor, personas.reviewer.actor
    made = indicator_propose(by=analyst, value="walk.example", category="scam")
    indicator_review(by=reviewer, indicator=made.uid, decision="approve")
    disputed = dispute_open(by=analyst, indicator=made.uid, reason="other")
    list_import(
        by=reviewer, stream=io.BytesIO(b"walk2.example\n"), file_name="walk.txt", category="scam"
    )
    one, dispute = {"uid": Indicator.objects.get(uid=made.uid).uid}, {"uid": disputed.uid}
    return {
        "indicator": one,
        "indicator-review": one,
        "indicator-withdraw": one,
        "indicator-share": one,
        "indicator-dispute": one,
        "dispute-status": dispute,
        "dispute-answer": dispute,
        "import": {"uid": ListImport.objects.get().uid},
        "/v1/indicators/{uid}": one,
        "/v1/indicators/{uid}/withdraw": one,
        "/v1/indicators/{uid}/dispute": one,
        "/v1/lists/{name}": {"name": "plain"},
    }
