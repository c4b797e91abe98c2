"""How one kind of device is told to ask the family's shield: the base class, and what is found.

A new kind is one more file in `platforms/`. The steps are pages of text with a small drawn screen each: which line of
the settings is tapped; no picture of any maker's is copied.
"""

import dataclasses
from functools import cache
from typing import ClassVar, Literal

from django.utils.functional import Promise

from lachan.kernel.discovery import discover

Shows = Literal["", "tls", "https", "plain", "profile"]


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        words: in one sentence.
        screen: lines of the screen on which it is done, as the device names them.
        tapped: which of them is tapped, counted from 0.
        shows: what is entered there: the device's name for DNS over TLS, its address for DNS over HTTPS, the number of
            a server for plain DNS, or the button that downloads a profile.
    """

    words: Promise | str
    screen: tuple[Promise | str, ...] = ()
    tapped: int = 0
    shows: Shows = ""


class Platform:
    """A kind of device.

    Attributes:
        name: its code, in addresses.
        order: the lower stands first.
        title: as people name it.
        steps: what is done, in order.
        covers: what is protected then.
        limits: what is not, in plain words: a parent who relies on more than there is was deceived.
        network: whether it needs the home's network as a way in, since it cannot say which device asks.
    """

    name: ClassVar[str] = ""
    order: ClassVar[int] = 0
    title: ClassVar[Promise | str] = ""
    steps: ClassVar[tuple[Step, ...]] = ()
    covers: ClassVar[Promise | str] = ""
    limits: ClassVar[Promise | str] = ""
    network: ClassVar[bool] = False


@cache
def platform_list() -> tuple[Platform, ...]:
    """All kinds, in the order in which they are shown."""
    found = discover("lachan.family.platforms", Platform).values()
    return tuple(sorted(found, key=lambda one: (one.order, one.name)))


def platform_get(name: str) -> Platform | None:
    return next((one for one in platform_list() if one.name == name), None)
