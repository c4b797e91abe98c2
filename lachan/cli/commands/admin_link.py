import click

from lachan.cli.setup import django_ready

WITHOUT_KEY = """
This link carries no copy of the desk's key: whoever uses it can let people in and give roles, and reads
no report. A copy comes from somebody who still holds one (Members, the person, "Give the desk's key") or
from k printed shares (`lachan recover`). Where there is neither, the reports so far stay closed to the
staff for good; make a fresh desk key (Members, Desk key) for those to come."""

WAITS = """
It opens when an administrator who is there has agreed (Today, "Powers that wait for a second yes"), or by
itself from {moment:%Y-%m-%d %H:%M} UTC. All administrators see it, and the person whose account it is."""


@click.command()
@click.option("--email", help="Of somebody who lost the password; without it, a new administrator.")
@click.option("--base", default="http://127.0.0.1:8000", show_default=True, help="Before the path.")
def command(email: str | None, base: str) -> None:
    """A one-time link for an administrator: the first one, or one who lost everything.

    \b
    lachan admin-link
    lachan admin-link --email an@hotline.example --base https://lachan.example

    The link lets in whoever has it: hand it over as you would a key.
    """
    django_ready()
    from lachan.members.services import first_link, operator_link

    path = None if email else first_link()
    if path is not None:
        click.echo(base.rstrip("/") + path)
        return
    record = operator_link(email=email or "")
    click.echo(base.rstrip("/") + record.path)
    click.echo(WITHOUT_KEY, err=True)
    if record.opens_at is not None:
        click.echo(WAITS.format(moment=record.opens_at), err=True)
