"""Which stored values would cover a thing: host suffixes × path prefixes, as Safe Browsing looks up.

Source: Safe Browsing, "URLs and hashing: suffix/prefix expressions"; here every suffix counts down to the
last label, so that a look-up and the DNS edge's suffix walk always agree.
"""

from lachan.formats.observables.kinds.account.kind import account_of, former, telephone
from lachan.formats.observables.names import suffixes
from lachan.formats.observables.parsing import parse, untrimmed
from lachan.formats.observables.record import InvalidObservable, Observable

_PATHS = 6


def match_key(kind: str, value: str) -> str:
    """What a look-up table stores for a canonical value.

    A URL loses its scheme: whoever blocks http://x/ means https://x/ too.
    """
    return value.partition("://")[2] if kind == "url" else value


def parents(observable: Observable) -> list[tuple[str, str]]:
    """(kind, key) of everything that would cover `observable`, the most specific first.

    The first is the thing itself. A URL is covered by itself, by the account that it is of, by its path's
    prefixes that end in a slash, on its host and the names above, and by those hosts themselves; an account
    by its telephone number, and as an address by what covers that; a name by the names above it; an e-mail
    address by its domain. Keys are as `match_key` makes them.
    """
    if observable.kind in ("url", "account") and (value := untrimmed(observable)):
        places = _parents(observable)
        entry = observable.kind, match_key(observable.kind, value)
        return places if entry in places else [places[0], entry, *places[1:]]
    return _parents(observable)


def _parents(observable: Observable) -> list[tuple[str, str]]:
    if observable.kind == "domain":
        return [("domain", name) for name in suffixes(observable.value)]
    if observable.kind == "url":
        return _url_parents(observable.value)
    if observable.kind == "email":
        domain = observable.value.rpartition("@")[2]
        return [("email", observable.value), *(("domain", name) for name in suffixes(domain))]
    itself = (observable.kind, observable.value)
    if observable.kind != "account":
        return [itself]
    places = [itself, *(("account", each) for each in former(observable.value, observable.raw))]
    if number := telephone(observable.value):
        places.append(("phone", number))
    if url := _address_of(observable):
        places += [place for place in _url_parents(url) if place not in places]
    return places


def _address_of(account: Observable) -> str:
    """The canonical URL of an account that was written as one; empty where it was not."""
    try:
        return parse(account.raw, "url").value if "." in account.raw else ""
    except InvalidObservable:
        return ""


def host_of(url: str) -> tuple[str, str]:
    """(kind, host) of a canonical URL; kind is domain, ipv4 or ipv6."""
    authority = match_key("url", url).partition("/")[0]
    if authority.startswith("["):
        return "ipv6", authority[1:].partition("]")[0]
    host = authority.partition(":")[0]
    return ("ipv4" if host.rpartition(".")[2].isdigit() else "domain"), host


def _url_parents(url: str) -> list[tuple[str, str]]:
    key = match_key("url", url)
    authority, _, rest = key.partition("/")
    kind, host = host_of(url)
    port = authority[len(host) + (2 if kind == "ipv6" else 0) :]
    path, mark, query = rest.partition("?")
    steps = path.split("/")
    prefixes = ["/".join(["", *steps[:depth], ""]) for depth in range(min(len(steps), _PATHS))]
    tails = [f"/{path}?{query}"] if mark else []
    tails += [f"/{path}", *reversed(prefixes)]
    tails = list(dict.fromkeys(tails))
    hosts = list(suffixes(host)) if kind == "domain" else [authority[: len(authority) - len(port)]]
    found = [("url", f"{name}{port}{tail}") for name in hosts for tail in tails]
    if port:  # an entry without a port covers every port
        found += [("url", f"{name}{tail}") for name in hosts for tail in tails]
    elif url.startswith("https://"):  # what `xau.example:443/a` became before it was read as https
        found.append(("url", f"{hosts[0]}:443{tails[0]}"))
    if account := account_of(host, f"/{rest}"):
        found.insert(1, ("account", account))
    return found + [(kind, name if kind == "domain" else host) for name in hosts]
