"""The guard as this instance has it: `lachan.formats.guard` made of our data, what the operator keeps in
LACHAN_HOME/guard/, and the domains that member organisations call their own.
"""

from pathlib import Path

from django.conf import settings

from lachan.formats.guard.loading import (
    guard_build,
    guard_stamp,
    is_warning_list,
    operator_files,
)
from lachan.formats.guard.records import SitesHead, UnusableList
from lachan.formats.guard.rules import Guard
from lachan.formats.guard.sites import Sites, sites_path
from lachan.formats.guard.warninglists import warning_list_read
from lachan.members.selectors import organisation_domain_list

from .records import GuardList


def guard_load() -> Guard:
    """The guard as it stands now: our data, the operator's lists, the members' domains."""
    domains = tuple(sorted(set(organisation_domain_list())))
    return guard_build(guard_stamp(settings.LACHAN_HOME), domains)


def warning_lists(home: Path) -> list[GuardList]:
    """The operator's warning lists, each with what of it is in use; and what lies there but is not read."""
    sites = sites_path(home)
    found = []
    for path in operator_files(home):
        # Beside its lists, MISP's folder holds programs and texts.
        named = path.parent == sites.parent or ".json" in path.name.lower() or path.is_dir()
        if path != sites and (is_warning_list(path) or named):
            found.append(_described(path, str(path.relative_to(sites.parent))))
    return found


def _described(path: Path, file: str) -> GuardList:
    if not is_warning_list(path):
        return GuardList(file, fault="it is no file whose name ends in .json")
    try:
        found = warning_list_read(path.read_bytes())
    except (OSError, UnusableList) as error:
        return GuardList(file, fault=str(error))
    kinds, refused = tuple(sorted(found.kinds)), dict(found.refused)
    return GuardList(file, found.name, kinds, found.unused, found.taken, refused)


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
