"""Weight of a dispute: a flood of them must not stand before those that people mean.

    8  a member's, who answers for it by name
    4  of an indicator that the guard warned about: the likeliest mistakes
    2  the device did the proof of work, once for one dispute
    1  of a calm hour
    0  none of these: it waits aside, and is shown and answered there

Nobody is refused: without scripts there is no proof, and the one who is right may have an old phone.
"""

import hashlib
import hmac
import threading
from collections import OrderedDict

from django.conf import settings

from lachan.kernel.arrivals import Arrivals
from lachan.kernel.clock import now
from lachan.kernel.sealing.errors import WorkRefused
from lachan.kernel.sealing.work import pow_challenge, pow_verify

WORK_BITS = 18  # a second or two of a cheap phone, while the reason is chosen
BUSY_PER_MINUTE = 10  # people find a wrong block now and then
_SPENT_MOST = 100_000

arrivals = Arrivals()
_spent: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()


def challenge_new() -> str:
    """What the form's page gives the device to work on."""
    return pow_challenge(_secret(), bits=WORK_BITS, now=now())


def work_spend(challenge: str, answer: str) -> bool:
    """Whether the proof is good; it is so once, in this process."""
    try:
        number, _ = pow_verify(
            _secret(), challenge=challenge, answer=answer, now=now(), bits=WORK_BITS
        )
    except WorkRefused:
        return False
    with _lock:
        if number in _spent:
            return False
        _spent[number] = None
        if len(_spent) > _SPENT_MOST:
            _spent.popitem(last=False)
    return True


def dispute_weight(*, member: bool, warned: bool, proven: bool) -> int:
    """By the table above; a dispute of the public is counted as one that arrived."""
    if member:
        return 8 + 4 * warned
    calm = not arrivals.is_busy(BUSY_PER_MINUTE)
    arrivals.note()
    return 4 * warned + (2 if proven else int(calm))


def _secret() -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"lachan.indicators dispute", hashlib.sha256)
