import click

from lachan.cli.setup import django_ready


@click.command()
@click.argument("target", type=click.Path(dir_okay=False))
def command(target: str) -> None:
    """Write a backup of everything but the secret to TARGET (.tar.gz), while the instance runs.

    \b
    lachan backup /mnt/backup/lachan-2026-12-01.tar.gz

    The secret (LACHAN_HOME/secret.key) is not in it: without it a thief of backups finds no report by its
    receipt and forges no session. Keep a copy of it apart, once. Reports stay sealed in a backup as they
    are in the database. With PostgreSQL use pg_dump for the database.
    """
    django_ready(migrate=False)
    from pathlib import Path

    from lachan.config.backups import backup_write

    size = backup_write(Path(target))
    click.echo(f"{target}: {size / 1e6:,.2f} MB")
