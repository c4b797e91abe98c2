import compileall
from pathlib import Path

import click

import lachan


@click.command()
def command() -> None:
    """Compile ahead what would otherwise be compiled at first use: sources, texts and numerical kernels."""
    from lachan.config import catalogues
    from lachan.edge.dns.__main__ import main as dns
    from lachan.kernel.home import home_path, home_prepare
    from lachan.matching.warm import warm

    # Where sources are read-only, it leaves them as they are.
    compileall.compile_dir(Path(lachan.__file__).parent, quiet=2)
    home_prepare(home_path())
    catalogues.ensure_compiled()
    click.echo("texts compiled")
    dns(["--warm"])
    warm(click.echo)
