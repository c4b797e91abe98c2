"""What a setting's text must be, kind by kind. A ValueError says what is wanted and never what was given."""

import ipaddress
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from lachan.kernel.bounds import number_read

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
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
