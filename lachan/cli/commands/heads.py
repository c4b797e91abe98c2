import sys
from typing import TextIO

import click

from lachan.cli.setup import django_ready
from lachan.kernel.errors import InvalidInput


@click.command()
@click.option(
    "--check",
    "noted",
    type=click.File("r", encoding="utf-8"),
    help="Hold the trail and the ledger to heads noted before, from a file or - for standard input.",
)
def command(*, noted: TextIO | None) -> None:
    """Where the trail and the ledger stand, as a line each to keep elsewhere: on paper or another machine.

    \b
    lachan heads                                     # trail 1204 6f0c…   ledger 65723 a91e…
    lachan heads | ssh other.example 'cat >> heads'  # a witness that this machine cannot rewrite
    lachan heads --check heads                       # are all of them still in there?

    A line holds a number and a hash, and tells nobody anything. With --check it ends with 2 when a line
    that was noted is gone or altered: then history was cut off or written anew.
    """
    django_ready(migrate=False)
    from lachan.indicators.selectors import ledger_hash_at, ledger_head_hash
    from lachan.members.services import audit_hash_at, audit_head

    chains = {"trail": (audit_head, audit_hash_at), "ledger": (ledger_head_hash, ledger_hash_at)}
    if noted is None:
        for name, (head, _) in chains.items():
            if found := head():
                click.echo(f"{name} {found.seq} {found.hash}")
        return
    lines = [_line(text) for text in noted if text.strip()]
    if not lines:
        raise InvalidInput("no heads are noted there: write some with `lachan heads`")
    lost = [
        f"{name} {seq}"
        for name, seq, digest in lines
        if name not in chains or chains[name][1](seq) != digest
    ]
    for one in lost:
        click.echo(f"{one} is gone or altered", err=True)
    click.echo(f"{len(lines) - len(lost)} of {len(lines)} still stand")
    sys.exit(2 if lost else 0)


def _line(text: str) -> tuple[str, int, str]:
    try:
        name, seq, digest = text.split()
        return name, int(seq), digest
    except ValueError:
        raise InvalidInput("a noted head is a name, a number and a hash") from None
