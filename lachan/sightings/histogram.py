"""How long look-ups took, as a picture: whole numbers for an SVG, drawn by a template."""

import dataclasses
from collections.abc import Sequence

WIDTH, HEIGHT = 640, 180
_LEFT, _TOP, _FLOOR = 8, 24, 150


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """Attributes: x, y, width, height: of its rectangle; middle: where its words stand; below: "1 ms"."""

    x: int
    y: int
    width: int
    height: int
    middle: int
    count: int
    below: str


def bars_make(counts: Sequence[int]) -> list[Bar]:
    """Bars for counts by power of two of microseconds, without the empty ones at both ends."""
    filled = [place for place, count in enumerate(counts) if count]
    if not filled:
        return []
    first, last = filled[0], filled[-1]
    step = min(96, (WIDTH - 2 * _LEFT) // (last - first + 1))
    highest = max(counts)
    bars = []
    for place in range(first, last + 1):
        height = (_FLOOR - _TOP) * counts[place] // highest
        height = max(height, 2) if counts[place] else 0
        x = _LEFT + (place - first) * step
        bars.append(
            Bar(
                x + 2, _FLOOR - height, step - 4, height, x + step // 2, counts[place],
                duration_words(1 << place),
            )
        )  # fmt: skip
    return bars


def days_make(counts: Sequence[int]) -> list[Bar]:
    """Bars for a small picture of 240 by 48, a day each, oldest first."""
    step, highest = 240 // len(counts), max(counts)
    bars = []
    for place, count in enumerate(counts):
        height = max(2, 48 * count // highest) if count else 0
        bars.append(Bar(place * step, 48 - height, step - 2, height, 0, count, ""))
    return bars


def share_below(counts: Sequence[int], percent: int) -> str:
    """Within what time so many of a hundred were answered; empty where none was."""
    total, so_far = sum(counts), 0
    for place, count in enumerate(counts):
        so_far += count
        if total and so_far * 100 >= total * percent:
            return duration_words(1 << place)
    return ""


def duration_words(microseconds: int) -> str:
    """Units of the SI, the same in every language."""
    if microseconds < 1024:
        return f"{microseconds} µs"
    if microseconds < 1 << 20:
        return f"{microseconds >> 10} ms"
    return f"{microseconds >> 20} s"
