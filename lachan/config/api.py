"""The HTTP API under /v1/: OpenAPI at /v1/openapi.json, errors as problem+json (RFC 9457)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from lachan.formats.problems import CONTENT_TYPE, SCHEMA
from lachan.kernel.bounds import text_checked
from lachan.kernel.errors import LachanError
from lachan.web.problems import problem, problem_for

_PROBLEM = {
    "description": "what is wrong, as problem+json (RFC 9457); docs/howto/errors.md lists the codes",
    "content": {CONTENT_TYPE: {"schema": SCHEMA}},
}


class _Parser(Parser):
    """Takes no text that a database cannot keep or look up; no operation has to ask."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body = super().parse_body(request)
        _texts_checked(body)
        return body

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        found = super().parse_querydict(data, list_fields, request)
        _texts_checked(found)
        return found


def _texts_checked(value: Any) -> None:
    # By a list of what is still to be seen: a body may be nested deeper than calls may be.
    rest = [value]
    while rest:
        match rest.pop():
            case str() as text:
                text_checked(text)
            case dict() as fields:
                rest += [*fields, *fields.values()]
            case list() as several:
                rest += several


class _Api(NinjaAPI):
    """Adds to each operation what every one of them may answer."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"]["default"] = _PROBLEM
        return schema


api = _Api(
    title="Lá Chắn",
    version="1",
    description="Indicators (IoC) that protect children online: check, lists, proposals, disputes.",
    docs_url=None,
    urls_namespace="v1",
    parser=_Parser(),
)


@api.exception_handler(LachanError)
def _domain_error(request: HttpRequest, error: LachanError) -> HttpResponse:
    return problem_for(error)


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "invalid-input", "the body cannot be read")


@api.exception_handler(ValidationError)
def _bad_shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    # The place and the kind of each fault, never the value that was sent.
    faults: list[dict[str, Any]] = [
        {"at": ".".join(str(p) for p in e["loc"]), "what": e["msg"]} for e in error.errors
    ]
    return problem(
        422, "invalid-input", "the request does not have the documented shape", faults=faults
    )
