"""Platforms where people have accounts: data/platforms.json, read once."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from lachan.kernel.dated import data_read

_PARAMETERS = 40


@dataclasses.dataclass(frozen=True, slots=True)
class Platform:
    """One platform.

    Attributes:
        code: what stands before the colon of an account.
        aliases: how people write its name in passing.
        hosts: names of its profile addresses.
        mirrors: what may stand before one of them and shows the same profiles: `m`, `vi-vn`.
        named_hosts: hosts below which a profile has a name of its own (`ten.t.me`).
        handle: what a lower-case handle looks like.
        drop: letters that the platform itself ignores in a handle.
        cased: handles of this form keep their capitals.
        person_of: the platform whose account its handles are; its own code is what entries had before.
        phone: a telephone number is a handle.
        paths: profile paths, one group each; what stands below one belongs to the account.
        posts: other paths, one group each, of what an account put there.
        reserved: first path segments that are no profile.
    """

    code: str
    name: str
    aliases: tuple[str, ...]
    hosts: tuple[str, ...]
    mirrors: re.Pattern[str]
    named_hosts: tuple[str, ...]
    handle: re.Pattern[str]
    drop: str
    cased: re.Pattern[str] | None
    person_of: str
    phone: bool
    paths: tuple[re.Pattern[str], ...]
    posts: tuple[re.Pattern[str], ...]
    reserved: frozenset[str]


@cache
def platforms() -> dict[str, Platform]:
    """Every known platform by code."""
    return {
        row["code"]: Platform(
            code=row["code"],
            name=row["name"],
            aliases=tuple(row["aliases"]),
            hosts=tuple(row["hosts"]),
            mirrors=re.compile(row.get("mirrors", "www")),
            named_hosts=tuple(row.get("named_hosts", ())),
            handle=re.compile(row["handle"]),
            drop=row.get("drop", ""),
            cased=re.compile(row["cased"]) if "cased" in row else None,
            person_of=row.get("person_of", ""),
            phone=row.get("phone", False),
            paths=_compiled(row["paths"]),
            posts=_compiled(row.get("posts", ())),
            reserved=frozenset(row["not"]),
        )
        for row in _data()["platforms"]
    }


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = data_read("lachan.formats.observables", "platforms")
    return data


def _compiled(paths: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(?:{path})(?P<below>/.*)?", re.DOTALL) for path in paths)


@cache
def platform_names() -> dict[str, str]:
    """Lower-case name, code or alias → code."""
    names: dict[str, str] = {}
    for platform in platforms().values():
        for name in (platform.code, platform.name.lower(), *platform.aliases):
            names.setdefault(name, platform.code)
    return names


class Ownership(NamedTuple):
    """Whose an address is, and whether it is the profile itself rather than something on it."""

    platform: Platform
    handle: str
    profile: bool


@cache
def _by_host() -> dict[str, Platform]:
    return {host: platform for platform in platforms().values() for host in platform.hosts}


def platform_of_host(host: str) -> Platform | None:
    """The platform that `host` or a name above it is of, whatever stands there."""
    return _host_above(host)[1]


def _host_above(host: str) -> tuple[str, Platform | None]:
    """What stands before a platform's host, and the platform."""
    hosts = _by_host()
    labels = host.split(".")
    for depth in range(2, min(len(labels), 3) + 1):
        if found := hosts.get(".".join(labels[-depth:])):
            return ".".join(labels[:-depth]), found
    return "", None


@cache
def _named_hosts() -> tuple[str, ...]:
    return tuple(f".{host}" for each in platforms().values() for host in each.named_hosts)


def is_profile_host(host: str) -> bool:
    """Whether a bare name in lower case is somebody's profile: `ten.t.me`."""
    return host.endswith(_named_hosts()) and owner_of(host, "/") is not None


def owner_of(host: str, path: str) -> Ownership | None:
    """Whose account an address leads to, or something that the account put there; None for nobody's.

    Only the platform's own profile hosts count: `developers.facebook.com/docs` is a page of the platform's.

    Args:
        host: canonical host name.
        path: path and query, with its leading slash, escaped or not.
    """
    before, platform = _host_above(host)
    if platform is None:
        return None
    path, _, query = path.partition("?")
    path = unquote(path).strip("/")
    if before and not platform.mirrors.fullmatch(before):
        named = host.endswith(tuple(f".{each}" for each in platform.named_hosts))
        if not named or "." in before or _is_nobodys(platform, before):
            return None
        return Ownership(platform, before, _is_tab(path))
    for candidate in _candidates(path, query):
        for patterns in (platform.paths, platform.posts):
            for pattern in patterns:
                found = pattern.fullmatch(candidate)
                if found and not _is_nobodys(platform, found[1]):
                    below = (found["below"] or "").strip("/")
                    profile = patterns is platform.paths and _is_tab(below)
                    return Ownership(platform, found[1], profile)
    return None


def _candidates(path: str, query: str) -> Iterator[str]:
    """The path, and the path with each parameter alone: others (`mibextid=…`) say how one came there."""
    yield path
    for parameter in query.split("&", _PARAMETERS)[:_PARAMETERS] if query else ():
        yield f"{path}?{unquote(parameter)}"


def _is_tab(below: str) -> bool:
    """Whether what stands below a profile's address shows the profile still."""
    return not below or below in _tabs()


@cache
def _tabs() -> frozenset[str]:
    return frozenset(_data()["tabs"])


@cache
def _files() -> re.Pattern[str]:
    return re.compile(_data()["files"])


def _is_nobodys(platform: Platform, handle: str) -> bool:
    """Whether a name where a profile's could stand is a page's or a file's."""
    lowered = handle.lower()
    return lowered in platform.reserved or _files().fullmatch(lowered) is not None
