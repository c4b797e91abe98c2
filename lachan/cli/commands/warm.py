import compileall
import os
from pathlib import Path

import click

import lachan


@click.command()
def command() -> None:
    """Compile ahead what would otherwise be compiled at first use: sources, texts and numerical kernels.

    \b
    lachan warm
    """
    from lachan.config import catalogues
    from lachan.edge.dns.__main__ import main as dns
    from lachan.kernel.home import home_path, home_prepare
    from lachan.matching.warm import warm

    # Where sources are read-only, it leaves them as they are. Whoever may read a source may read what is made of
    # it: root sets the product up, and another user runs it.
    before = os.umask(0o022)
    compileall.compile_dir(Path(lachan.__file__).parent, quiet=2)
    os.umask(before)
    home_prepare(home_path())
    catalogues.ensure_compiled()
    click.echo("texts compiled")
    dns(["--warm"])
    warm(click.echo)
