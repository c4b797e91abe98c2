"""The staff's menu and the doors on their first page: every room may add some.

    menu_add(MenuEntry(order=10, title=_("Cases"), url="/staff/cases/", shown=lambda actor: …, help=_("…")))

A room registers in its `menu.py`, which is found by itself.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise

_ENTRIES: list["MenuEntry"] = []


@dataclasses.dataclass(frozen=True, kw_only=True)
class MenuEntry:
    """A way into a room.

    Attributes:
        order: the lower stands first.
        title: one or two words, translated lazily.
        url: a path, not a name: this room stands below those that it shows.
        shown: whether an actor has business there.
        help: what is done there, for a door on the first page; without it there is none.
        in_bar: whether the bar on top of every page shows it too.
    """

    order: int
    title: Promise | str
    url: str
    shown: Callable[[Any], bool]
    help: Promise | str = ""
    in_bar: bool = True


def menu_add(*entries: MenuEntry) -> None:
    _ENTRIES.extend(entries)


def menu_list(actor: Any) -> list[MenuEntry]:
    """The entries for one actor, in order; of equals the address decides."""
    found = sorted(_ENTRIES, key=lambda entry: (entry.order, entry.url))
    return [entry for entry in found if entry.shown(actor)]
