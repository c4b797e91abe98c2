"""Which networks a school may name: those that the operator says are its own (`LACHAN_SCHOOL_NETWORKS`).

Threat: anybody may found a school. Whoever could name networks freely would set the rules of strangers, or a pupil a
rule of his own for his own seat: the longest prefix wins.
"""

import ipaddress

from django.conf import settings

from .models import Household


def school_number(household: Household) -> str:
    """By which the operator knows the school."""
    return household.uid.hex[:12]


def is_granted(household: Household, network: str) -> bool:
    """Whether a canonical network lies in one of the school's own."""
    asked, mine = ipaddress.ip_network(network), school_number(household)
    return any(
        school == mine and _lies_in(asked, own) for own, school in settings.FAMILY_SCHOOL_NETWORKS
    )


def wider(network: str, others: list[str]) -> list[str]:
    """Those of `others` that a network is cut out of: for its addresses it stands instead of them."""
    own = ipaddress.ip_network(network)
    return [one for one in others if one != network and _lies_in(own, ipaddress.ip_network(one))]


def _lies_in(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network,
    outer: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)
