"""Planned maintenance: when, and nothing else, so that the page can say it in every language.

It stands in LACHAN_HOME/maintenance.json, since it has to be read while the database is away.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from lachan.kernel.clock import now
from lachan.kernel.errors import Conflict, InvalidInput, NotFound
from lachan.kernel.files import file_write

_MOST = 50


class Maintenance(msgspec.Struct, frozen=True, order=True):
    """Attributes: begins, ends: aware moments."""

    begins: datetime
    ends: datetime


def maintenance_list(home: Path) -> list[Maintenance]:
    """What is planned or goes on, soonest first; none where the file cannot be read."""
    try:
        planned = msgspec.json.decode(_file(home).read_bytes(), type=list[Maintenance])
        return sorted(one for one in planned if one.ends > now())
    except (OSError, ValueError, TypeError):
        return []


def maintenance_plan(home: Path, *, begins: datetime, ends: datetime) -> None:
    """Say that parts will rest from `begins` until `ends`.

    Raises:
        InvalidInput: it would end before it begins, or has ended.
        Conflict: far too many are planned.
    """
    if not begins < ends or ends <= now():
        raise InvalidInput("maintenance ends after it begins, and not in the past")
    planned = {*maintenance_list(home), Maintenance(begins, ends)}
    if len(planned) > _MOST:
        raise Conflict(f"{_MOST} are planned already: cancel some")
    _write(home, planned)


def maintenance_cancel(home: Path, begins: datetime) -> None:
    """Raises:
    NotFound: none begins then.
    """
    planned = maintenance_list(home)
    kept = {one for one in planned if one.begins != begins}
    if len(kept) == len(planned):
        raise NotFound("no maintenance begins then; `lachan maintenance list` says when they do")
    _write(home, kept)


def _file(home: Path) -> Path:
    return home / "maintenance.json"


def _write(home: Path, planned: set[Maintenance]) -> None:
    file_write(_file(home), msgspec.json.encode(sorted(planned)))
