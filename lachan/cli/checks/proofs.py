from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Proofs(Check):
    """Every row that decides something was written by this instance, and none was put in or taken away."""

    name, order = "proofs", 6

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.proofs.services import proofs_verify

        found = proofs_verify(progress=tell)
        if found.fault:
            more = f" (and {found.faults - 1:,} more)" if found.faults > 1 else ""
            way = (
                "somebody wrote past the product, or this is another instance's secret: keep this "
                "database as it is for whoever investigates, and restore the last backup"
            )
            return fault(found.fault + more, way)
        former = f", {found.former:,} of them under a former secret" if found.former else ""
        return Finding(says=f"{found.rows:,} rows{former}")
