"""Lists, proposals and disputes under /v1/."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from ninja import Field, Query, Router, Schema

from lachan.members.policy import requires
from lachan.web.shapes import Moment

from .channel import ListRequest, ListResponse, channels
from .conf import DEFAULT_CONFIDENCE
from .list_request import audience_for, list_sequence, list_serve
from .policy import Action
from .records import DisputeRecord, IndicatorRecord
from .selectors import indicator_get, indicator_list
from .services import dispute_open, indicator_propose, indicator_withdraw

router = Router(tags=["indicators"])
Answer = TypeVar("Answer", HttpResponse, StreamingHttpResponse)
_AFTER = Query(None, description="the uid at which the page before ended")
_SEQUENCE = Query(None, ge=0, le=2**62)
_MOMENT = Query(None, description="with its time zone: 2026-11-30T08:00:00Z")


class ChannelOut(Schema):
    name: str
    label: str
    content_type: str
    kinds: list[str] = Field(description="which it can carry; empty for all")
    href: str


class ListsOut(Schema):
    audience: str
    sequence: int = Field(description="of the ledger, as far as this audience is concerned")
    lists: list[ChannelOut]


@router.get("/lists", response=ListsOut, summary="Which lists there are")
@requires(Action.LIST_READ)
def lists(request: HttpRequest) -> dict[str, object]:
    audience = audience_for(request.actor)
    return {
        "audience": audience.label,
        "sequence": list_sequence(audience),
        "lists": [
            {
                "name": channel.name,
                "label": str(channel.label),
                "content_type": channel.content_type,
                "kinds": sorted(channel.kinds),
                "href": f"/v1/lists/{channel.name}",
            }
            for channel in channels().values()
        ],
    }


@router.get("/lists/{name}", summary="One list, whole or what changed", url_name="list")
@requires(Action.LIST_READ)
def list_one(
    request: HttpRequest,
    name: str,
    since: int | None = _SEQUENCE,
    at: int | None = _SEQUENCE,
    as_of: Moment | None = _MOMENT,
    kind: str = Query("", max_length=100, description="comma-separated"),
    category: str = Query("", max_length=60),
    min_confidence: int = Query(0, ge=0, le=100),
) -> HttpResponse | StreamingHttpResponse:
    """The list for the asker's audience: the public's without a key.

    `X-Lachan-Sequence` says where it stands: give it as `since` to get what changed later, as `at` to get
    the same bytes again; `as_of` is the list as it stood at a moment. `ETag` and `If-None-Match` save the rest.
    """
    kinds = frozenset(word.strip() for word in kind.split(",") if word.strip())
    when = {"since": since, "at": at, "as_of": as_of}
    wanted = ListRequest(**when, kinds=kinds, category=category, confidence=min_confidence)
    served = list_serve(by=request.actor, name=name, wanted=wanted)
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    etag = f'"{served.validator}"'
    if etag in asked or f"W/{etag}" in asked or asked == ["*"]:
        # Caches take over what a 304 says (RFC 9111, section 4.3.4): this one names no type.
        return _dressed(HttpResponseNotModified(), served, etag)
    body = StreamingHttpResponse(served.pieces, content_type=served.channel.content_type)
    body["Content-Disposition"] = f'inline; filename="{served.channel.file_name}"'
    return _dressed(body, served, etag)


def _dressed(response: Answer, served: ListResponse, etag: str) -> Answer:
    response["ETag"] = etag
    response["X-Lachan-Sequence"] = str(served.sequence)
    response["X-Lachan-Audience"] = served.audience.label
    shared = "public" if served.audience.level == 0 else "private"
    response["Cache-Control"] = f"{shared}, no-cache"
    patch_vary_headers(response, ["Authorization"])
    return response


class WarningOut(Schema):
    rule: str
    matched: str
    reason: str


class IndicatorOut(Schema):
    uid: UUID
    kind: str
    value: str
    category: str
    confidence: int
    tlp: str
    status: str
    valid_from: datetime
    valid_until: datetime | None
    sequence: int | None = Field(description="of the last ledger row about it", alias="seq")
    warnings: list[WarningOut] = Field(description="what the guard says against publishing it")


class ProposalIn(Schema):
    value: str = Field(max_length=8192, description="as written; hxxp and [.] are understood")
    kind: str | None = Field(None, max_length=20)
    category: str = Field(max_length=60)
    confidence: int = Field(DEFAULT_CONFIDENCE, ge=0, le=100)
    tlp: str = Field("clear", max_length=12)
    evidence: str = Field("", max_length=10_000, description="why; no personal data of a reporter")
    valid_until: Moment | None = None


@router.get("/indicators", response=list[IndicatorOut], summary="Indicators, newest first")
@requires(Action.INDICATOR_READ)
def indicators(
    request: HttpRequest,
    status: str = Query("", max_length=10),
    kind: str = Query("", max_length=10),
    category: str = Query("", max_length=60),
    text: str = Query("", max_length=200),
    after: UUID | None = _AFTER,
    limit: int = Query(100, ge=1, le=1000),
) -> list[IndicatorRecord]:
    return indicator_list(
        by=request.actor,
        status=status,
        kind=kind,
        category=category,
        text=text,
        after=after,
        limit=limit,
    )


@router.post("/indicators", response={201: IndicatorOut}, summary="Propose one")
@requires(Action.INDICATOR_PROPOSE)
def propose(request: HttpRequest, proposal: ProposalIn) -> IndicatorRecord:
    """A person of the network reviews it; nothing is blocked before."""
    return indicator_propose(by=request.actor, **proposal.dict())


@router.get("/indicators/{uid}", response=IndicatorOut, summary="One indicator")
@requires(Action.INDICATOR_READ)
def indicator(request: HttpRequest, uid: UUID) -> IndicatorRecord:
    return indicator_get(by=request.actor, indicator=uid)


class ReasonIn(Schema):
    reason: str = Field("", max_length=2000)


@router.post("/indicators/{uid}/withdraw", response=IndicatorOut, summary="Take one's own back")
@requires(Action.INDICATOR_WITHDRAW)
def withdraw(request: HttpRequest, uid: UUID, why: ReasonIn) -> IndicatorRecord:
    return indicator_withdraw(by=request.actor, indicator=uid, reason=why.reason)


class DisputeIn(Schema):
    reason: str = Field(max_length=30, description="mistake, mine, help, fixed or other")
    note: str = Field("", max_length=10_000, description="kept from members only")


class DisputeOut(Schema):
    uid: UUID
    indicator: UUID
    kind: str
    value: str
    reason: str
    opened_at: datetime
    due_at: datetime
    outcome: str
    answer: str


@router.post(
    "/indicators/{uid}/dispute", response={201: DisputeOut}, summary="Say that one is wrong"
)
@requires(Action.DISPUTE_OPEN)
def dispute(request: HttpRequest, uid: UUID, said: DisputeIn) -> DisputeRecord:
    """Anyone may. A person answers before `due_at`."""
    return dispute_open(by=request.actor, indicator=uid, reason=said.reason, note=said.note)
