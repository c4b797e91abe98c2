from datetime import timedelta

from lachan.kernel.schedule import every

from .services.rating import cases_rate_due

# After a change of the rules every open case is due: the worker's other tasks must get their turn.
_BATCHES = 10


@every(timedelta(minutes=1))
def rate_due() -> None:
    for _ in range(_BATCHES):
        if not cases_rate_due():
            break
