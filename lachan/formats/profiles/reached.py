"""By which names a device asks the edge, as an instance is set up (docs/howto/dns-edge.md)."""

import ipaddress

import msgspec

from lachan.kernel.env import Env

TLS, HTTPS = 853, 443
"""The ports that devices ask by themselves; Android's Private DNS takes no other."""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What is entered on a device; empty where the instance offers no such way.

    Attributes:
        tls: the name for DNS over TLS.
        https: the address for DNS over HTTPS.
        plain: the number of the server for plain DNS, which can say nothing of the device.
        odd_port: the port of DNS over TLS, where it is another than devices ask.
    """

    tls: str = ""
    https: str = ""
    plain: str = ""
    odd_port: int = 0


class WaysIn(msgspec.Struct, frozen=True, kw_only=True):
    """How the world reaches the edge.

    Attributes:
        name: the edge's own.
        tls, https: ports; 0 for a way that is not offered.
        plain: an address that is asked on port 53; empty for none.
    """

    name: str
    tls: int = 0
    https: int = 0
    plain: str = ""

    def of(self, label: str) -> Reached:
        """For the device of this label."""
        port = "" if self.https == HTTPS else f":{self.https}"
        return Reached(
            tls=f"{label}.{self.name}" if self.tls else "",
            https=f"https://{self.name}{port}/dns-query/{label}" if self.https else "",
            plain=self.plain,
            odd_port=self.tls if self.tls not in {0, TLS} else 0,
        )


def ways_in(env: Env) -> WaysIn:
    """From the settings of the edge.

    Raises:
        EnvError: a port cannot be one.
    """
    return WaysIn(
        name=env.text("LACHAN_DNS_NAME", "dns.localhost").strip().rstrip(".").lower(),
        tls=_port(env, "TLS", TLS),
        https=_port(env, "HTTPS", HTTPS),
        plain=_outward(env.text("LACHAN_DNS_LISTEN", "")),
    )


def _port(env: Env, way: str, usual: int) -> int:
    """By which the world comes: the one listened on, unless a packet filter changes it; 0 where there is no such way.

    Where nothing is listened on here but the edge has a name, it stands on another machine.
    """
    first = env.text(f"LACHAN_DNS_{way}_LISTEN", "").split(",", maxsplit=1)[0].strip()
    if first == "none":
        return 0
    offered = first or env.is_set("LACHAN_DNS_NAME")
    host, _, tail = first.rpartition(":")
    bare = not host or (":" in host and not host.endswith("]"))  # an address without a port
    listened = int(tail) if tail.isdigit() and not bare else usual
    return env.number(f"LACHAN_DNS_{way}_PORT", listened or usual, high=0xFFFF) if offered else 0


def _outward(listens: str) -> str:
    """The first address of these that others can ask, on port 53."""
    for one in listens.split(","):
        host, _, port = one.strip().rpartition(":")
        try:
            address = ipaddress.ip_address((host or port).strip("[]"))
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified) and port in {"53", "", str(address)}:
            return str(address)
    return ""
