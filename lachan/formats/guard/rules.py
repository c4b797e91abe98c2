"""The guard's rules, ready to ask: what must not be blocked without somebody naming the reason."""

import dataclasses
import ipaddress
from collections.abc import Callable, Iterable

from lachan.formats.guard.declared import guard_rules
from lachan.formats.guard.records import GuardWarning
from lachan.formats.guard.signals import Signal, signal_of
from lachan.formats.guard.sites import Sites
from lachan.formats.guard.warninglists import Network
from lachan.formats.observables.lookups import host_of, match_key, parents
from lachan.formats.observables.names import is_public_suffix, suffixes
from lachan.formats.observables.parsing import display
from lachan.formats.observables.record import Observable

_SHARED = frozenset(code for code, rule in guard_rules().items() if rule.shared)
Search = Callable[[str], str | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Attributes:
    rule, reason: as a warning names them.
    below: whether it holds for all names below a guarded one too.
    paths: whether it holds for one page, and for an e-mail address.
    """

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
        mail: name at which e-mail addresses are guarded → its rule.
        values: (kind, value) → rule, for numbers, fingerprints and single pages.
        networks: (version, length of the prefix) → network → rule.
        searches: kinds, and what finds a guarded part in a value of theirs.
        sites: the operator's well-known sites, where there are some.
    """

    exact: dict[str, Rule] = dataclasses.field(default_factory=dict)
    above: dict[str, tuple[Rule, str]] = dataclasses.field(default_factory=dict)
    mail: dict[str, Rule] = dataclasses.field(default_factory=dict)
    values: dict[tuple[str, str], Rule] = dataclasses.field(default_factory=dict)
    networks: dict[tuple[int, int], dict[int, Rule]] = dataclasses.field(default_factory=dict)
    searches: list[tuple[frozenset[str], Search, Rule]] = dataclasses.field(default_factory=list)
    sites: Sites | None = None

    def add_names(self, rule: Rule, names: Iterable[str]) -> None:
        for name in names:
            self.exact.setdefault(name, rule)
            for above in suffixes(name):
                if above != name:
                    self.above.setdefault(above, (rule, name))

    def add_value(self, rule: Rule, observable: Observable) -> None:
        """One thing, and of a page also whatever would cover it."""
        if observable.kind != "url":
            self.values.setdefault((observable.kind, observable.value), rule)
            return
        for kind, key in parents(observable):
            if kind == "domain":
                self.above.setdefault(key, (rule, observable.value))
            elif kind in {"ipv4", "ipv6"}:
                self.add_network(rule, ipaddress.ip_network(key))
            else:
                self.values.setdefault((kind, key), rule)

    def add_network(self, rule: Rule, network: Network) -> None:
        known = self.networks.setdefault((network.version, network.prefixlen), {})
        known.setdefault(int(network.network_address), rule)

    def check(self, observable: Observable) -> tuple[GuardWarning, ...]:
        """Why publishing this would do harm; empty when nothing speaks against it."""
        return self._look(observable) or (self._search(observable) if self.searches else ())

    def stands(self, name: str) -> bool:
        """Whether a host name is so surely its owner's that where it leads to says nothing against it: it is
        guarded, or lies below what is. Names below a shared host are strangers'.
        """
        if name in self.exact or (self.sites is not None and self.sites.place(name) is not None):
            return True
        for above in suffixes(name):
            if above == name:
                continue
            if rule := self.exact.get(above):
                own = rule.below or not is_public_suffix(above)
                return (own and rule.rule not in _SHARED) or name in _variants(above)
            if is_public_suffix(above):
                break
            if self.sites is not None and self.sites.place_listed(above) is not None:
                return True
        signal = signal_of(name)
        return signal is not None and signal.rule not in _SHARED

    def _look(self, observable: Observable) -> tuple[GuardWarning, ...]:
        kind, value = observable.kind, observable.value
        if kind == "domain":
            return self._check_name(value)
        if kind == "url":
            return self._check_url(value)
        if kind in {"ipv4", "ipv6"}:
            return self._check_address(value)
        if rule := self.values.get((kind, value)):
            return (_warning(rule, value),)
        if kind == "email":
            host = value.rpartition("@")[2]
            return self._check_path(host) or self._check_mail(host)
        return ()

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
        return tuple(found) or self._second_look(name)

    def _guarded_above(self, name: str) -> str:
        # A plain loop: an import asks this of every line.
        while name:
            name = name.partition(".")[2]
            if name in self.exact:
                return name
        return ""

    def _second_look(self, name: str) -> tuple[GuardWarning, ...]:
        if signal := signal_of(name):
            return (_warning(signal, signal.matched),)
        return self._check_sites(self.sites, name) if self.sites is not None else ()

    def _check_sites(self, sites: Sites, name: str) -> tuple[GuardWarning, ...]:
        place, site = sites.place(name), name
        while place is None and "." in (site := site.partition(".")[2]):
            place = sites.place_listed(site)
        if place is None or (site != name and self._is_shared(site)):
            return ()
        number = f"number {place:,}" if place else "it is one"
        reason = f"many people use this site: {number} of the operator's list"
        return (GuardWarning("popular-site", site, reason),)

    def _is_shared(self, name: str) -> bool:
        rule = self.exact.get(name)
        return is_public_suffix(name) or (rule is not None and rule.rule in _SHARED)

    def _check_url(self, url: str) -> tuple[GuardWarning, ...]:
        kind, host = host_of(url)
        key = match_key("url", url)
        if rule := self.values.get(("url", key)):
            return (_warning(rule, url),)
        if kind != "domain":
            return self._check_address(host)
        if key.partition("/")[2] == "":
            return self._check_name(host)
        # `http://com.vn/a` covers that path on every site below.
        return (_warning(_SUFFIX, host),) if is_public_suffix(host) else self._check_path(host)

    def _check_path(self, host: str) -> tuple[GuardWarning, ...]:
        """One address on a well-known site is the right way to block there; not so on a school's."""
        for name in suffixes(host):
            rule = self.exact.get(name)
            if rule and rule.paths:
                return (_warning(rule, name),)
        signal = signal_of(host)
        return (_warning(signal, signal.matched),) if signal and signal.paths else ()

    def _check_mail(self, host: str) -> tuple[GuardWarning, ...]:
        if self.mail:
            for name in suffixes(host):
                if rule := self.mail.get(name):
                    return (_warning(rule, name),)
        return ()

    def _check_address(self, text: str) -> tuple[GuardWarning, ...]:
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if not address.is_global or address.is_multicast:
            return (_warning(_RESERVED, text),)
        number, bits = int(address), address.max_prefixlen
        for (version, length), known in self.networks.items():
            if version == address.version:
                start = number >> (bits - length) << (bits - length)
                if rule := known.get(start):
                    network = ipaddress.ip_network((start, length))
                    return (_warning(rule, str(network)),)
        return ()

    def _search(self, observable: Observable) -> tuple[GuardWarning, ...]:
        kind, value = observable.kind, observable.value
        texts = {value.lower(), display(kind, value).lower()}
        for kinds, search, rule in self.searches:
            if kind in kinds:
                for text in texts:
                    if (found := search(text)) is not None:
                        return (_warning(rule, found),)
        return ()


_SUFFIX = Rule("public-suffix", "strangers register names below it")
_RESERVED = Rule(
    "reserved-address", "it is a private or reserved address, another one for everybody"
)


def _warning(rule: Rule | Signal, matched: str) -> GuardWarning:
    return GuardWarning(rule.rule, matched, rule.reason)


def _variants(name: str) -> set[str]:
    return {f"www.{name}", f"m.{name}"}
