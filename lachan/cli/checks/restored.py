from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, warning


class Restored(Check):
    """Whether this is a backup's state, and what came after it is gone."""

    name, order, needs = "restored", 7, ("home",)

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.config.restored import NAME, restored_read

        found = restored_read(home)
        if found is None:
            return Finding(says="never, or that was seen")
        says = f"on {found.at} from the backup of {found.made_at or 'an unknown day'}"
        if found.noted:
            noted = ", ".join(f"{chain} {number:,}" for chain, number in found.noted.items())
            says += f"; before, this home had noted {noted}: what came after the backup is gone"
        if found.doubt:
            way = f"look at who may do what, at keys and lists; then remove {home / NAME}"
            return warning(f"{says}; against it spoke: {found.doubt}", way)
        return Finding(says=f"{says}; it was proved")
