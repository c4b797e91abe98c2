"""Subscriptions: where a browser's messages go, as `PushSubscription.toJSON()` says it (W3C Push API).

The address comes from whoever has a browser, or a script. It is one of a known push service, or nothing is ever
sent to it.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from lachan.outbox.ways.way import AddressUnusable

from .encryption import AUTH_BYTES, public_read
from .vapid import b64, is_known, key_public, unb64

_LONGEST, _LONGEST_TEXT = 2048, 8192
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")  # RFC 3986, without a fragment
_HTTPS = 443


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: key: the instance's public key that the browser subscribed to."""

    endpoint: str
    p256dh: str
    auth: str
    key: str

    @property
    def origin(self) -> str:
        """As the push service expects it in `aud` (RFC 6454, section 6.2)."""
        host, port = _host_port(self.endpoint)
        host = f"[{host}]" if ":" in host else host
        return f"https://{host}" if port == _HTTPS else f"https://{host}:{port}"

    @property
    def is_of_operator(self) -> bool:
        """Whether the operator named its service, which may then stand in the house's own network."""
        return _host_port(self.endpoint) in settings.PUSH_SERVICES


class _OfBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser says, or `Subscription` as it was written."""

    endpoint: str
    keys: dict[str, str] = {}
    p256dh: str = ""
    auth: str = ""
    key: str = ""


def subscription_read(text: str) -> Subscription:
    """From what a browser gives (`endpoint`, `keys`), or from what was read so before.

    Raises:
        AddressUnusable: it is none, or none of a known push service.
    """
    try:
        said = _said(text)
        public, auth = unb64(said.p256dh), unb64(said.auth)
        public_read(public)
    except (msgspec.MsgspecError, ValueError):
        raise AddressUnusable("no subscription as a browser gives it") from None
    if len(auth) != AUTH_BYTES:
        raise AddressUnusable("a subscription's secret has 16 bytes")
    key = said.key or key_public()
    if not is_known(key):
        raise AddressUnusable("it belongs to another instance's key: subscribe anew")
    endpoint = _endpoint_read(said.endpoint)
    return Subscription(endpoint=endpoint, p256dh=b64(public), auth=b64(auth), key=key)


def subscription_write(subscription: Subscription) -> str:
    return msgspec.json.encode(subscription).decode()


def subscription_kept(address: str) -> Subscription:
    """What `subscription_write` wrote; its key may be gone meanwhile."""
    return msgspec.json.decode(address, type=Subscription)


def _said(text: str) -> Subscription:
    if len(text) > _LONGEST_TEXT:
        raise ValueError
    said = msgspec.json.decode(text, type=_OfBrowser)
    public, auth = said.keys.get("p256dh", said.p256dh), said.keys.get("auth", said.auth)
    return Subscription(endpoint=said.endpoint, p256dh=public, auth=auth, key=said.key)


def _endpoint_read(text: str) -> str:
    if len(text) > _LONGEST or not _CHARACTERS.fullmatch(text):
        raise AddressUnusable("no address of a push service")
    try:
        parts, place = urlsplit(text), _host_port(text)
    except ValueError:
        raise AddressUnusable("no address of a push service") from None
    if parts.scheme != "https" or parts.username is not None or parts.password is not None:
        raise AddressUnusable("a push service is asked by https, and without a name")
    if place not in settings.PUSH_SERVICES and not (place[1] == _HTTPS and _is_known(place[0])):
        raise AddressUnusable("no push service that is known here (LACHAN_PUSH_SERVICES adds one)")
    return text


def _host_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _HTTPS


def _is_known(host: str) -> bool:
    exact, below = service_hosts()
    return host in exact or any(host.endswith(end) for end in below)


@cache
def service_hosts() -> tuple[frozenset[str], tuple[str, ...]]:
    """Hosts of known push services: whole ones, and ends of names."""
    data = msgspec.json.decode(files(__package__).joinpath("services.json").read_bytes())
    hosts: Iterable[str] = [host for one in data["services"] for host in one["hosts"]]
    return (
        frozenset(host for host in hosts if not host.startswith(".")),
        tuple(host for host in hosts if host.startswith(".")),
    )
