"""Panels: pages of lower rooms show what upper rooms know of the same thing, without knowing them.

    @shows("indicator", order=10)
    def sightings(actor, uid):
        return Panel(title=_("Met by platforms"), template="sightings/_sightings.html", facts=…)

A room registers in its `panels.py`, which is found by itself.
"""

import dataclasses
from collections.abc import Callable
from typing import Any
from uuid import UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class Panel:
    """Attributes: template: of the panel's inside, which gets `facts`."""

    title: str
    template: str
    facts: Any


Shown = Callable[[Any, UUID], Panel | None]
_SHOWN: dict[str, list[tuple[int, Shown]]] = {}


def shows(page: str, *, order: int) -> Callable[[Shown], Shown]:
    """Register a panel of a page; it gets the actor and the thing's uid, and answers None where it has nothing."""

    def register(show: Shown) -> Shown:
        _SHOWN.setdefault(page, []).append((order, show))
        return show

    return register


def panel_list(page: str, *, by: Any, thing: UUID) -> list[Panel]:
    """The panels of a page, in order. Whoever asks has checked that `by` may see the thing."""
    shown = sorted(_SHOWN.get(page, []), key=lambda pair: pair[0])
    found = [show(by, thing) for _, show in shown]
    return [panel for panel in found if panel is not None]
