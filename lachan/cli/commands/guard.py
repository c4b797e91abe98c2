import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lachan.cli.setup import django_ready

if TYPE_CHECKING:
    from lachan.indicators.records import GuardList, SitesHead

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group()
def command() -> None:
    """Keep the guard: what is not blocked before somebody names a reason.

    \b
    lachan guard update top-1m.csv.zip
    lachan guard show school.example 8.8.8.8
    lachan guard lists
    """


@command.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Of a list with places: only what stands in this one or above.",
)
@_json
def update(files: tuple[Path, ...], top: int | None, *, as_json: bool) -> None:
    """Make the list of well-known sites anew of FILES: Tranco's (`place,name`), a plain list, a MISP warning list;
    also packed as .zip or .gz. An import holds back what stands on it, and what stands below. It takes the place
    of the list that was there, at once and in every process.

    \b
    lachan guard update top-1m.csv.zip
    lachan guard update top-1m.csv our-partners.txt --top 100000
    """
    django_ready()
    from lachan.indicators.selectors import guard_sites
    from lachan.indicators.services import sites_replace
    from lachan.kernel.errors import LachanError
    from lachan.members.records import system

    try:
        before = guard_sites()
    except LachanError:
        before = None  # damaged: all the more reason to replace it
    limit = {} if top is None else {"top": top}
    head = sites_replace(by=system("lachan guard update"), files=files, **limit)
    if as_json:
        click.echo(_encoded({"sites": dataclasses.asdict(head)}))
        return
    for file in head.files:
        click.echo(f"{file.file}, of {file.dated}: {file.taken:,} names taken")
        _say_refused(file.refused)
    was = f"; {before.names:,} of {before.dated} until now" if before else ""
    click.echo(f"{head.names:,} well-known names in all{was}")


@command.command()
@click.argument("values", nargs=-1, required=True)
@click.option("--kind", help="What the values are: domain, url …; else guessed one by one.")
@_json
def show(values: tuple[str, ...], kind: str | None, *, as_json: bool) -> None:
    """Would the guard hold VALUES back, and why?

    \b
    lachan guard show wordpress.com school.example
    lachan guard show d41d8cd98f00b204e9800998ecf8427e --json
    """
    django_ready()
    from lachan.formats.observables.parsing import parse
    from lachan.indicators.selectors import guard_check

    told = []
    for value in values:
        observable = parse(value, kind)
        warnings = [dataclasses.asdict(w) for w in guard_check(observable=observable)]
        told.append({"kind": observable.kind, "value": observable.value, "warnings": warnings})
    if as_json:
        click.echo(_encoded({"values": told}))
        return
    for each in told:
        click.echo(
            f"{each['value']}: " + ("held back" if each["warnings"] else "nothing against it")
        )
        for warning in each["warnings"]:
            click.echo(f"  {warning['rule']}: {warning['reason']} ({warning['matched']})")


@command.command()
@_json
def lists(*, as_json: bool) -> None:
    """What stands in LACHAN_HOME/guard/, how old it is, and what of it cannot be used.

    \b
    lachan guard lists
    lachan guard lists --json
    """
    django_ready()
    from lachan.indicators.selectors import guard_lists, guard_sites
    from lachan.kernel.errors import LachanError

    fault, sites, found = "", None, guard_lists()
    try:
        sites = guard_sites()
    except LachanError as error:
        fault = str(error)
    if as_json:
        facts = dataclasses.asdict(sites) if sites else None
        told = [dataclasses.asdict(one) for one in found]
        click.echo(_encoded({"sites": facts, "fault": fault, "lists": told}))
        return
    if fault:
        click.echo(f"the list of well-known sites is NOT in use: {fault}: lachan guard update FILE")
    else:
        _say_sites(sites)
    for one in found:
        _say_list(one)


def _say_sites(sites: "SitesHead | None") -> None:
    if sites is None:
        click.echo("no list of well-known sites: lachan guard update FILE")
        return
    click.echo(f"{sites.names:,} well-known names, brought {sites.made_at:%Y-%m-%d}")
    for file in sites.files:
        click.echo(f"  {file.file}, of {file.dated}: {file.taken:,} names")


def _say_list(one: "GuardList") -> None:
    if one.fault:
        click.echo(f"{one.file}: NOT in use: {one.fault}")
        return
    click.echo(f"{one.file}: {one.taken:,} entries about {', '.join(one.kinds)}")
    _say_refused(one.refused)
    if one.unused:
        click.echo(f"  no kind of ours: {', '.join(one.unused)}")


def _say_refused(refused: dict[str, int]) -> None:
    for reason, number in sorted(refused.items(), key=lambda pair: -pair[1]):
        click.echo(f"  {number:>8,} refused: {reason}")


def _encoded(facts: object) -> str:
    return json.dumps(facts, default=str, ensure_ascii=False)
