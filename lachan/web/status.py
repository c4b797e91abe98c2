"""The status page, how the parts stand: every room may say it of its own.

    @part(order=10, title=_("Asking whether an address is safe"))
    def asking():
        return Stand(works=…)

A room registers in its `status.py`, which is found by itself. A process that serves pages looks at all of them
every few seconds (`status_look`) and puts down what it saw; the page shows that, and so waits for nothing that
hangs and needs no database.
"""

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from django.db import connections

from lachan.kernel.clock import now
from lachan.kernel.files import file_write

log = logging.getLogger(__name__)

_NEW_SECONDS = 8.0  # another process has looked just now
_OLD_SECONDS = 60.0  # what was seen longer ago says nothing of now


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stand:
    """Attributes: since: when it began to be so, where the part knows; else it counts from when it was seen."""

    works: bool
    since: datetime | None = None


Look = Callable[[], Stand | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartStatus:
    """Attributes: works: None where nobody has looked just now; since: when it began to be so."""

    title: str
    works: bool | None
    since: datetime | None


class _Seen(msgspec.Struct, frozen=True):
    works: bool
    since: float


class _Looked(msgspec.Struct):
    """`run/status.json`: of each part that runs here what was seen, and when."""

    at: float = 0.0
    parts: dict[str, _Seen] = msgspec.field(default_factory=dict)


_PARTS: dict[str, tuple[int, str, Look]] = {}


def part(*, order: int, title: str) -> Callable[[Look], Look]:
    """Register a part; it answers None where it is not run here. An exception means that it does not work.

    Args:
        order: those with the smaller number come first.
        title: for everybody, children among them; translated when it is shown.
    """

    def register(look: Look) -> Look:
        _PARTS[f"{look.__module__}.{look.__qualname__}"] = (order, title, look)
        return look

    return register


def status_look(home: Path) -> None:
    """Look at every part and put down what was seen; one process of several does, for all of them."""
    before, at = _read(home), now().timestamp()
    if 0 <= at - before.at < _NEW_SECONDS:
        return
    try:
        found = {name: seen for name, (_, _, look) in _PARTS.items() if (seen := _seen(look))}
    finally:
        connections.close_all()  # of this thread
    # Nobody was there to see it go on meanwhile: what works now has worked since now, as far as is known.
    kept = before.parts if 0 <= at - before.at < _OLD_SECONDS else {}
    parts: dict[str, _Seen] = {}
    for name, stand in found.items():
        last = before.parts.get(name)
        if last is not None and last.works != stand.works:
            log.warning("%s %s", name, "works again" if stand.works else "does not work")
        goes_on = name in kept and kept[name].works == stand.works
        since = kept[name].since if goes_on else at
        parts[name] = _Seen(stand.works, stand.since.timestamp() if stand.since else since)
    _write(home, _Looked(at, parts))


def status_list(home: Path) -> list[PartStatus]:
    """What was seen last, in order; never an error."""
    looked, at = _read(home), now().timestamp()
    is_old = not 0 <= at - looked.at < _OLD_SECONDS
    return [
        PartStatus(
            title=str(title),
            works=None if is_old else seen.works,
            since=None if is_old else _moment(seen.since),
        )
        for name, (_, title, _) in sorted(_PARTS.items(), key=lambda entry: (entry[1][0], entry[0]))
        if (seen := looked.parts.get(name)) is not None
    ]


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _seen(look: Look) -> Stand | None:
    try:
        return look()
    except Exception:  # noqa: BLE001  one broken part must not hide how the others stand
        return Stand(works=False)


def _file(home: Path) -> Path:
    return home / "run" / "status.json"


def _read(home: Path) -> _Looked:
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=_Looked)
    except (OSError, ValueError):
        return _Looked()


def _write(home: Path, looked: _Looked) -> None:
    """A full or read-only disk must not stop pages; what stands there grows old, and is said to be."""
    with contextlib.suppress(OSError):
        file_write(_file(home), msgspec.json.encode(looked), mode=0o644, durable=False)
