import click


@click.command()
def command() -> None:
    """Compile ahead what would otherwise be compiled at first use: texts and numerical kernels."""
    from lachan.config import catalogues
    from lachan.edge.dns.__main__ import main as dns
    from lachan.kernel.home import home_path, home_prepare
    from lachan.matching.warm import warm

    home_prepare(home_path())
    catalogues.ensure_compiled()
    click.echo("texts compiled")
    dns(["--warm"])
    warm(click.echo)
