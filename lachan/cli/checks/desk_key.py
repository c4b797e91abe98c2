from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault, warning


class DeskKey(Check):
    """Reports can be sealed, and somebody can open them."""

    name, order = "desk key", 9

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.members.selectors import desk_key_current, desk_key_holders

        key = desk_key_current()
        if key is None:
            return fault("there is none: no report can be taken", "start `lachan up` once")
        held = desk_key_holders(key.uid)
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
