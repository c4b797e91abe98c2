import contextlib
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from lachan.cli.verdict import NOTHING, QUARANTINED, or_failure, plain

if TYPE_CHECKING:
    from lachan.matching.scanning.hashing import Same
    from lachan.matching.scanning.records import Finding

_COLUMNS = ("pdq", "quality", "sha256", "sha1", "md5", "path")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the list here, whole or not at all, instead of on standard output.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes; one a core where none is given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for each file.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    output: Path | None,
    jobs: int | None,
    *,
    as_json: bool,
) -> None:
    """Make a list of hashes of every file named or below a folder: CSV that `lachan collection import` reads,
    with the columns pdq, quality, sha256, sha1, md5 and path.

    \b
    lachan hash ~/Pictures > list.csv
    lachan collection import list.csv --source "Our list" --category scam --collection lists
    lachan match other.jpg --collection lists

    \b
    lachan hash /evidence --output list.csv
    lachan hash picture.jpg --json

    The PDQ is that of the picture as it is stored. A picture too flat to be compared (quality below 50) gets
    its digests and no PDQ; so does what is no picture, without a quality. An archive or a video is one file.
    Links are followed only where they are named. A transparent picture is hashed as it looks on white or on
    black; one that looks otherwise on the other has a second line with that PDQ. Of one that is cut or
    damaged, so that less than 98 % can be decoded, only the digests are in the list.

    Nothing of the content is kept or sent. What cannot be read is named on standard error with its reason,
    and the rest goes on; a picture that cannot be decoded has its digests in the list all the same.

    \b
    Ends with  0    everything was hashed
               2    it could not be done, or the command not be understood
               3    something could not be hashed, or not wholly: see standard error
               130  interrupted
    """
    with or_failure(ctx):
        with _place(output) as file:
            made = _Made(file, as_json=as_json)
            _fill(made, paths, _own(file, output), jobs or 0)
        made.say()
        counts = made.counts
    ctx.exit(QUARANTINED if counts.quarantined else NOTHING)


@contextlib.contextmanager
def _place(output: Path | None) -> Iterator[TextIO]:
    """Where the list goes; in UTF-8, whatever letters the terminal takes."""
    if output is not None:
        from lachan.cli.output_files import output_file

        with output_file(output) as file:
            yield file
        return
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read it has seen enough (`| head`); what is left would be tried once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise


def _own(file: TextIO, output: Path | None) -> "frozenset[Same]":
    """The list that is being written, and the one that it replaces: they may stand where is read."""
    from lachan.matching.scanning.hashing import same_as

    own = set()
    with contextlib.suppress(OSError):  # a standard output that is no file
        own.add(same_as(os.fstat(file.fileno())))
    with contextlib.suppress(OSError):
        own |= {same_as(output.stat())} if output else set()
    return frozenset(own)


def _fill(made: "_Made", paths: tuple[Path, ...], own: "frozenset[Same]", jobs: int) -> None:
    from lachan.matching.scanning.hashing import files_hash
    from lachan.matching.scanning.scan import Settings, weight

    # Rows and a bar on one terminal would write over each other.
    shown = sys.stderr.isatty() and not made.file.isatty()
    whole = weight(Settings(paths=tuple(map(str, paths)))) if shown else 0
    with (
        click.progressbar(length=whole, label="hashing", file=sys.stderr, hidden=not whole) as bar,
        contextlib.closing(files_hash(paths, own=own, jobs=jobs, progress=bar.update)) as outcomes,
    ):
        for outcome in outcomes:
            made.counts.add(outcome.counts)
            for finding in outcome.findings:
                made.add(finding)


class _Made:
    """A list as it is written, and what is said of it on standard error."""

    def __init__(self, file: TextIO, *, as_json: bool) -> None:
        from lachan.matching.scanning.records import Counts

        self.file, self._as_json = file, as_json
        self.counts, self._pictures, self._aside = Counts(), 0, list[str]()
        self._csv = csv.DictWriter(file, _COLUMNS)
        if not as_json:
            self._csv.writeheader()

    def add(self, finding: "Finding") -> None:
        """In CSV only what has any hash; JSON also says why not."""
        import msgspec

        from lachan.matching.scanning.report import unarmed

        row: dict[str, Any] = {name: getattr(finding, name, None) for name in _COLUMNS}
        self._pictures += bool(row["pdq"])
        if finding.reason:
            self._aside.append(f"{plain(finding.path)}: {finding.reason}")
        if self._as_json:
            told = {name: None if value == "" else value for name, value in row.items()}
            ground = {"ground": ground} if (ground := getattr(finding, "ground", "")) else {}
            told |= {"reason": finding.reason, **ground}
            self.file.write(msgspec.json.encode(told).decode() + "\n")
        elif finding.sha256:
            self._csv.writerow({name: unarmed(value) for name, value in row.items()})
            if ground := getattr(finding, "ground", ""):
                self._csv.writerow({"pdq": ground, "path": unarmed(row["path"])})

    def say(self) -> None:
        for line in self._aside:
            click.echo(f"unread  {line}", err=True)
        counts = self.counts
        said = f"{counts.examined} examined, {self._pictures} with a PDQ"
        said += f", {counts.flat} too flat for one" if counts.flat else ""
        said += f", {counts.quarantined} set aside" if counts.quarantined else ""
        said += f", {counts.skipped} skipped (links and the like)" if counts.skipped else ""
        click.echo(said, err=True)
