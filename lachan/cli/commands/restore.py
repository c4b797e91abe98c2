from pathlib import Path

import click


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(source: Path) -> None:
    """Fill an empty LACHAN_HOME from a backup.

    \b
    LACHAN_HOME=/srv/new lachan restore lachan-2026-12-01.tar.gz
    cp /safe/secret.key /srv/new/secret.key
    LACHAN_HOME=/srv/new lachan doctor
    """
    from lachan.config.backups import backup_restore
    from lachan.kernel.home import home_path

    backup_restore(source, home_path())
    click.echo(f"restored into {home_path()}; now put secret.key there and run `lachan doctor`")
