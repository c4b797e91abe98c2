from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from lachan.members.policy import requires

from .advice import advice_for
from .policy import Action
from .selectors import value_check

router = Router(tags=["check"])


class CheckOut(Schema):
    """What is known of a value."""

    kind: str
    value: str = Field(description="what was asked, in canonical form")
    known: bool
    action: str = Field(description="block, warn, allow, or none when nothing is known")
    matched_kind: str
    matched_value: str = Field(description="the published entry that covers it, a parent perhaps")
    categories: list[str]
    reason: str
    source: str
    indicator: str
    published: int = Field(description="ledger sequence of the decision")
    sequence: int = Field(description="ledger sequence that this answer includes")
    advice: str = Field(description="what to do, in the language asked for")
    dispute: str = Field(
        description="where to say that the block is wrong; empty when nothing is known"
    )


@router.get("/check", response=CheckOut, summary="Is this known?")
@requires(Action.CHECK)
def check(
    request: HttpRequest,
    value: str = Query(..., min_length=1, max_length=8192),
    kind: str | None = Query(None, max_length=20),
) -> dict[str, object]:
    """Ask about an address, number, account or fingerprint. What was asked is not kept."""
    answer = value_check(value, kind, by=request.actor)  # type: ignore[attr-defined]
    return {
        **{name: getattr(answer, name) for name in answer.__dataclass_fields__},
        "categories": list(answer.categories),
        "advice": advice_for(answer),
        "dispute": f"/dispute/?indicator={answer.indicator}" if answer.known else "",
    }
