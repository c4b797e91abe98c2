import click

from lachan.cli.setup import django_ready


@click.command()
@click.option("--once", is_flag=True, help="Bring the table up to date and end.")
@click.option("--rebuild", is_flag=True, help="Make the table anew from the database, then go on.")
def command(*, once: bool, rebuild: bool) -> None:
    """Follow what families set, and keep the table of profiles that every edge reads.

    \b
    lachan family
    lachan family --once --rebuild      after a restore
    """
    django_ready(begin=True)
    from lachan.family.follower import run

    run(once=once, rebuild=rebuild)
