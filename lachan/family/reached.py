"""By which names a device asks the family's shield, as this instance is set up (docs/howto/dns-edge.md)."""

import dataclasses
import ipaddress

from lachan.kernel.env import Env

TLS, HTTPS = 853, 443
"""The ports that devices ask by themselves; Android's Private DNS takes no other."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reached:
    """What is entered on a device; empty where the instance offers no such way.

    Attributes:
        tls: the name for DNS over TLS.
        https: the address for DNS over HTTPS.
        plain: the number of the server for plain DNS, which can say nothing of the device.
        odd_port: that DNS over TLS is reached by another port than devices ask.
    """

    tls: str = ""
    https: str = ""
    plain: str = ""
    odd_port: int = 0


def reached(label: str, env: Env | None = None) -> Reached:
    """The ways in for the device of this label."""
    env = env or Env()
    host = env.text("LACHAN_DNS_NAME", "dns.localhost").strip().rstrip(".").lower()
    tls, https = (
        env.text(f"LACHAN_DNS_{way}_LISTEN", "").replace("none", "") for way in ("TLS", "HTTPS")
    )
    port = _port(env, "HTTPS", https, HTTPS)
    by_tls = _port(env, "TLS", tls, TLS)
    return Reached(
        tls=f"{label}.{host}" if tls else "",
        https=f"https://{host}{'' if port == HTTPS else f':{port}'}/dns-query/{label}"
        if https
        else "",
        plain=_outward(env.text("LACHAN_DNS_LISTEN", "")),
        odd_port=by_tls if tls and by_tls != TLS else 0,
    )


def _port(env: Env, way: str, listens: str, usual: int) -> int:
    tail = listens.split(",", maxsplit=1)[0].rpartition(":")[2].strip()
    listened = int(tail) if tail.isdigit() and (":" in listens) else usual
    return env.number(f"LACHAN_DNS_{way}_PORT", listened or usual, high=0xFFFF)


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
