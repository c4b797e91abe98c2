from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Audit(Check):
    """Nobody took a line out of the trail of who read and did what."""

    name, order = "audit trail", 6

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.members.services import audit_verify

        found = audit_verify()
        if found.broken_at is not None:
            way = "keep this database as it is for whoever investigates; somebody wrote past the product"
            return fault(f"line {found.broken_at}: {found.why}", way)
        return Finding(says=f"{found.lines:,} {'line' if found.lines == 1 else 'lines'}, one chain")
