"""Cards of the staff's start page: every room may say what waits there for whoever looks.

    @start_card(order=10)
    def cases_waiting(actor):
        return Waiting(title=_("Cases without an owner"), url="/staff/cases/", count=…)

A room registers in a module that its `apps.py` imports when it is ready.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

_ASKED: list[tuple[int, str, Callable[[Any], "StartCard | None"]]] = []


@dataclasses.dataclass(frozen=True, kw_only=True)
class StartCard:
    """One card.

    Attributes:
        title: what it is, in a few words, translated.
        url: where it is done.
        count: how many; 0 shows `empty` instead.
        note: one line more, such as the age of the oldest.
        empty: what to say when nothing waits: what would come here, and from where.
        urgent: draw the eye.
    """

    title: str
    url: str
    count: int
    note: str = ""
    empty: str = ""
    urgent: bool = False


Asked = Callable[[Any], StartCard | None]


def start_card(*, order: int) -> Callable[[Asked], Asked]:
    """Register a card; it gets the actor and answers None where the actor has no business there."""

    def register(ask: Asked) -> Asked:
        _ASKED.append((order, f"{ask.__module__}.{ask.__qualname__}", ask))
        return ask

    return register


def start_card_list(actor: Any) -> list[StartCard]:
    """The cards for one actor, in order."""
    cards = [ask(actor) for _, _, ask in sorted(_ASKED, key=lambda entry: entry[:2])]
    return [card for card in cards if card is not None]
