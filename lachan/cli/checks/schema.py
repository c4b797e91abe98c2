from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Schema(Check):
    """The database refuses what it must refuse, and does nothing of its own: triggers, tables, indexes."""

    name, order = "schema", 5

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.config.schema import present_schema_faults

        if faults := present_schema_faults():
            way = (
                "keep this database as it is for whoever investigates, and restore the last backup"
            )
            more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
            return fault(f"{faults[0]}{more}", way)
        return Finding(says="as the migrations make it")
