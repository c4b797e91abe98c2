import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from lachan.cli.check import Check, Finding, Tell, fault, warning

if TYPE_CHECKING:
    from lachan.members.records import DeskKeyHolders


class DeskKey(Check):
    """Reports can be sealed, and somebody can open them; and so it is at every other desk."""

    name, order = "desk key", 9

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.members.selectors import (
            desk_key_holders,
            desk_key_home,
            desk_key_list,
            organisation_uid,
        )

        if desk_key_home() is None:
            return fault("there is none: no report can be taken", "start `lachan up` once")
        first, *others = desk_key_list()
        found = _found(desk_key_holders(first.uid))
        for key in others:
            there = _found(desk_key_holders(key.uid))
            if there.level > found.level:
                says = f"the desk of organisation {organisation_uid(key.organisation_id)}: {there.says}"
                found = dataclasses.replace(there, says=says)
        return found


def _found(held: "DeskKeyHolders") -> Finding:
    if held.people == 0 and held.first_link:
        says = "only the first administrator's link opens it"
        return warning(says, "join by the link of `lachan admin-link`")
    if held.people == 0:
        way = "`lachan recover` with the printed shares; else make a fresh desk key"
        return fault("nobody holds it: what children send cannot be read", way)
    if held.people == 1 and not held.recovery:
        way = "give it to a second person, or print shares for recovery"
        return warning("one person alone holds it, and there are no shares", way)
    return Finding(says=f"{held.people} people hold it")
