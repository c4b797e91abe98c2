import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lachan.cli.radius import radius_option
from lachan.cli.verdict import KNOWN, NOTHING, QUARANTINED, or_failure, plain
from lachan.kernel.home import home_path

if TYPE_CHECKING:
    from lachan.matching.scanning.records import Finding, Summary

_SHOWN = 50


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--collection",
    type=click.Path(path_type=Path),
    help="The folder of the collection to ask; LACHAN_HOME/matching where none is named.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it here: .json, .csv or .parquet. An interrupted scan with a report can go on.",
)
@radius_option(256)
@click.option("--kind", default="", help="Of all values of a list: md5, sha256, pdq, url …")
@click.option("--column", default="", help="Of a list: the one to read, by name or number.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; one a core where none is given.")
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    help="Who does the work: this machine, or a Ray cluster (lachan[ray]).",
)
@click.option("--address", default="", help="Of a Ray cluster: auto, or host:port; else one here.")
@click.option(
    "--turned",
    is_flag=True,
    help="Also find pictures that somebody turned or mirrored: eight look-ups a picture instead of one.",
)
@click.option("--no-archives", is_flag=True, help="Do not look inside zip and tar files.")
@click.option("--clean", is_flag=True, help="The report also names what is not known.")
@click.option("--restart", is_flag=True, help="Begin anew instead of going on.")
@click.option("--json", "as_json", is_flag=True, help="The report on standard output, as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    collection: Path | None,
    report: Path | None,
    radius: int | None,
    kind: str,
    column: str,
    jobs: int | None,
    engine: str,
    address: str,
    *,
    turned: bool,
    no_archives: bool,
    clean: bool,
    restart: bool,
    as_json: bool,
) -> None:
    """Is anything below each PATH known? Folders, files, archives, and lists of hashes (a CSV or Parquet file
    that is named here). Digests of every file, the PDQ of pictures and of video frames.

    \b
    lachan scan ~/Pictures
    lachan scan /evidence --report found.csv --collection lists
    lachan scan hashes.csv --column sha1 --json
    lachan scan phone.zip --turned                # pictures that somebody mirrored, too
    lachan scan /shared --report found.parquet --engine ray --address auto
    lachan scan /evidence --report found.csv      # killed? the same again goes on where it was

    Nothing is changed, moved or sent. Of the content nothing is kept: a report holds paths, digests and hits.
    What cannot be read is set aside with its reason, and the rest goes on.

    \b
    Ends with  0  nothing is known, and everything was examined
               1  something is known
               2  the scan could not be done, or the command not be understood
               3  nothing is known, but something could not be examined: see the report
               130  interrupted; with a report, the same command goes on
    """
    with or_failure(ctx, goes_on=report is not None):
        from lachan.cli.listing import lists_check
        from lachan.matching.between.paths import collection_folder
        from lachan.matching.scanning.cluster import ClusterWorkers
        from lachan.matching.scanning.known import CollectionKnown
        from lachan.matching.scanning.lists import is_list
        from lachan.matching.scanning.report import report_json
        from lachan.matching.scanning.scan import Settings, scan, weight
        from lachan.matching.scanning.workers import Workers

        lists_check(filter(is_list, paths), kind=kind, column=column)
        folder = (collection or collection_folder(home_path())).absolute()
        settings = Settings(
            paths=tuple(str(path) for path in paths),
            asking=f"{folder} {radius}",
            kind=kind,
            column=column,
            keep_clean=clean,
            open_archives=not no_archives,
            turned=turned,
        )
        opener = functools.partial(CollectionKnown, folder, radius)
        pool = functools.partial(ClusterWorkers, address=address) if engine == "ray" else Workers
        whole = weight(settings) if sys.stderr.isatty() and not as_json else 0
        with click.progressbar(
            length=whole, label="scanning", file=sys.stderr, hidden=not whole
        ) as bar:
            summary, findings = scan(
                settings, opener, report=report, restart=restart, jobs=jobs or 0,
                engine=pool, progress=bar.update,
            )  # fmt: skip
        if as_json:
            sys.stdout.buffer.write(report_json(summary, findings))
        else:
            _say(summary, findings, report)
    counts = summary.counts
    ctx.exit(KNOWN if counts.known else QUARANTINED if counts.quarantined else NOTHING)


def _say(summary: "Summary", findings: "list[Finding]", report: Path | None) -> None:
    counts = summary.counts
    states = " to ".join(dict.fromkeys((summary.state, summary.state_end)))
    click.echo(f"{counts.examined} examined in {summary.seconds:.1f} s ({states})")
    for name in ("known", "clean", "quarantined", "skipped"):
        click.echo(f"  {name:<12} {getattr(counts, name)}")
    if counts.flat:
        click.echo(f"  too flat to be compared as pictures: {counts.flat}")
    if summary.resumed:
        click.echo(
            f"  {summary.resumed} were done before the scan was interrupted, with the lists of then: "
            "--restart does all anew"
        )
    if summary.reasons:
        click.echo("  why things were set aside:")
    for reason, number in sorted(summary.reasons.items(), key=lambda item: -item[1]):
        click.echo(f"      {number:>8}  {reason}")
    if report is not None:
        click.echo(f"report: {report}")
        return
    known = [finding for finding in findings if finding.matches]
    aside = [finding for finding in findings if finding.status == "quarantined"]
    for finding in aside[:_SHOWN]:
        click.echo(f"unread  {plain(finding.path)}: {finding.reason}")
    for finding in known[:_SHOWN]:
        match = finding.matches[0]
        near = f", distance {match.distance}" if match.distance else ""
        near += f", {match.turned}" if match.turned else ""
        categories = ", ".join(match.categories) or "no category"
        click.echo(f"KNOWN  {plain(finding.path)}  {match.algorithm}{near}: {categories}")
    if more := max(len(known) - _SHOWN, 0) + max(len(aside) - _SHOWN, 0):
        click.echo(f"… and {more} more: ask for a --report")
