"""How often two pictures that have nothing in common come near by chance: docs/matching.md, section 7."""

from functools import cache
from math import comb

INDEPENDENT = 100
"""Of a hash's 256 bits, how many are counted as tossed for themselves. In drawings and photographs neighbouring
frequencies go together, so this is far on the side of caution."""
_LISTED, _OFTEN = 10_000_000, 1 / 1000


def chance_matches(radius: int, listed: int) -> float:
    """How many of so many listed pictures, unlike a given one, lie within a radius of it; on average."""
    most = radius * INDEPENDENT // 256
    near = sum(comb(INDEPENDENT, n) for n in range(most + 1))
    return float(listed * near / 2**INDEPENDENT)


@cache
def chance_radius() -> int:
    """The radius from which on chance matches are to be expected: one look-up in a thousand has one, where ten
    million pictures are listed.
    """
    return next(radius for radius in range(257) if chance_matches(radius, _LISTED) >= _OFTEN)
