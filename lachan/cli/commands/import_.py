import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from lachan.cli.setup import django_ready

if TYPE_CHECKING:
    from lachan.indicators.records import ImportReport


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--category", required=True, help="A category's code or short word: gambling, scam …")
@click.option("--source", default="", help="Whose list it is; the file's name where none is given.")
@click.option(
    "--form", default="auto", help="plain, hosts, adblock, csv, dnsmasq, rpz …; else looked at."
)
@click.option("--kind", help="What plain values are: domain, url …; else guessed one by one.")
@click.option("--tlp", default="clear", help="clear, green or amber.")
@click.option("--confidence", default=80, type=click.IntRange(0, 100), show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    file: BinaryIO,
    category: str,
    source: str,
    form: str,
    kind: str | None,
    tlp: str,
    confidence: int,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish a block list: every line of FILE with content is published, a duplicate, guarded (set aside
    for a review) or quarantined with its reason. Run again, it goes on where it was cut off.

    \b
    lachan import gambling.txt --category gambling --source hostsVN
    lachan import list.csv.gz --category phishing --dry-run --json

    Ends with 1 where there is nothing in FILE, or nothing that can be used.
    """
    django_ready()
    from lachan.indicators.services import list_import
    from lachan.members.records import system

    name = Path(getattr(file, "name", "-")).name
    size = _size(file)
    with click.progressbar(length=size, label=name, file=sys.stderr, hidden=as_json) as bar:
        report = list_import(
            by=system("lachan import"),
            stream=file,
            file_name=name,
            category=category,
            source=source,
            form=form,
            kind=kind,
            tlp=tlp,
            confidence=confidence,
            dry_run=dry_run,
            progress=lambda _: bar.update(file.tell() - bar.pos) if size else None,
        )
        bar.update(size - bar.pos)
    if as_json:
        facts = {"dry_run": dry_run, **dataclasses.asdict(report)}
        click.echo(json.dumps(facts, default=str, ensure_ascii=False))
    else:
        _say(report, dry_run=dry_run)
    if report.quarantined == report.content:
        raise click.ClickException(_useless(report, form, kind))


def _size(file: BinaryIO) -> int:
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else 0
    except OSError:
        return 0


def _useless(report: "ImportReport", form: str, kind: str | None) -> str:
    """That no line could be used, and what to do about it."""
    said = "every line was refused"
    if not report.readable_as:
        return f"{said}: the reasons stand above"
    if report.readable_as == "csv":
        return f"{said}: as csv they could be read, with a first row that names the columns (domain,note)"
    said = f"{said}: as {report.readable_as} they could be read"
    wrong = [f"--form {form}"] * (form != "auto") + [f"--kind {kind}"] * bool(kind)
    return f"{said}, without {' and '.join(wrong)}" if wrong else said


def _say(report: "ImportReport", *, dry_run: bool) -> None:
    from lachan.indicators.records import OVERTAKEN

    click.echo(
        f"{report.content} lines with content" + (" (nothing was changed)" if dry_run else "")
    )
    for name in ("published", "duplicate", "guarded", "quarantined"):
        click.echo(f"  {name:<12} {getattr(report, name)}")
    reasons = sorted(report.reasons.items(), key=lambda item: -item[1])
    overtaken = [item for item in reasons if item[0].startswith(OVERTAKEN)]
    for head, told in (
        ("of the published, decided otherwise before", overtaken),
        ("why lines were guarded or quarantined", [r for r in reasons if r not in overtaken]),
    ):
        if told:
            click.echo(f"  {head}:")
        for reason, number in told:
            click.echo(f"      {reason:<20} {number}")
    if report.last_seq is not None:
        click.echo(f"ledger {report.first_seq}–{report.last_seq}")
    if report.published and not dry_run:
        click.echo(f"to take it all back: lachan withdraw-list {report.uid}")
