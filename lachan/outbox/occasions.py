"""Occasions: why a message is sent, asked again at the moment when it goes out.

    @occasion
    def request_waits(about: str) -> bool:
        return Request.objects.filter(uid=about, answered_at=None).exists()

A room registers them in its `handlers.py`; `message_send(occasion="family.request_waits", …)` names one. What was
answered, taken back or deleted meanwhile is then told to nobody.
"""

from collections.abc import Callable

Occasion = Callable[[str], bool]
OCCASIONS: dict[str, Occasion] = {}


def occasion(holds: Occasion) -> Occasion:
    """Register one under ROOM.FUNCTION, which rests with each message: keep the name.

    It gets what the message is about, as the caller said it, and answers whether it should still go out. It may
    read the database; it runs outside any transaction, and may be asked several times.

    Raises:
        TypeError: another one has the name.
    """
    name = f"{holds.__module__.split('.')[1]}.{getattr(holds, '__name__', '')}"
    if OCCASIONS.setdefault(name, holds) is not holds:
        raise TypeError(f"two occasions are called {name}")
    return holds
