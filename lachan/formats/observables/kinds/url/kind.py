"""Web addresses, by the WHATWG URL standard; what never reaches a server, or is a secret, is dropped."""

import re

import can_ada

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.kinds.ipv4.kind import is_network
from lachan.formats.observables.kinds.ipv6.kind import is_network as is_network6
from lachan.formats.observables.names import DOTS, canonical_name, to_unicode
from lachan.formats.observables.record import InvalidObservable

MAX_LENGTH = 2048
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
_WEB = re.compile(r"https?:", re.IGNORECASE)
# A host and more: a port, a path, a name and password before it.
_BARE = re.compile(
    r"(?://)?(?P<user>[^\s/?#]*@)?(?P<host>[^\s/@:?#\[\]]++|\[[0-9a-fA-F:.]{2,45}\])"
    r"(?P<more>:\d{1,5}(?:[/?#].*)?|[/?#].*)?"
)
_TLS = re.compile(r"(?:[^\s/?#]*@)?(?:[^\s/@:?#\[\]]++|\[[^\]]*\]):0*443(?![\d])")
# What stands before a colon and an @, and is no name with a password.
_OTHER_SCHEMES = re.compile(
    r"(?:mailto|javascript|data|tel|sms|sips?|xmpp|acct|skype|blob|file|ftps?|view-source|about|magnet|wss?)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"%(?P<byte>[0-9A-Fa-f]{2})")
_FREE_ESCAPE = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])%(?P<byte>[0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ADDRESS = re.compile(r"\d+(?:\.\d+){3}|\[.*\]")


class Url(Kind):
    name = "url"
    order = 30
    code = 2
    narrow = 60
    columns = (
        "url,urls,uri,web address,webpage,page url,phishing url,phish url,malware url,"
        "target url,url full,địa chỉ web,đường dẫn,liên kết,lien,adresse web"
    )
    misp = "url uri link"

    def recognise(self, text: str) -> bool:
        return _WEB.match(text) is not None or _is_bare(text)

    def canonical(self, text: str) -> str:
        if len(text) > MAX_LENGTH:
            raise InvalidObservable("too-long")
        if "://" not in text[:12] and (_is_bare(text, told=True) or not _SCHEME.match(text)):
            bare = text.removeprefix("//")
            text = f"https://{bare}" if _TLS.match(bare) else f"http://{bare}"
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
            Example(
                "http://xau.example/?u=http://tot.example/",
                "http://xau.example/?u=http://tot.example/",
            ),
            Example("xau.example:8080", "http://xau.example:8080/"),
            Example("xau.example:443", "https://xau.example/"),
            Example("ai:do@xau.example/a", "http://xau.example/a"),
            Example("//xau.example/a", "http://xau.example/a"),
            Example("192.0.2.1:81", "http://192.0.2.1:81/"),
            Example("[2001:db8::1]:81/a", "http://[2001:db8::1]:81/a"),
            Example("https//xau.example/a", "https://xau.example/a"),
            Example("h[tt]p:\\\\xau[.example", "http://xau.example/"),
            Example("http://xau.example/%%34%31", "http://xau.example/%%341"),
            Example("http://xau.example/[%2E]", "http://xau.example/"),
            Example("https://xau.example/a\u200b", "https://xau.example/a"),
            Example("http://./", reason="empty"),
            Example("javascript:alert(1)", reason="scheme-unsupported"),
            Example("ftp://xau.example/", reason="scheme-unsupported"),
            Example("http://", reason="bad-url"),
            Example("http://khongdau/", reason="no-dot"),
            Example("http://xau.example/" + "a" * 5000, reason="too-long"),
        ]


def _is_bare(text: str, *, told: bool = False) -> bool:
    """Whether it is an address without its scheme; a network in its short writing is none.

    Args:
        told: that it is a URL. Nobody knows else whether `x:la@xau.example` is a password or an e-mail
            address with a word before it, and a whole site is not taken for one of its mailboxes.
    """
    if not (found := _BARE.fullmatch(text)) or is_network(text) or is_network6(text):
        return False
    host = found["host"]
    name, colon, _ = (found["user"] or "").partition(":")
    if colon and _OTHER_SCHEMES.fullmatch(name):
        return False
    if not (host.startswith("[") or any(dot in host[1:-1] for dot in DOTS)):
        return False
    return told or found["more"] is not None or text.startswith("//")


def _escapes(part: str) -> str:
    """Escapes in one spelling (RFC 3986, section 6.2.2): `%66ile` must not slip past `file`."""
    if "%" not in part:
        return part
    decoded = _ESCAPE.sub(_escape, part)
    if _ESCAPE.sub(_escape, decoded) == decoded:
        return decoded
    # A stray `%` before it: decoded, `%%34%31` would be read again as the `A` that it is not.
    return _FREE_ESCAPE.sub(_escape, part)


def _escape(found: re.Match[str]) -> str:
    letter = chr(int(found["byte"], 16))
    return letter if letter in _UNRESERVED else found[0].upper()
