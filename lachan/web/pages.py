"""Pagination: long lists, a page at a time; what is not on the first page must not be out of reach."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

_MOST = 100_000


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """Attributes: before, after: the numbers of the pages beside it; None where there is none."""

    rows: list[Any]
    before: int | None
    after: int | None


def page_number(request: HttpRequest) -> int:
    """Which one the address asks for, from 1."""
    text = request.GET.get("page", "")
    return min(max(int(text), 1), _MOST) if text.isdecimal() and len(text) < 9 else 1


def page_of(request: HttpRequest, rows: "Sequence[Any]", size: int) -> Page:
    """The page of `rows` (a queryset, or anything that can be sliced) that the address asks for."""
    number = page_number(request)
    found = list(rows[(number - 1) * size : number * size + 1])
    return page_cut(found, number, size)


def page_cut(found: list[Any], number: int, size: int) -> Page:
    """Page `number` from its rows and, where there is a next page, one more."""
    return Page(found[:size], number - 1 or None, number + 1 if len(found) > size else None)
