"""Platforms where people have accounts: data/platforms.json, read once."""

import dataclasses
import json
import re
from functools import cache
from importlib import resources


@dataclasses.dataclass(frozen=True, slots=True)
class Platform:
    """One platform.

    Attributes:
        code: what stands before the colon of an account.
        aliases: how people write its name in passing.
        hosts: registrable names of its profile addresses; subdomains count too.
        handle: what a lower-case handle looks like.
        drop: letters that the platform itself ignores in a handle.
        cased: handles of this form keep their capitals.
        phone: a telephone number is a handle.
        paths: profile paths, one group each.
        reserved: first path segments that are no profile.
    """

    code: str
    name: str
    aliases: tuple[str, ...]
    hosts: tuple[str, ...]
    handle: re.Pattern[str]
    drop: str
    cased: re.Pattern[str] | None
    phone: bool
    paths: tuple[re.Pattern[str], ...]
    reserved: frozenset[str]


@cache
def platforms() -> dict[str, Platform]:
    """Every known platform by code."""
    source = resources.files("lachan.formats.observables").joinpath("data/platforms.json")
    rows = json.loads(source.read_text(encoding="utf-8"))["platforms"]
    return {
        row["code"]: Platform(
            code=row["code"],
            name=row["name"],
            aliases=tuple(row["aliases"]),
            hosts=tuple(row["hosts"]),
            handle=re.compile(row["handle"]),
            drop=row.get("drop", ""),
            cased=re.compile(row["cased"]) if "cased" in row else None,
            phone=row.get("phone", False),
            paths=tuple(re.compile(path) for path in row["paths"]),
            reserved=frozenset(row["not"]),
        )
        for row in rows
    }


@cache
def platform_names() -> dict[str, str]:
    """Lower-case name, code or alias → code."""
    names: dict[str, str] = {}
    for platform in platforms().values():
        for name in (platform.code, platform.name.lower(), *platform.aliases):
            names.setdefault(name, platform.code)
    return names


@cache
def _by_host() -> dict[str, Platform]:
    return {host: platform for platform in platforms().values() for host in platform.hosts}


def platform_of_host(host: str) -> Platform | None:
    """The platform whose profile addresses stand on `host` or above it (`vi-vn.facebook.com`)."""
    hosts = _by_host()
    while host:
        if host in hosts:
            return hosts[host]
        host = host.partition(".")[2]
    return None


def profile_of(host: str, path: str) -> tuple[Platform, str] | None:
    """The platform and handle that an address leads to; None where it is no plain profile.

    Args:
        host: canonical host name.
        path: path and query, with its leading slash.
    """
    if (platform := platform_of_host(host)) is None:
        return None
    bare, _, query = path.strip("/").partition("?")
    bare = bare.rstrip("/")
    for pattern in platform.paths:
        candidates = (bare, f"{bare}?{query}") if query else (bare,)
        for candidate in candidates:
            found = pattern.fullmatch(candidate)
            if found and found[1].lower() not in platform.reserved:
                return platform, found[1]
    return None
