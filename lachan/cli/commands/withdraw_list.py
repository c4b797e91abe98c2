import sys
from uuid import UUID

import click

from lachan.cli.setup import django_ready


@click.command()
@click.argument("uid", type=click.UUID)
def command(uid: UUID) -> None:
    """Take a whole imported list back: whatever import UID published and is published still.

    \b
    lachan withdraw-list 01a20098-d902-7fb9-a610-c61422d27cea

    The import said its UID; the imports page lists them. Run again, it goes on where it was cut off.
    """
    django_ready()
    from lachan.indicators.services import list_withdraw
    from lachan.members.records import system

    with click.progressbar(
        length=0, label="withdrawing", file=sys.stderr, show_percent=False
    ) as bar:
        ended = list_withdraw(
            by=system("lachan withdraw-list"), list_import=uid, progress=bar.update
        )
    click.echo(f"{ended} withdrawn")
