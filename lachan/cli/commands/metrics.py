import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Numbers for operators as OpenMetrics, on this machine alone (`lachan metrics --help`)."""
    from lachan.edge.metrics.__main__ import main

    sys.exit(main(list(arguments)))
