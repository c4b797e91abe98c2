"""The guard against harm: what must not be blocked without somebody naming the reason.

Rules are data: data/guard.json, larger lists under LACHAN_HOME/guard/ (MISP warning lists), and the domains
that member organisations call their own. A name is guarded together with every name above it: whoever blocks
`example.vn` blocks `school.example.vn` too.
"""

import dataclasses
import ipaddress
import json
import logging
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings

from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.names import is_public_suffix, suffixes
from lachan.formats.observables.record import Observable
from lachan.members.selectors import organisation_domain_list

from .records import GuardWarning

log = logging.getLogger(__name__)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MISP_RULE = "well-known"
_MISP_TYPES = {"hostname", "string"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Rule:
    rule: str
    reason: str
    below: bool = False
    paths: bool = False


@dataclasses.dataclass
class Guard:
    """The rules, ready to ask; one instance serves a request or a whole import.

    Attributes:
        exact: guarded name → its rule.
        above: name above a guarded one → the rule and the guarded name.
        values: (kind, value) → rule, for numbers and fingerprints.
        networks: guarded addresses.
    """

    exact: dict[str, _Rule] = dataclasses.field(default_factory=dict)
    above: dict[str, tuple[_Rule, str]] = dataclasses.field(default_factory=dict)
    values: dict[tuple[str, str], _Rule] = dataclasses.field(default_factory=dict)
    networks: list[tuple[Network, _Rule]] = dataclasses.field(default_factory=list)

    def add_names(self, rule: _Rule, names: Iterable[str]) -> None:
        for name in names:
            self.exact.setdefault(name, rule)
            for above in suffixes(name):
                if above != name:
                    self.above.setdefault(above, (rule, name))

    def add_values(self, rule: _Rule, kind: str, values: Iterable[str]) -> None:
        self.values.update({(kind, value): rule for value in values})

    def add_network(self, rule: _Rule, network: Network) -> None:
        self.networks.append((network, rule))

    def check(self, observable: Observable) -> tuple[GuardWarning, ...]:
        """Why publishing this would do harm; empty when nothing speaks against it."""
        kind, value = observable.kind, observable.value
        if kind == "domain":
            return self._check_name(value)
        if kind == "url":
            return self._check_url(value)
        if kind in {"ipv4", "ipv6"}:
            return self._check_address(value)
        if kind == "email":
            return self._check_path(value.rpartition("@")[2])
        rule = self.values.get((kind, value))
        return (_warning(rule, value),) if rule else ()

    def _check_name(self, name: str) -> tuple[GuardWarning, ...]:
        found = []
        if is_public_suffix(name):
            found.append(_warning(_SUFFIX, name))
        if rule := self.exact.get(name):
            found.append(_warning(rule, name))
        else:
            above = self._guarded_above(name)
            if above and (self.exact[above].below or name in _variants(above)):
                found.append(_warning(self.exact[above], above))
        if not found and name in self.above:
            rule, below = self.above[name]
            found.append(_warning(rule, below))
        return tuple(found)

    def _guarded_above(self, name: str) -> str:
        # A plain loop: an import asks this of every line.
        while name:
            name = name.partition(".")[2]
            if name in self.exact:
                return name
        return ""

    def _check_url(self, url: str) -> tuple[GuardWarning, ...]:
        kind, host = host_of(url)
        whole = url.partition("://")[2].partition("/")[2] == ""
        if kind != "domain":
            return self._check_address(host)
        if whole:
            return self._check_name(host)
        # `http://com.vn/a` covers that path on every site below.
        return (_warning(_SUFFIX, host),) if is_public_suffix(host) else self._check_path(host)

    def _check_path(self, host: str) -> tuple[GuardWarning, ...]:
        """One address on a well-known site is the right way to block there; not so on a school's."""
        for name in suffixes(host):
            rule = self.exact.get(name)
            if rule and rule.paths:
                return (_warning(rule, name),)
        return ()

    def _check_address(self, text: str) -> tuple[GuardWarning, ...]:
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if not address.is_global or address.is_multicast:
            return (_warning(_RESERVED, text),)
        for network, rule in self.networks:
            if address in network:
                return (_warning(rule, str(network)),)
        return ()


_SUFFIX = _Rule("public-suffix", "strangers register names below it")
_RESERVED = _Rule(
    "reserved-address", "it is a private or reserved address, another one for everybody"
)
_MEMBER = _Rule("member", "it belongs to a member organisation", below=True, paths=True)


def _warning(rule: _Rule, matched: str) -> GuardWarning:
    return GuardWarning(rule.rule, matched, rule.reason)


def _variants(name: str) -> set[str]:
    return {f"www.{name}", f"m.{name}"}


def guard_load() -> Guard:
    """The guard as it stands now: our data, the operator's lists, the members' domains."""
    base = _base(_stamp())
    guard = dataclasses.replace(base, exact={**base.exact}, above={**base.above})
    guard.add_names(_MEMBER, organisation_domain_list())
    return guard


@lru_cache(maxsize=2)
def _base(stamp: tuple[tuple[str, int], ...]) -> Guard:
    guard = Guard()
    for rule in _data()["rules"]:
        known = _Rule(rule["rule"], rule["reason"], rule["below"], rule.get("paths", False))
        guard.add_names(known, rule["names"])
    addresses, numbers, digests = (_data()[part] for part in ("addresses", "numbers", "digests"))
    known = _Rule(addresses["rule"], addresses["reason"])
    for name in addresses["names"]:
        guard.add_network(known, ipaddress.ip_network(name))
    guard.add_values(_Rule(numbers["rule"], numbers["reason"]), "phone", numbers["names"])
    for kind, values in digests["names"].items():
        guard.add_values(_Rule(digests["rule"], digests["reason"]), kind, values)
    for path, _ in stamp:
        _add_misp(guard, Path(path))
    return guard


@cache
def _data() -> dict[str, Any]:
    text = resources.files("lachan.indicators").joinpath("data/guard.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _stamp() -> tuple[tuple[str, int], ...]:
    """The operator's lists and when each last changed: a changed one is read anew, without a restart."""
    folder = settings.LACHAN_HOME / "guard"
    return tuple((str(path), path.stat().st_mtime_ns) for path in sorted(folder.glob("*.json")))


def _add_misp(guard: Guard, path: Path) -> None:
    """A MISP warning list of type hostname, string or cidr; a broken file is said and left out alone."""
    try:
        data = json.loads(path.read_bytes())
        rule = _Rule(_MISP_RULE, str(data.get("description") or data["name"])[:200])
        values = [str(value).strip().lower() for value in data["list"]]
        if data["type"] in _MISP_TYPES:
            guard.add_names(rule, (value.strip(".") for value in values if value))
        elif data["type"] == "cidr":
            for value in values:
                guard.add_network(rule, ipaddress.ip_network(value, strict=False))
        else:
            log.warning("guard list %s: type %r is not used", path.name, str(data["type"])[:20])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("guard list %s cannot be used: %s", path.name, type(error).__name__)
