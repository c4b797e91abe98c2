"""The guard against harm: what must not be blocked without somebody naming the reason.

Rules are data: data/guard/, what the operator keeps in LACHAN_HOME/guard/ (MISP warning lists, and the well-known
sites of `lachan guard update`), what a name itself tells (`signals`), and the domains that member organisations
call their own. A name is guarded together with every name above it: whoever blocks `example.vn` blocks
`school.example.vn` too.
"""

import dataclasses
import ipaddress
import json
import logging
import re
from functools import cache, lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings

from lachan.formats.observables.record import Observable
from lachan.members.selectors import organisation_domain_list

from .guard_rules import Guard, Rule, Search
from .records import GuardList, SitesHead, UnusableList
from .sites import Sites, sites_path
from .warninglists import Parts, WarningList, warning_list_read

log = logging.getLogger(__name__)
_NAMES_RULE, _OTHERS_RULE = "well-known", "warning-list"
_MEMBER = Rule("member", "it belongs to a member organisation", below=True, paths=True)
# (path, moment of the last change, size): a changed list is read anew, without a restart.
Stamp = tuple[tuple[str, int, int], ...]


def guard_load() -> Guard:
    """The guard as it stands now: our data, the operator's lists, the members' domains."""
    return _with_members(_stamp(), tuple(sorted(set(organisation_domain_list()))))


@lru_cache(maxsize=2)
def _with_members(stamp: Stamp, domains: tuple[str, ...]) -> Guard:
    base = _base(stamp)
    guard = dataclasses.replace(base, exact={**base.exact}, above={**base.above})
    guard.add_names(_MEMBER, domains)
    return guard


@lru_cache(maxsize=2)
def _base(stamp: Stamp) -> Guard:
    guard = Guard()
    for group in _groups():
        _add_group(guard, group)
    for path in (Path(name) for name, *_ in stamp):
        try:
            if path.suffix == ".json":
                _add_list(guard, path)
            else:
                guard.sites = Sites(path)
        except (OSError, UnusableList) as error:
            log.warning("guard list %s cannot be used: %s", path.name, error)
    return guard


@cache
def _groups() -> list[dict[str, Any]]:
    """Every group of our own data, in the order of its files and in them."""
    folder = resources.files("lachan.indicators").joinpath("data/guard")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    data = [json.loads(folder.joinpath(name).read_text("utf-8")) for name in files]
    return [group for each in data for group in each.get("groups", ())]


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


def _stamp() -> Stamp:
    sites = sites_path(settings.LACHAN_HOME)
    found = []
    for path in (*sorted(sites.parent.glob("*.json")), sites):
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
        log.warning("guard list %s: %s", path.name, said)


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


def warning_lists(home: Path) -> list[GuardList]:
    """The operator's warning lists, each with what of it is in use."""
    return [_described(path) for path in sorted((home / "guard").glob("*.json"))]


def _described(path: Path) -> GuardList:
    try:
        found = warning_list_read(path.read_bytes())
    except (OSError, UnusableList) as error:
        return GuardList(path.name, fault=str(error))
    kinds, refused = tuple(sorted(found.kinds)), dict(found.refused)
    return GuardList(path.name, found.name, kinds, found.unused, found.taken, refused)


def sites_head(home: Path) -> SitesHead | None:
    """The list of well-known sites, whole; None where there is none.

    Raises:
        UnusableList: damaged.
    """
    try:
        sites = Sites(sites_path(home))
    except FileNotFoundError:
        return None
    sites.verify()
    return sites.head
