"""Optimistic locking: what an actor saw when the page was made, so that an act on an old page wipes nothing
that came since.

A page carries the mark of the state that it shows; whoever changes that state compares first, under the
lock (optimistic concurrency, as If-Match of RFC 9110, section 13.1.1). The state is whatever the act would
write over, and whatever its actor should know before: a mark needs no column, and no counter that somebody
could forget to move.
"""

import hashlib
import json

from lachan.kernel.errors import Conflict


class Stale(Conflict):
    """It is no longer as the actor saw it."""

    code = "stale"


def state_mark(*facts: object) -> str:
    """The mark of a state: equal facts give equal marks, in any process.

    Args:
        facts: plain values, lists of them, moments, identifiers; in one order.
    """
    plain = json.dumps(facts, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


def state_check(seen: str, *facts: object) -> None:
    """Hold what is now to what was seen; without a mark (a program, a schedule) there is nothing to hold it to.

    Raises:
        Stale: it has changed since.
    """
    if seen and seen != state_mark(*facts):
        raise Stale("it has changed since it was looked at")
