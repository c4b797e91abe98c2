import os

import click

from lachan.cli.setup import django_ready

_YIELDING = 5


@click.command()
@click.option("--once", is_flag=True, help="Bring the collection up to date and end.")
@click.option("--rebuild", is_flag=True, help="Fill the collection anew from the ledger first.")
@click.option(
    "--shard",
    metavar="N/COUNT",
    help="Hold only this share of the indicators, as in 2/5 [LACHAN_MATCH_SHARD]; docs/howto/large.md.",
)
def command(*, once: bool, rebuild: bool, shard: str | None) -> None:
    """Follow the ledger and keep the collection that look-ups of fingerprints are answered from.

    \b
    lachan matching
    lachan matching --once --rebuild      when `lachan doctor` says so
    lachan matching --shard 2/5           the second of five machines
    """
    from lachan.sightings.shards import shard_setting

    share = shard_setting(shard)
    # The shield's block comes first: both wake at the same moment, for the same decision.
    os.nice(_YIELDING)
    django_ready(begin=True)
    from lachan.sightings.follower import run

    run(once=once, rebuild=rebuild, shard=share)
