from pathlib import Path

import click


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(source: Path) -> None:
    """Fill a LACHAN_HOME that holds no database from a backup, while nothing of it runs.

    \b
    LACHAN_HOME=/srv/new lachan restore lachan-2026-12-01.tar.gz
    cp /safe/secret.key /srv/new/secret.key
    LACHAN_HOME=/srv/new lachan doctor
    """
    from lachan.config.backups import backup_restore
    from lachan.kernel.home import home_path

    aside = backup_restore(source, home_path())
    if aside is not None:
        click.echo(f"what stood in its way was moved to {aside}; remove it when all is well")
    click.echo(f"restored into {home_path()}; now put secret.key there and run `lachan doctor`")
