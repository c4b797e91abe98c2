import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Answer platforms which fingerprints are on the lists (`lachan match-server --help`)."""
    from lachan.edge.matching.__main__ import main

    sys.exit(main(list(arguments)))
