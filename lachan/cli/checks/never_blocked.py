from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, warning

_NAMED = 5


class NeverBlocked(Check):
    """No published name blocks what children must reach, but where a second person said why."""

    name, order = "never blocked", 11

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.formats.known_names.loading import never_blocked
        from lachan.formats.observables.names import suffixes
        from lachan.indicators.selectors import unsigned_list

        corpus = never_blocked()
        names = {above for each in corpus for above in suffixes(each.name)}
        if found := unsigned_list(names=names, rule="never-blocked"):
            named = ", ".join(found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
            return warning(
                f"{len(found)} published names block what children must reach: {named}",
                "withdraw each from the list, or propose it again and let a second person give the reason",
            )
        return Finding(says=f"none of {len(corpus)} names is blocked without a reason")
