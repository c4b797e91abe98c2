"""Fingerprints of what reports name, so that the same address in two reports is noticed.

Numbers can be guessed: a plain hash of every telephone number of a country is a night's work. So the hash
is keyed, and by the desk's private key, which rests nowhere in clear: a whole stolen machine, database and
instance secret together, does not suffice to test one guess.
"""

import hashlib
import hmac
from collections.abc import Iterable

from lachan.formats.observables.lookups import host_of, match_key
from lachan.formats.observables.record import Observable

_SIZE = 16


def fingerprints(found: Iterable[Observable], *, desk_key: str) -> set[tuple[str, bytes]]:
    """(kind, 16 bytes) of each thing, and of the host of each URL.

    Args:
        found: what a report names.
        desk_key: the private key of the desk that the report is sealed to.
    """
    key = hmac.digest(desk_key.encode(), b"lachan.cases fingerprint", hashlib.sha256)
    things = {(one.kind, match_key(one.kind, one.value)) for one in found}
    things |= {host_of(one.value) for one in found if one.kind == "url"}
    return {
        (kind, hmac.digest(key, f"{kind}:{value}".encode(), hashlib.sha256)[:_SIZE])
        for kind, value in things
    }
