import click

from lachan.cli.setup import django_ready


@click.command()
def command() -> None:
    """Carry events from room to room and do the work that returns (expiry, purging, releases).

    Several may run; each event is handled by one of them.
    """
    django_ready()
    from lachan.outbox.worker import run

    run()
