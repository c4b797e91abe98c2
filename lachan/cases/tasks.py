from datetime import timedelta

from lachan.kernel.schedule import every
from lachan.members.records import system

from .services.freeing import cases_free
from .services.rating import cases_rate_due

# After a change of the rules every open case is due: whoever else writes must get a turn.
_BATCHES = 10


@every(timedelta(minutes=1))
def rate_due() -> None:
    for _ in range(_BATCHES):
        if not cases_rate_due():
            break


@every(timedelta(minutes=1))
def free_stranded() -> None:
    cases_free(by=system("cases"))
