import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Answer DNS from the snapshot and forward the rest (`lachan dns --help`)."""
    from lachan.edge.dns.__main__ import main

    sys.exit(main(list(arguments)))
