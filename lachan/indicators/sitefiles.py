"""Files that name well-known sites: Tranco's and its like, a plain list, a MISP warning list; also packed.

Tranco, Cisco Umbrella: `place,name`. Majestic, Cloudflare Radar, Chrome UX Report: columns with a head, origins
instead of names. https://tranco-list.eu says how such a list is made and why it should be.
"""

import csv
import gzip
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from lachan.formats.guard.records import SiteFile, SitesHead, UnusableList
from lachan.formats.guard.sites import LAST_PLACE, SitesWriter, sites_path
from lachan.formats.guard.warninglists import warning_list_read
from lachan.formats.observables.names import canonical_name
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.bounds import LATEST, number_read
from lachan.kernel.clock import now
from lachan.kernel.errors import Unavailable
from lachan.members.policy import policy_check
from lachan.members.records import Actor
from lachan.members.services import audit_record

from .audit_actions import IndicatorAudit
from .policy import Action

_NAME_HEADS = ("domain", "origin", "host", "hostname", "site", "name")
_PLACE_HEADS = ("rank", "globalrank", "place", "position")
_LONGEST_LINE = 4096
_CUT = (zlib.error, lzma.LZMAError, EOFError)
# A million names are 22 MB; what is larger than this by far is no list of sites, whatever it was packed into.
_LARGEST = 1 << 29


def sites_replace(*, by: Actor, files: Sequence[Path], top: int = LAST_PLACE) -> SitesHead:
    """Make the operator's list of well-known sites anew of these files; processes that run take it up by themselves.

    Args:
        top: of each file only what stands in this place or above it; a list without places is taken whole.

    Raises:
        UnusableList: one of them is no list of names; the list that stood there stays.
        Unavailable: one cannot be read, or the list cannot be written. Refused: by policy.
    """
    policy_check(by, Action.INDICATOR_IMPORT, organisation_id=by.organisation_id)
    sites = SitesWriter()
    try:
        read = tuple(_file_read(path, sites, top=top) for path in files)
        head = sites.write(sites_path(settings.LACHAN_HOME), made_at=now(), files=read)
    except OSError as error:
        raise Unavailable(f"{error.filename}: {error.strerror}") from None
    with transaction.atomic():
        audit_record(by=by, action=IndicatorAudit.GUARD_UPDATE, detail={"names": head.names})
    return head


def _file_read(path: Path, into: SitesWriter, *, top: int) -> SiteFile:
    """Add a file's first `top` names to `into`; what became of its lines.

    Raises:
        UnusableList: it is no list of names: no name in it, or more lines refused than taken.
        OSError: it cannot be read.
    """
    refused: Counter[str] = Counter()
    taken = 0
    try:
        with path.open("rb") as file:
            for place, name in _places(_unpacked(file), refused):
                if place <= top:
                    into.add(name, place)
                    taken += 1
    except (zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, *_CUT):
        raise UnusableList(f"{path.name}: it cannot be unpacked") from None
    except UnusableList as error:
        raise UnusableList(f"{path.name}: {error}") from None
    if not taken or refused.total() > taken:
        why = ", ".join(f"{number} {reason}" for reason, number in refused.most_common(3))
        raise UnusableList(f"{path.name}: it is no list of names ({why or 'it is empty'})")
    changed = min(path.stat().st_mtime, LATEST.timestamp())
    dated = datetime.fromtimestamp(max(changed, 0), UTC).date()
    return SiteFile(path.name, dated, taken, dict(refused))


def _unpacked(file: BinaryIO) -> BinaryIO:
    start = file.read(4)
    file.seek(0)
    if start == b"PK\x03\x04":
        packed = zipfile.ZipFile(file)
        inner = [info for info in packed.infolist() if not info.is_dir()]
        if len(inner) != 1 or inner[0].flag_bits & 1:
            raise UnusableList("it holds not one readable file but several, or none")
        return packed.open(inner[0])  # type: ignore[return-value]
    return gzip.open(file) if start[:2] == b"\x1f\x8b" else file  # type: ignore[return-value]


def _places(stream: BinaryIO, refused: Counter[str]) -> Iterator[tuple[int, str]]:
    """Each name with its place, 0 where the file gives none."""
    with io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline=None) as text:
        start = text.readline(_LONGEST_LINE)
        if start.lstrip().startswith("{"):
            # One JSON object: it has to be held whole. Its names stand in the order of the alphabet.
            found = warning_list_read((start + text.read(_LARGEST)).encode())
            if not found.names:
                raise UnusableList("it names no sites; put it into LACHAN_HOME/guard/ itself")
            refused.update(found.refused)
            yield from ((0, name) for name in found.names)
        else:
            yield from _rows(_lines(start, text), refused)


def _lines(start: str, text: io.TextIOWrapper) -> Iterator[str]:
    read = 0
    line = start
    while line:
        read += len(line)
        if read > _LARGEST:
            raise UnusableList("it is larger than a list of sites can be")
        yield line
        line = text.readline(_LONGEST_LINE)


def _rows(lines: Iterator[str], refused: Counter[str]) -> Iterator[tuple[int, str]]:
    head: tuple[int, int] | None = None
    first = True
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        fields = _fields(stripped)
        was_first, first = first, False
        if was_first and (head := _head(fields)):
            continue
        place, name = _columns(fields, head)
        try:
            yield place, _name(name)
        except InvalidObservable as error:
            refused[error.reason] += 1


def _fields(line: str) -> list[str]:
    separator = next((one for one in ",;\t" if one in line), None)
    if separator is None:
        return [line]
    if '"' in line:
        return [field.strip() for field in next(csv.reader([line], delimiter=separator))]
    return [field.strip() for field in line.split(separator)]


def _head(fields: list[str]) -> tuple[int, int] | None:
    """Which column names the site, and which its place (-1: none); None where the row is no head."""
    lowered = [field.lower().replace(" ", "").replace("_", "") for field in fields]
    names = [lowered.index(head) for head in _NAME_HEADS if head in lowered]
    places = [lowered.index(head) for head in _PLACE_HEADS if head in lowered]
    return (names[0], places[0] if places else -1) if names else None


def _columns(fields: list[str], head: tuple[int, int] | None) -> tuple[int, str]:
    """A row's place, 0 where it says none, and its name."""
    if head is None:
        at = 1 if len(fields) > 1 and fields[0].isdecimal() else 0
        head = (at, 1 - at if len(fields) > 1 else -1)
    name, place = (fields[at] if 0 <= at < len(fields) else "" for at in head)
    return number_read(place, high=LAST_PLACE) or 0, name


def _name(text: str) -> str:
    host = text.partition("://")[2] or text
    return canonical_name(host.partition("/")[0].partition(":")[0])
