"""What a setting's text must be, kind by kind. A ValueError says what is wanted and never what was given."""

import dataclasses
import email.utils
import ipaddress
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from lachan.kernel.bounds import number_read

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_MAILBOX = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9.-]+)", re.IGNORECASE)
_MAIL = "smtps://user:password@host or smtp://user:password@host is wanted, with / : # ? @ in a password as %2F %3A %23 %3F %40"
_MAIL_PORTS = {"smtps": 465, "smtp": 587}
_URL = "postgresql://user:password@host:port/name is wanted, with / : # ? @ in a password as %2F %3A %23 %3F %40"
SHORTEST_SECRET = 32
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_SCHOOL = re.compile(r"[0-9a-f]{12}")


def secret(text: str) -> str:
    """What receipts and sessions hang on, without the blanks around it.

    Raises:
        ValueError: too short to withstand guessing.
    """
    if len(text.strip()) < SHORTEST_SECRET:
        what = "is empty" if not text.strip() else "is cut short"
        raise ValueError(f"the secret {what}: {SHORTEST_SECRET} characters or more are wanted")
    return text.strip()


def secrets(text: str) -> tuple[str, ...]:
    """The present secret; after it, each on a line that begins with `former `, those that it took the place of.

    Raises:
        ValueError: one of them is too short to withstand guessing.
    """
    return tuple(secret(part) for part in re.split(r"^former ", text, flags=re.MULTILINE))


def host_pattern(text: str) -> str:
    """A host under which pages are served: a name, an address ([::1] in brackets), or `.example.org` for all
    names below it, in lower case; `*` for any.

    Raises:
        ValueError: none of these.
    """
    plain = text.lower()
    if plain == "*" or _is_address(plain) or _is_name(plain.removeprefix(".")):
        return plain
    if not plain.isascii():
        raise ValueError("a name in other letters is written in its ASCII form, xn--…")
    raise ValueError("a host name or address alone is wanted: no scheme, port, path or *")


def school_network(text: str) -> tuple[Network, str]:
    """A network and the school that has it, `10.20.0.0/16=1a2b3c4d5e6f`.

    Raises:
        ValueError: anything else.
    """
    network, mark, school = text.lower().partition("=")
    if not mark or not _SCHOOL.fullmatch(school.strip()):
        raise ValueError("NETWORK=SCHOOL is wanted: the school's number has 12 digits and letters")
    try:
        return ipaddress.ip_network(network.strip()), school.strip()
    except ValueError:
        raise ValueError("a network is wanted before the =, such as 10.20.0.0/16") from None


def origin(text: str) -> str:
    """What a browser sends as Origin (RFC 6454, section 6.2): scheme and host, the port where it is not the
    scheme's own; `*.` before the name stands for all names below it.

    Raises:
        ValueError: anything else.
    """
    scheme, mark, rest = text.lower().partition("://")
    host, port = _port_split(rest)
    usual = {"http": "80", "https": "443"}
    if scheme not in usual or not mark:
        raise ValueError("https:// or http:// and a host are wanted")
    if not (_is_address(host) or _is_name(host.removeprefix("*."))):
        raise ValueError("after the scheme a host alone is wanted: no user, path or final slash")
    if port is not None and not _is_port(port):
        raise ValueError("a port is a number from 1 to 65535")
    if port == usual[scheme]:
        raise ValueError(f"browsers leave the port {port} out: leave it out here")
    return text.lower()


def address_port(text: str) -> tuple[str, int]:
    """`127.0.0.1:8001`, `[::1]:8001`, `localhost:8001` (which is 127.0.0.1: servers take addresses alone); 0 is
    any free port.

    Raises:
        ValueError: none of these.
    """
    host, port = _port_split(text.strip().lower())
    if not (_is_address(host) or host == "localhost") or port is None or not _is_port(port, low=0):
        raise ValueError("ADDRESS:PORT is wanted, such as 127.0.0.1:8001 or [::1]:8001")
    return "127.0.0.1" if host == "localhost" else host.strip("[]"), int(port)


def postgresql_url(text: str) -> dict[str, str | dict[str, str]]:
    """The parts of `postgresql://user:password@host:port/name?option=value`: NAME, USER, PASSWORD, HOST, PORT
    and OPTIONS.

    Raises:
        ValueError: it is none; the message holds nothing of it.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        options = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
    except ValueError:
        raise ValueError(_URL) from None
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("must start with postgresql://, or be left out for SQLite")
    if not name or "/" in name or parts.fragment:
        raise ValueError(_URL)
    if not all(options.values()) or options.get("sslmode", "require") not in _SSL_MODES:
        raise ValueError(
            f"an option after ? is empty, or sslmode none of {', '.join(sorted(_SSL_MODES))}"
        )
    return {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class MailServer:
    """Attributes: security: how the line is made safe: `tls` from its start on, `starttls`, or `none` on this machine."""

    host: str
    port: int
    user: str
    password: str = dataclasses.field(repr=False)
    security: str


def mail_server(text: str) -> MailServer | None:
    """`smtps://user:password@host:465` (TLS from the start, RFC 8314) or `smtp://…:587` (STARTTLS, or nothing is
    sent; on this machine in clear); None for an empty text.

    Raises:
        ValueError: none of these; the message holds nothing of it.
    """
    if not text.strip():
        return None
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ValueError(_MAIL) from None
    host = parts.hostname or ""
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment)
    if parts.scheme not in _MAIL_PORTS or not is_bare:
        raise ValueError(_MAIL)
    if not (_is_address(f"[{host}]" if ":" in host else host) or _is_name(host)):
        raise ValueError(_MAIL)
    is_here = host == "localhost" or (not _is_name(host) and ipaddress.ip_address(host).is_loopback)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        raise ValueError("a user and a password are wanted, or neither")
    plain = "none" if is_here else "starttls"
    return MailServer(
        host=host,
        port=port or _MAIL_PORTS[parts.scheme],
        user=user,
        password=password,
        security="tls" if parts.scheme == "smtps" else plain,
    )


def mail_sender(text: str) -> tuple[str, str]:
    """Name (may be empty) and address of `Lá Chắn <no-reply@shield.example>`, or of an address alone.

    Raises:
        ValueError: there is no address in it.
    """
    name, address = email.utils.parseaddr(text.strip() if text.strip().isprintable() else "")
    if not mailbox_is_plain(address):
        raise ValueError("an address is wanted, such as Lá Chắn <no-reply@shield.example>")
    return name, address


def mailbox_is_plain(address: str) -> bool:
    """Whether it is an e-mail address in ASCII, without quotes or comments (RFC 5321, Dot-string@Domain)."""
    found = _MAILBOX.fullmatch(address)
    local = address.rpartition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if found is None or dots:
        return False
    return "." in found[1] and _is_name(found[1].lower())


def contact(text: str) -> str:
    """`mailto:` and an address, or an https address without blanks; empty for nobody.

    Raises:
        ValueError: neither.
    """
    plain = text.strip()
    if not plain or mailbox_is_plain(plain.removeprefix("mailto:")):
        return plain and f"mailto:{plain.removeprefix('mailto:')}"
    is_https = re.fullmatch(r"https://[!-~]+", plain) is not None
    if not is_https or not _is_name((urlsplit(plain).hostname or "").lower()):
        raise ValueError("mailto: and an address, or an https address is wanted")
    return plain


def host_and_port(text: str) -> tuple[str, int]:
    """`push.example` (port 443) or `push.example:8443`: a name or an address.

    Raises:
        ValueError: neither.
    """
    host, port = _port_split(text.strip().lower())
    if not (_is_address(host) or _is_name(host)) or (port is not None and not _is_port(port)):
        raise ValueError("a host, or HOST:PORT is wanted: no scheme, user or path")
    return host.strip("[]"), int(port or 443)


def _port_split(text: str) -> tuple[str, str | None]:
    """Host (an IPv6 address with its brackets) and port; None where there is none."""
    if text.startswith("["):
        host, bracket, tail = text.partition("]")
        return host + bracket, tail[1:] if tail.startswith(":") else (tail or None)
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _is_port(text: str, *, low: int = 1) -> bool:
    return number_read(text, low=low, high=0xFFFF) is not None


def _is_address(text: str) -> bool:
    """An IPv4 address, or an IPv6 address in brackets."""
    is_bracketed = text.startswith("[") and text.endswith("]")
    if "%" in text:  # a zone is of one machine's interfaces, and never in a Host header
        return False
    try:
        return ipaddress.ip_address(text.strip("[]")).version == (6 if is_bracketed else 4)
    except ValueError:
        return False


def _is_name(text: str) -> bool:
    labels = text.split(".")
    return len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
