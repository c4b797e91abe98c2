import click

from lachan.cli.setup import django_ready


@click.command()
@click.option("--once", is_flag=True, help="Bring the snapshot up to date and end.")
@click.option(
    "--rebuild", is_flag=True, help="Build the snapshot anew from the ledger, then go on."
)
def command(*, once: bool, rebuild: bool) -> None:
    """Follow the ledger and keep the snapshot that every edge reads.

    \b
    lachan shield
    lachan shield --once --rebuild      after a restore, or when `lachan doctor` says so
    """
    django_ready(begin=True)
    from lachan.shield.follower import run

    run(once=once, rebuild=rebuild)
