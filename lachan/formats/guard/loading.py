"""The guard made of files. Rules are data: data/, and what the operator keeps in LACHAN_HOME/guard/ (MISP warning
lists, and the well-known sites of `lachan guard update`).

Processes without the database read the members' domains from a file that the shield keeps beside the snapshot.
"""

import contextlib
import dataclasses
import ipaddress
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from lachan.formats.guard.declared import rule_lists
from lachan.formats.guard.records import UnusableList
from lachan.formats.guard.rules import Guard, Rule, Search
from lachan.formats.guard.sites import Sites, sites_path
from lachan.formats.guard.warninglists import Parts, WarningList, warning_list_read
from lachan.formats.known_names.loading import never_blocked
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import Observable
from lachan.kernel.country import Country, here
from lachan.kernel.files import file_write

log = logging.getLogger(__name__)
_NAMES_RULE, _OTHERS_RULE = "well-known", "warning-list"
_EMERGENCY = Rule("emergency-number", "it is an emergency or help line")
_MEMBER = Rule("member", "it belongs to a member organisation", below=True, paths=True)
# (path, moment of the last change, size): a changed list is read anew, without a restart.
Stamp = tuple[tuple[str, int, int], ...]


def domains_path(home: Path) -> Path:
    return home / "snapshots" / "members.json"


def domains_write(home: Path, domains: Iterable[str]) -> None:
    """Keep the members' domains where they changed.

    Raises:
        OSError: the disk would not; what stood there stays.
    """
    raw = json.dumps(sorted(set(domains))).encode()
    path = domains_path(home)
    if path.exists() and path.read_bytes() == raw:
        return
    file_write(path, raw, mode=0o644)


def domains_read(home: Path) -> tuple[str, ...]:
    """The members' domains; none where there is no such file, or it is damaged."""
    try:
        found = json.loads(domains_path(home).read_bytes())
    except (OSError, ValueError):
        return ()
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def guard_build(stamp: Stamp, domains: tuple[str, ...]) -> Guard:
    """The guard of these files, of the country's and of the domains that members call their own."""
    return _build(stamp, domains, here())


@lru_cache(maxsize=2)
def _build(stamp: Stamp, domains: tuple[str, ...], country: Country) -> Guard:
    base = _base(stamp, country)
    guard = dataclasses.replace(base, exact={**base.exact}, above={**base.above})
    guard.add_names(_MEMBER, domains)
    return guard


@lru_cache(maxsize=2)
def _base(stamp: Stamp, country: Country) -> Guard:
    guard = Guard()
    # First: of several reasons this one is told.
    for known in never_blocked():
        rule = Rule("never-blocked", f"children must reach it: {known.why}", below=True, paths=True)
        guard.add_names(rule, [known.name])
    for group in (*_groups(), *_country_groups(country)):
        _add_group(guard, group)
    for number in _numbers_to_call(country):
        guard.add_value(_EMERGENCY, number)
    for path in (Path(name) for name, *_ in stamp):
        try:
            if is_warning_list(path):
                _add_list(guard, path)
            else:
                guard.sites = Sites(path)
        except (OSError, UnusableList) as error:
            log.warning("guard list %s cannot be used: %s", path, error)
    return guard


@cache
def _groups() -> list[dict[str, Any]]:
    """Every group of our own data, in the order of its files and in them."""
    folder = resources.files("lachan.formats.guard").joinpath("data")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    data = [json.loads(folder.joinpath(name).read_text("utf-8")) for name in files]
    return [group for each in (*data, *rule_lists()) for group in each.get("groups", ())]


def _country_groups(country: Country) -> list[dict[str, Any]]:
    """What only the country's people know to be harmless; a country may leave it to the lists of all."""
    groups: list[dict[str, Any]] = country.read("guard")["groups"] if country.has("guard") else []
    return groups


def _numbers_to_call(country: Country) -> Iterator[Observable]:
    """Every help line that the country has or had, and what else is dialled in need, in canonical form."""
    lines = (row["number"] for row in country.read("help_lines"))
    for number in (*lines, *country.read("phones")["emergency"]):
        yield parse(number, "phone")


def _add_group(guard: Guard, group: dict[str, Any]) -> None:
    rule = Rule(
        group["rule"], group["reason"], group.get("below", False), group.get("paths", False)
    )
    guard.add_names(rule, group.get("names", ()))
    for network in group.get("networks", ()):
        guard.add_network(rule, ipaddress.ip_network(network))
    for kind, values in group.get("values", {}).items():
        for value in values:
            guard.add_value(rule, Observable(kind, value))


def operator_files(home: Path) -> list[Path]:
    """What lies in LACHAN_HOME/guard/ and in the folders below, so that a copy of MISP's own folder is taken as it is.

    Hidden files and folders are left out; a folder that cannot be looked into stands for what is in it.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()  # a link may lead back to where it stands

    def unread(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            found.append(Path(error.filename))

    for folder, below, names in os.walk(home / "guard", onerror=unread, followlinks=True):
        with contextlib.suppress(OSError):  # gone meanwhile
            stat = Path(folder).stat()
            if (stat.st_dev, stat.st_ino) in seen:
                below.clear()
                continue
            seen.add((stat.st_dev, stat.st_ino))
        below[:] = sorted(name for name in below if not name.startswith("."))
        found += [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
    return found


def is_warning_list(path: Path) -> bool:
    """Whether a file of the operator's is read as a warning list, by its name."""
    return path.suffix.lower() == ".json"


def guard_stamp(home: Path) -> Stamp:
    """What the operator keeps, and when it last changed."""
    found = []
    for path in (*filter(is_warning_list, operator_files(home)), sites_path(home)):
        try:
            stat = path.stat()
        except OSError:  # gone meanwhile, or never there
            continue
        found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _add_list(guard: Guard, path: Path) -> None:
    found = warning_list_read(path.read_bytes())
    names, others = (Rule(rule, found.reason) for rule in (_NAMES_RULE, _OTHERS_RULE))
    guard.add_names(names, found.names)
    for network in found.networks:
        guard.add_network(names, network)
    for name in found.mail:
        guard.mail.setdefault(name, others)
    for value in found.values:
        guard.add_value(others, value)
    guard.searches += [(found.kinds, search, others) for search in _searches_of(found)]
    if said := _unheard(found):
        log.warning("guard list %s: %s", path, said)


def _searches_of(found: WarningList) -> list[Search]:
    searches = [partial(_matched, pattern) for pattern in found.patterns]
    return [Parts(found.parts).search, *searches] if found.parts else [*searches]


def _matched(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[0] if match else None


def _unheard(found: WarningList) -> str:
    """What of a list is not in use, in words for the log; empty where all is."""
    said = [f"{number} entries refused ({reason})" for reason, number in found.refused.items()]
    if found.unused:
        said.append(f"no kind of ours: {', '.join(found.unused)}")
    return "; ".join(said)
