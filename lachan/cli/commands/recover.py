from pathlib import Path

import click

from lachan.cli.setup import django_ready


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--email", required=True, help="Who gets the desk's keys back.")
def command(files: tuple[Path, ...], email: str) -> None:
    """Bring the desk's keys back to a person, with k of the n printed shares.

    \b
    lachan recover --email an@hotline.example
    lachan recover --email an@hotline.example share-1.txt share-4.txt

    Without FILES the shares are asked for, one a line. Nothing of them is kept.
    """
    django_ready()
    from lachan.members.services import recovery_use

    shares = [path.read_text(encoding="utf-8") for path in files] or _asked()
    count = recovery_use(shares=shares, email=email)
    click.echo(f"{count} desk keys are wrapped to {email} again.")


def _asked() -> list[str]:
    from lachan.kernel.sealing.errors import SharesUnusable
    from lachan.kernel.sealing.shares import share_parse

    texts: list[str] = []
    needed = 1
    while len(texts) < needed:
        text = click.prompt(f"Share {len(texts) + 1}", hide_input=True)
        try:
            share = share_parse(text)
        except SharesUnusable as error:
            click.echo(f"  {error}; again, please", err=True)
            continue
        needed = share.needed
        texts.append(text)
    return texts
