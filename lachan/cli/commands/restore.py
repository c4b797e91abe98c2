from pathlib import Path

import click


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--unproved", is_flag=True, help="Whatever speaks against it; the home remembers that."
)
def command(source: Path, *, unproved: bool) -> None:
    """Fill a LACHAN_HOME that holds no database from a backup, while nothing of it runs.

    \b
    install -d -m 700 /srv/new && cp /safe/secret.key /srv/new/secret.key
    LACHAN_HOME=/srv/new lachan restore lachan-2026-12-01.tar.gz
    LACHAN_HOME=/srv/new lachan doctor

    A backup proves by the secret that it is as the instance wrote it: what was altered where it lay is not
    restored, nor one of another instance, or of a version that proved nothing, unless you insist.
    """
    from lachan.config.backups import backup_restore
    from lachan.config.restored import restored_read
    from lachan.kernel.home import home_path

    aside = backup_restore(source, home_path(), insist=unproved)
    if aside is not None:
        click.echo(f"what stood in its way was moved to {aside}; remove it when all is well")
    note = restored_read(home_path())
    if note is not None and note.doubt:
        click.echo(f"not proved: {note.doubt}", err=True)
    click.echo(f"restored into {home_path()}; now run `lachan doctor`")
