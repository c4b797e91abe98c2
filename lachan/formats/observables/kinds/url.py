"""Web addresses, by the WHATWG URL standard; what never reaches a server, or is a secret, is dropped."""

import re

import can_ada

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.names import canonical_name, to_unicode
from lachan.formats.observables.record import InvalidObservable

MAX_LENGTH = 2048
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
_BARE = re.compile(r"[^\s/@:?#]+\.[^\s/@:?#]+(?::\d+)?[/?].*")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ADDRESS = re.compile(r"[\d.]+|\[.*\]")


class Url(Kind):
    name = "url"
    order = 30

    def recognise(self, text: str) -> bool:
        return text[:8].lower().startswith(("http://", "https://")) or bool(_BARE.fullmatch(text))

    def canonical(self, text: str) -> str:
        if len(text) > MAX_LENGTH:
            raise InvalidObservable("too-long")
        if "://" not in text[:12] and not _SCHEME.match(text):
            text = f"http://{text}"
        try:
            url = can_ada.parse(text)
        except ValueError:
            raise InvalidObservable("bad-url") from None
        if url.protocol not in ("http:", "https:"):
            raise InvalidObservable("scheme-unsupported")
        host: str = url.hostname
        if not _ADDRESS.fullmatch(host):
            host = canonical_name(host)
        port = f":{url.port}" if url.port else ""
        # Credentials and fragment go: neither chooses what a server answers, both may be somebody's.
        canonical = f"{url.protocol}//{host}{port}{_escapes(url.pathname)}{_escapes(url.search)}"
        if len(canonical) > MAX_LENGTH:
            raise InvalidObservable("too-long")
        return canonical

    def display(self, value: str) -> str:
        scheme, _, rest = value.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{to_unicode(host)}{slash}{path}"

    def examples(self) -> list[Example]:
        return [
            Example("HTTP://Xau.Example:80/a/../b?x=1#dau", "http://xau.example/b?x=1"),
            Example("https://ai:do@xau.example", "https://xau.example/"),
            Example("https://xau.example./%7ebạn", "https://xau.example/~b%E1%BA%A1n"),
            Example("xau.example/a%2fb", "http://xau.example/a%2Fb"),
            Example("hxxps://xau[.]example/a", "https://xau.example/a"),
            Example("http://0x7f.1/", "http://127.0.0.1/"),
            Example("http://[2001:DB8:0::1]:8080/", "http://[2001:db8::1]:8080/"),
            Example("https://ví-dụ.vn/", "https://xn--v-d-rma6749a.vn/"),
            Example("javascript:alert(1)", reason="scheme-unsupported"),
            Example("ftp://xau.example/", reason="scheme-unsupported"),
            Example("http://", reason="bad-url"),
            Example("http://khongdau/", reason="no-dot"),
            Example("http://xau.example/" + "a" * 5000, reason="too-long"),
        ]


def _escapes(part: str) -> str:
    """Escapes in one spelling (RFC 3986, section 6.2.2): `%66ile` must not slip past `file`."""
    return _ESCAPE.sub(_escape, part) if "%" in part else part


def _escape(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else found[0].upper()
