"""The HTTP API under /v1/: OpenAPI at /v1/openapi.json, errors as problem+json (RFC 9457)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from lachan.kernel.errors import LachanError
from lachan.web.problems import problem, problem_for

api = NinjaAPI(
    title="Lá Chắn",
    version="1",
    description="Indicators that protect children online: check, lists, proposals, disputes.",
    docs_url=None,
    urls_namespace="v1",
)


@api.exception_handler(LachanError)
def _domain_error(request: HttpRequest, error: LachanError) -> HttpResponse:
    return problem_for(error)


@api.exception_handler(ValidationError)
def _bad_shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    # The place and the kind of each fault, never the value that was sent.
    faults: list[dict[str, Any]] = [
        {"at": ".".join(str(p) for p in e["loc"]), "what": e["msg"]} for e in error.errors
    ]
    return problem(
        422, "invalid-input", "the request does not have the documented shape", faults=faults
    )
