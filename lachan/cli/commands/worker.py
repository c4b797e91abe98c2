import os

import click

from lachan.cli.setup import django_ready

_YIELDING = 5


@click.command()
def command() -> None:
    """Carry events from room to room and do the work that returns (expiry, purging, releases).

    \b
    lachan worker

    Several may run; each event is handled by one of them.
    """
    # Whoever waits at a page comes first: on two cores, 16 at once get their receipts sooner.
    os.nice(_YIELDING)
    django_ready(begin=True)
    from lachan.outbox.worker import run

    run()
