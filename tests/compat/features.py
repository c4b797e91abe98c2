"""A dated list of what browsers have learned and when: features.json.

It is a list of what may be used: a name that it does not know is a fault, so that whoever uses something new
looks up who has it. `floors` are the oldest browsers that are meant, for the pages of the public and for those
of staff. A feature is [Chrome, Safari]; where it may be missing without harm, a third part says why.
"""

import functools
import json
from pathlib import Path
from typing import Any


@functools.cache
def table() -> dict[str, Any]:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def feature(part: str, name: str) -> list[Any] | None:
    return table()[part].get(name)


def is_new(entry: list[Any], audience: str) -> bool:
    """Whether the oldest browser that is meant lacks it."""
    floor = table()["floors"][audience]
    return entry[0] > floor["chrome"] or entry[1] > floor["safari"]


def lacking(part: str, name: str, audience: str) -> list[str]:
    """The fault in words, or nothing."""
    entry = feature(part, name)
    if entry is None:
        return [f"`{name}` is not in the table ({part})"]
    if is_new(entry, audience) and len(entry) < 3:
        return [f"`{name}`: Chrome {entry[0]}, Safari {entry[1]}"]
    return []
