import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Numbers for operators as OpenMetrics, on this machine alone (`lachan metrics --help`).

    \b
    lachan metrics            on http://127.0.0.1:9464/metrics
    lachan metrics --once     printed once
    """
    from lachan.edge.metrics.__main__ import main

    sys.exit(main(list(arguments)))
