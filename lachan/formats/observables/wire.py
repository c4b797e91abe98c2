"""Host names in DNS wire form, as the packet path compares them (RFC 1035, section 3.1)."""

import idna

from lachan.formats.observables.record import InvalidKey


def domain_to_wire(name: str) -> bytes:
    """Wire form without root of `name` (trailing dot, capitals and U-labels are understood).

    Raises:
        InvalidKey: empty, or a label or the name too long (RFC 1035, section 2.3.4).
    """
    text = name.removesuffix(".")
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise InvalidKey("not a domain name") from None
    labels = text.lower().encode("ascii").split(b".")
    if any(not 0 < len(label) < 64 for label in labels):
        raise InvalidKey("a label of a domain name has 1 to 63 bytes")
    wire = b"".join(bytes((len(label),)) + label for label in labels)
    if len(wire) > 254:
        raise InvalidKey("a domain name has at most 253 characters")
    return wire


def wire_to_domain(wire: bytes) -> str:
    labels = []
    at = 0
    while at < len(wire):
        labels.append(wire[at + 1 : at + 1 + wire[at]])
        at += 1 + wire[at]
    return b".".join(labels).decode("latin-1")
