import dataclasses
import json
import sys

import click

from lachan.cli.check import Level, check_all
from lachan.kernel.home import home_path

_MARKS = {Level.WELL: "well", Level.WARNING: "warning", Level.FAULT: "FAULT"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(*, as_json: bool) -> None:
    """Is all well? Looks at everything an instance needs and says what to do where something is not.

    \b
    lachan doctor
    lachan doctor --json

    It changes nothing. Ends with 0 when all is well, 1 with warnings, 2 with faults.
    """
    home = home_path()
    found = check_all(home)
    worst = max(finding.level for finding in found.values())
    if as_json:
        checks = [
            {"name": name, **dataclasses.asdict(finding), "level": finding.level.name.lower()}
            for name, finding in found.items()
        ]
        facts = {"home": str(home), "level": worst.name.lower(), "checks": checks}
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for name, finding in found.items():
            click.echo(f"{_MARKS[finding.level]:<8} {name:<12} {finding.says}")
            if finding.way:
                click.echo(f"{'':<21} → {finding.way}")
    sys.exit(worst)
