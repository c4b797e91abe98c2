import dataclasses
import json
import os
from collections.abc import Iterator

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, nothing else.")
@click.option("--times", default=100, show_default=True, help="How often to publish and withdraw.")
def command(times: int, *, as_json: bool) -> None:
    """See the whole loop once, in a throw-away instance on free ports.

    A child reports without a name; an analyst opens the case and proposes an address; a second person
    approves; DNS and the check API block it; it is withdrawn, and DNS answers again. Every step goes
    through the real pages and real DNS, and is timed. Needs no network; leaves nothing behind.

    \b
    lachan demo
    lachan demo --json --times 20
    """
    from lachan.cli.demo.stage import Stage, settings_left_out

    def say(text: str) -> None:
        if not as_json:
            click.echo(text)

    say("Starting a throw-away instance …")
    with Stage() as stage:
        # The demo's own people are invited in this process, on the instance's database.
        left = settings_left_out()
        os.environ.clear()
        os.environ.update(left | {"LACHAN_HOME": str(stage.home)})
        from lachan.cli.setup import django_ready

        django_ready(migrate=False)
        from lachan.cli.demo.loop import Loop

        loop = Loop(stage, lambda name, ms: say(f"  {name:<32}{ms:>9.1f} ms"))
        say("An administrator, an analyst and a reviewer join …")
        loop.people()
        say("Once round the loop:")
        loop.once()
        say(f"{times} times from the reviewer's click to the changed DNS answer:")
        loop.often(times, lambda numbers: _progress(numbers, times, hidden=as_json))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(loop.result)))
        return
    for name, figures in (
        ("publish to block", loop.result.publish_to_block_ms),
        ("withdraw to release", loop.result.withdraw_to_release_ms),
    ):
        say(f"  {name:<22}" + "".join(f"  {k} {v:.1f} ms" for k, v in figures.items()))
    say(f"The ledger stands at {loop.result.sequence}. The instance is gone again.")


def _progress(numbers: Iterator[int], total: int, *, hidden: bool) -> Iterator[int]:
    with click.progressbar(numbers, length=total, hidden=hidden) as bar:
        yield from bar
