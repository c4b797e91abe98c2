"""Who may see something: one rule, asked by lists, pages, look-ups and the ledger.

What is shared reaches a level and a circle (`Reach`); whoever looks has a level and is of circles (`Viewer`). An
organisation is a circle of one; a sharing group and a programme are circles of several.
"""

import enum
from typing import NamedTuple, Self

import msgspec

# Circles are numbers, below 2**32. An organisation's is its own; those of several begin here.
SEVERAL = 1 << 31


class Level(enum.IntEnum):
    """How far something reaches, each level further in than the one before.

    EVERYTHING is no reach but a sight: of whoever holds the files and could read them anyway (the system, the
    command line), never of a caller from outside.
    """

    PUBLIC = 0
    COMMUNITY = 1
    MEMBERS = 2
    CIRCLE = 3
    EVERYTHING = 4


class Tlp(enum.StrEnum):
    """Traffic Light Protocol 2.0 (FIRST, 2022)."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def level(self) -> Level:
        """The narrowest level of viewers who see it besides its circle."""
        return _LEVELS[self]


_LEVELS = {
    Tlp.CLEAR: Level.PUBLIC,
    Tlp.GREEN: Level.COMMUNITY,
    Tlp.AMBER: Level.MEMBERS,
    Tlp.AMBER_STRICT: Level.CIRCLE,
    Tlp.RED: Level.CIRCLE,
}


class Reach(NamedTuple):
    """How far one thing is shared.

    Attributes:
        level: whoever has this level sees it; at CIRCLE nobody but the circle does.
        circle: whose it is: they see it at every level. 0 for nobody's.
    """

    level: int
    circle: int = 0


class Viewer(msgspec.Struct, frozen=True):
    """Who looks.

    Attributes:
        level: PUBLIC, COMMUNITY, MEMBERS, or EVERYTHING. A circle is seen by those of it, never by a level.
        circles: of which the viewer is.

    Raises:
        ValueError: a level or a circle that would open what is not the viewer's.
    """

    level: int = Level.PUBLIC
    circles: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.level not in _SIGHTS or not all(0 < one < 2 * SEVERAL for one in self.circles):
            raise ValueError("a viewer has a level below the circles', and circles by number")

    @classmethod
    def of(cls, level: int, *circles: int) -> Self:
        return cls(level, frozenset(circles))

    @property
    def organisations(self) -> list[int]:
        """Those of the circles that are one organisation each."""
        return sorted(one for one in self.circles if one < SEVERAL)

    @property
    def several(self) -> list[int]:
        """Those of the circles that are sharing groups and programmes."""
        return sorted(one for one in self.circles if one >= SEVERAL)

    @property
    def label(self) -> str:
        """For cache validators and the heads of files: the same for the same sight alone."""
        level = Level(self.level)
        own = [f"organisation-{one}" for one in self.organisations]
        # A member's own organisation says already that it is one.
        head = [] if own and level is Level.MEMBERS else [level.name.lower()]
        return "+".join([*head, *own, *(f"circle-{one}" for one in self.several)])


_SIGHTS = {Level.PUBLIC, Level.COMMUNITY, Level.MEMBERS, Level.EVERYTHING}
ANYBODY, KEEPER = Viewer(), Viewer(Level.EVERYTHING)


def sees(viewer: Viewer, reach: Reach) -> bool:
    """Whether something is for a viewer: it reaches his level, or a circle of which he is."""
    return reach.level <= viewer.level or reach.circle in viewer.circles


def tlps_within(level: int) -> list[Tlp]:
    """The TLPs that whoever has a level sees, of whatever circle; from the widest on."""
    return [tlp for tlp in Tlp if tlp.level <= level]
