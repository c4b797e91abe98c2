"""The edge's own names: `<host>` itself, `<label>.<host>` for each device, `<nonce>.check.<host>`.

The host is set (LACHAN_DNS_NAME), such as `dns.shield.example`; what it resolves to for the world is its owner's to
say in public DNS.
"""

import re

import msgspec

from lachan.edge.dns.local import name_wire

_LABEL = re.compile(rb"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
NOT_LABELS = frozenset({b"check"})


class OwnNames(msgspec.Struct, frozen=True):
    """Attributes: host: lower case, without a dot at the end."""

    host: str

    @property
    def wire(self) -> bytes:
        """The host in wire form without root."""
        return name_wire(self.host)

    def token_of(self, server_name: str | None) -> bytes:
        """The device's label of a name that a client asked to reach; empty where there is none.

        A name that is none of ours is no mistake of who asks: by an address, or by another name of this machine,
        everybody is answered, as one of whom nothing is known.
        """
        name = (server_name or "").rstrip(".").lower().encode("ascii", "replace")
        label, _, rest = name.partition(b".")
        return label_read(label) if rest == self.host.encode() else b""


def label_read(label: bytes) -> bytes:
    """A device's label, lower case; empty where it cannot be one."""
    label = label.lower()
    return label if _LABEL.fullmatch(label) and label not in NOT_LABELS else b""


def host_parse(text: str) -> str:
    """A host's name for LACHAN_DNS_NAME.

    Raises:
        ValueError: it is none.
    """
    name = text.strip().rstrip(".").lower()
    labels = name.encode("ascii", "replace").split(b".")
    if len(labels) < 2 or len(name) > 150 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("a name such as dns.shield.example is wanted, of at most 150 letters")
    return name
