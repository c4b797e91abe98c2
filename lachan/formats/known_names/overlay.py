"""The known names as the edge looks them up, and what one name is."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from lachan.formats.known_names.loading import (
    never_blocked,
    reviewed_list,
    service_list,
    way_kind_list,
    ways_round_list,
)
from lachan.formats.known_names.records import NEVER, SERVICE, WAY_ROUND, Known, Reviewed
from lachan.formats.observables.names import suffixes
from lachan.formats.snapshot.records import Action, Verdict

_SOURCE = "known names"


def overlay_verdicts(
    own_hosts: Iterable[str] = (), reviewed: Iterable[Reviewed] = ()
) -> tuple[Verdict, ...]:
    """All known names, each once, for a table of their own that lies over the ledger's.

    Category and action together say what a name is: `never:help` and `never:care` allow; `service:CODE`,
    `service:KIND` and `way-round:KIND` block for whoever's rules say so; a way round that is only ever shown warns.

    Args:
        own_hosts: this instance's own names: help, as the help lines are.
        reviewed: exceptions that the operator's people signed, besides those that the product brings.
    """
    return (*never_blocked_verdicts(own_hosts, reviewed), *_choosable())


def never_blocked_verdicts(
    own_hosts: Iterable[str] = (), reviewed: Iterable[Reviewed] = ()
) -> tuple[Verdict, ...]:
    """Those of them that nobody's list may block, without the reviewed ones: a name that its owner lost to strangers
    must not be sheltered for ever.
    """
    own = tuple(_verdict(host, (f"{NEVER}help",), "allow") for host in sorted(set(own_hosts)))
    taken = {each.value for each in own} | {each.name for each in (*reviewed_list(), *reviewed)}
    return own + tuple(
        _verdict(each.name, (f"{NEVER}{each.care}",), "allow")
        for each in never_blocked()
        if each.name not in taken
    )


def known_as(name: str) -> Known | None:
    """What a host name (canonical) is, by its longest known suffix; None where it is none of these."""
    table = _table()
    return next((table[each] for each in suffixes(name) if each in table), None)


@cache
def _choosable() -> tuple[Verdict, ...]:
    claims: defaultdict[str, list[str]] = defaultdict(list)
    for service in service_list():
        for name in service.domains:
            claims[name] += [f"{SERVICE}{service.code}", f"{SERVICE}{service.kind}"]
    for way in ways_round_list():
        claims[way.name].append(f"{WAY_ROUND}{way.kind}")
    shown = {f"{WAY_ROUND}{kind.code}" for kind in way_kind_list() if not kind.closes}
    return tuple(
        _verdict(name, tuple(said), "warn" if shown.issuperset(said) else "block")
        for name, said in claims.items()
    )


@cache
def _table() -> dict[str, Known]:
    return {
        each.value: Known(name=each.value, categories=each.categories)
        for each in overlay_verdicts()
    }


def _verdict(name: str, categories: tuple[str, ...], action: Action) -> Verdict:
    return Verdict(kind="domain", value=name, categories=categories, action=action, source=_SOURCE)
