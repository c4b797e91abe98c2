from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Ledger(Check):
    """No published decision was altered, left out or put in."""

    name, order = "ledger", 5

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.indicators.selectors import ledger_verify

        found = ledger_verify(progress=tell)
        if found.fault:
            way = (
                "keep this database as it is for whoever investigates, and restore the last backup"
            )
            return fault(found.fault, way)
        return Finding(says=f"{found.rows:,} rows, one chain")
