import click


@click.command()
def command() -> None:
    """Compile the catalogues of texts (done by itself at every start when a source is newer).

    \b
    lachan messages
    """
    from lachan.config import catalogues
    from lachan.kernel.home import home_path, home_prepare

    home_prepare(home_path())
    click.echo(f"compiled: {catalogues.ensure_compiled()}")
