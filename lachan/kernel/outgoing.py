"""One request to a server outside whose address came from outside: https alone, to public addresses alone, no
redirect followed, little of the answer read, and for no longer than told.

Whoever may name an address (a browser's subscription) could name one behind our walls: a router, a cloud's
metadata, a database. So the name is resolved once, what it led to is looked at, and that is what is connected to:
a second look-up could answer something else (DNS rebinding).
"""

import dataclasses
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from lachan.kernel.errors import Refused, Unavailable

# What Python 3.11 takes for public: protocol assignments (RFC 6890), where one cloud keeps its metadata, and the
# address at which another cloud's machines ask for theirs.
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32")))
_V4_IN_V6 = ipaddress.ip_network(
    "64:ff9b::/96"
)  # RFC 6052: NAT64 hands these on to the IPv4 address inside
_READ = 4096  # bytes of an answer that are taken off the line; nobody reads them


class ServerUnreachable(Unavailable):
    """No answer: no such name, no connection, no valid certificate, or too late."""

    code = "server-unreachable"


class AddressPrivate(Refused):
    """A name leads to an address that is not public."""

    code = "address-private"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reply:
    """Attributes: headers: by their names in small letters; of several alike, the last."""

    status: int
    headers: Mapping[str, str]


def post(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    is_trusted: bool = False,
    seconds: float = 10.0,
) -> Reply:
    """POST `body` to an https address; whatever status it answers with.

    Args:
        is_trusted: the operator named this host: it may stand at a private address.
        seconds: for all of it but the system's resolver, which has limits of its own.

    Raises:
        ValueError: the address is none of https, or a header cannot be sent.
        AddressPrivate: it leads to none that is public.
        ServerUnreachable: there was no whole answer in time. What was sent may have arrived.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("an https address is wanted")
    addresses = addresses_find(parts.hostname, parts.port or 443, is_trusted=is_trusted)
    end = time.monotonic() + seconds
    connection = http.client.HTTPSConnection(parts.hostname, parts.port)
    try:
        connection.sock = _connected(addresses, parts.hostname, end)
        target = parts.path or "/"
        connection.request(
            "POST", f"{target}?{parts.query}" if parts.query else target, body, dict(headers)
        )
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        answer.read(_READ)
        return Reply(status=answer.status, headers=told)
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachable(f"no whole answer ({type(error).__name__})") from None
    finally:
        connection.close()


def addresses_find(host: str, port: int, *, is_trusted: bool = False) -> list[tuple[Any, ...]]:
    """Socket addresses that a name leads to, in the system's order; those that are not public are left out.

    Raises:
        AddressPrivate: none is public.
        ServerUnreachable: the name leads nowhere.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ServerUnreachable("the name leads nowhere") from None
    public = [
        (family, *place)
        for family, _, _, _, place in found
        if is_trusted or address_is_public(str(place[0]))
    ]
    if not public:
        raise AddressPrivate("the name leads to no public address")
    return public


def address_is_public(text: str) -> bool:
    """Whether an address is one of the open internet: no loopback, no link, no private or shared network, no
    cloud's metadata, no multicast, also where an IPv6 address only carries such an IPv4 one.
    """
    if "%" in text:  # of one link
        return False
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _V4_IN_V6:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return address_is_public(str(inside))
        if address.is_site_local:
            return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast


class _Timed(ssl.SSLSocket):
    """A socket that waits until `end` and no longer, however often a byte trickles in."""

    end: float = 0.0

    def recv_into(self, *args: Any, **options: Any) -> int:
        self.settimeout(_left(self.end))
        return super().recv_into(*args, **options)

    def send(self, *args: Any, **options: Any) -> int:
        self.settimeout(_left(self.end))
        return super().send(*args, **options)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connected(addresses: list[tuple[Any, ...]], host: str, end: float) -> _Timed:
    """Connected to the first that answers, within half of what time there is for each."""
    context = ssl.create_default_context()
    context.sslsocket_class = _Timed
    failure: OSError = TimeoutError()
    for family, *place in addresses:
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(_left(end) if len(addresses) == 1 else _left(end) / 2)
            plain.connect(tuple(place))
            plain.settimeout(_left(end))
            safe = cast("_Timed", context.wrap_socket(plain, server_hostname=host))
        except OSError as error:
            plain.close()
            failure = error
            continue
        safe.end = end
        return safe
    raise failure
