from pathlib import Path

import click

from lachan.cli.setup import django_ready


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace TARGET where it exists.")
def command(target: Path, *, force: bool) -> None:
    """Write a backup of everything but the secret to TARGET (.tar.gz), while the instance runs.

    \b
    lachan backup /mnt/backup/lachan-2026-12-01.tar.gz

    The secret (LACHAN_HOME/secret.key) is not in it: without it a thief of backups finds no report by its
    receipt and forges no session. Keep a copy of it apart, once. Reports stay sealed in a backup as they
    are in the database. With PostgreSQL use pg_dump for the database.
    """
    if target.exists() and not force:
        raise click.ClickException(f"{target} exists already: choose another name, or --force")
    django_ready(migrate=False)
    from lachan.config.backups import backup_write

    size = backup_write(target)
    click.echo(f"{target}: {size / 1e6:,.2f} MB")
