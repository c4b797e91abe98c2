import dataclasses
import json

import click

from lachan.cli.setup import django_ready
from lachan.kernel.errors import Unavailable


@click.command()
@click.argument("value")
@click.option("--kind", help="When it could be several things: domain, url, phone, account …")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def command(ctx: click.Context, value: str, kind: str | None, *, as_json: bool) -> None:
    """Is VALUE known? An address, number, account or fingerprint.

    \b
    lachan check https://game.example/free
    lachan check "0912 345 678" --json
    lachan check tiktok:somebody

    Ends with 0 when nothing is known, 1 when it is known, 2 when it cannot be read.
    """
    django_ready(migrate=False)
    from lachan.formats.observables.record import InvalidObservable
    from lachan.shield.advice import advice_for
    from lachan.shield.selectors import snapshot_status, value_check

    if snapshot_status()["state"] == "absent":
        raise Unavailable("there is nothing to ask yet: start `lachan up` or `lachan shield`")
    try:
        answer = value_check(value, kind)
    except InvalidObservable as error:
        raise click.BadParameter(f"{error} ({error.reason})", param_hint="VALUE") from None
    if as_json:
        click.echo(
            json.dumps(
                dataclasses.asdict(answer) | {"advice": advice_for(answer)}, ensure_ascii=False
            )
        )
    elif answer.known:
        covered = "" if answer.matched_value == answer.value else f" (by {answer.matched_value})"
        click.echo(f"{answer.action.upper()}  {answer.value}{covered}")
        click.echo(f"  category  {', '.join(answer.categories)}")
        click.echo(f"  reason    {answer.reason or '–'}")
        click.echo(f"  source    {answer.source or '–'}")
        click.echo(f"  ledger    {answer.published} (now at {answer.sequence})")
    else:
        click.echo(f"nothing known  {answer.value} ({answer.kind}), ledger at {answer.sequence}")
    ctx.exit(1 if answer.known else 0)
