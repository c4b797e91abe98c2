"""The known names, read once from data/. A file in services/ or never_blocked/ is found by itself."""

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from lachan.formats.known_names.records import (
    NeverBlocked,
    Reviewed,
    SafeSearch,
    Service,
    ServiceKind,
    WayKind,
    WayRound,
)
from lachan.kernel.dated import data_read
from lachan.kernel.errors import NotFound

_PACKAGE = "lachan.formats.known_names"


@cache
def service_kind_list() -> tuple[ServiceKind, ...]:
    """What services are for, in the order in which they are shown."""
    return msgspec.convert(data_read(_PACKAGE, "service_kinds"), tuple[ServiceKind, ...])


@cache
def service_list() -> tuple[Service, ...]:
    """Every service, by its code."""
    return tuple(
        msgspec.convert({"code": code, **read}, Service) for code, read in _files("services")
    )


def service_get(code: str) -> Service:
    """Raises:
    NotFound: there is no such service.
    """
    if (found := _services().get(code)) is None:
        raise NotFound("there is no such service")
    return found


@cache
def services_of(code: str) -> frozenset[str]:
    """The services that a code of a rule means: itself, or all of a kind.

    Raises:
        NotFound: there is neither such a service nor such a kind.
    """
    found = frozenset(each.code for each in service_list() if code in {each.code, each.kind})
    if not found:
        raise NotFound("there is no such service")
    return found


@cache
def safe_search_list() -> tuple[SafeSearch, ...]:
    """Restricted modes that engines offer by DNS, in the order of the data."""
    return tuple(
        SafeSearch(
            engine=row["engine"],
            mode=row.get("mode", ""),
            names=(*row["names"], *_country_names(row)),
            target=row["target"],
            is_usual=row.get("is_usual", True),
            checked=date.fromisoformat(row["checked"]),
            source=row["source"],
        )
        for row in data_read(_PACKAGE, "safe_search")["engines"]
    )


@cache
def safe_search_targets(**modes: str) -> dict[str, str]:
    """Name → the name that it is an alias of in the usual modes, or in those named (`youtube="strict"`)."""
    return {
        name: row.target
        for row in safe_search_list()
        if (row.mode == modes[row.engine] if row.engine in modes else row.is_usual)
        for name in row.names
    }


@cache
def way_kind_list() -> tuple[WayKind, ...]:
    """Kinds of ways round, in the order in which they are shown."""
    return msgspec.convert(_ways()["kinds"], tuple[WayKind, ...])


@cache
def ways_round_list() -> tuple[WayRound, ...]:
    """Every known way round, kind by kind."""
    return tuple(
        WayRound(kind=kind, name=name) for kind, names in _ways()["names"].items() for name in names
    )


@cache
def never_blocked() -> tuple[NeverBlocked, ...]:
    """The frozen corpus of names that no list may block; this instance's own host is the caller's to add."""
    return tuple(
        NeverBlocked(name=name, care=read["care"], kind=kind, why=why)
        for kind, read in _files("never_blocked")
        for name, why in read["names"].items()
    )


def reviewed_read(raw: bytes) -> tuple[Reviewed, ...]:
    """A review file: a JSON list of exceptions.

    Raises:
        ValueError: it is none, it names what is not in the corpus, or no second person signed.
    """
    found = msgspec.json.decode(raw, type=tuple[Reviewed, ...])
    names = {each.name for each in never_blocked()}
    for each in found:
        if each.name not in names:
            raise ValueError(f"{each.name} is not in the corpus")
        first, second = each.who
        if not first or not second or first == second or len(each.why.strip()) < 10:
            raise ValueError(f"{each.name}: two persons and a reason of ten letters are wanted")
    return found


@cache
def reviewed_list() -> tuple[Reviewed, ...]:
    """The exceptions that the product itself brings."""
    return reviewed_read(json.dumps(data_read(_PACKAGE, "reviewed")).encode())


@cache
def _services() -> dict[str, Service]:
    return {each.code: each for each in service_list()}


@cache
def _ways() -> Any:
    return data_read(_PACKAGE, "ways_round")


def _country_names(row: dict[str, Any]) -> Iterator[str]:
    for ending in row.get("endings", ()):
        yield row["before_ending"] + ending


def _files(folder: str) -> Iterator[tuple[str, Any]]:
    held = resources.files(_PACKAGE).joinpath("data", folder)
    for file in sorted(held.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".json"):
            yield file.name.removesuffix(".json"), json.loads(file.read_text("utf-8"))
