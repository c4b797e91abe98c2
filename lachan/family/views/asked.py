"""What views ask of a request of a household, and what several of them show."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import segno
from django.http import HttpRequest

from lachan.family.records import ChildShown, Sort


def key_of(request: HttpRequest) -> str:
    return request.household.key


def is_school(request: HttpRequest) -> bool:
    return bool(request.household.household.sort == Sort.SCHOOL)


def qr(text: str) -> str:
    return segno.make(text, error="m").svg_data_uri(scale=4, border=4)


def uids(texts: Iterable[str]) -> list[uuid.UUID]:
    """Those that are any."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def lesson_end(shown: ChildShown) -> datetime | None:
    """When a class's lesson ends, where one goes on."""
    return datetime.fromtimestamp(shown.lesson.until, UTC) if shown.lesson else None
