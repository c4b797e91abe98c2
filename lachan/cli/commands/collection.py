import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from lachan.kernel.home import home_path
from lachan.matching.between.paths import collection_folder

if TYPE_CHECKING:
    from lachan.matching.collection import Collection
    from lachan.matching.records import Stats
    from lachan.matching.scanning.records import Row

_folder = click.option(
    "--collection",
    type=click.Path(path_type=Path),
    help="Its folder; LACHAN_HOME/matching where none is named.",
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group()
def command() -> None:
    """Keep a collection: what `lachan match` and `lachan scan` ask.

    \b
    lachan collection import hashes.csv --source "Our list" --category scam --collection lists
    lachan collection show --collection lists
    lachan collection groups --collection lists
    lachan collection verify --collection /srv/lists

    Without --collection the instance's own is meant, which follows the ledger while `lachan up` runs.
    """


@command.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@_folder
@click.option("--source", default="", help="Whose list it is; the file's name where none is given.")
@click.option("--category", "categories", multiple=True, help="A category's code; may be repeated.")
@click.option("--kind", default="", help="What all values are: pdq, md5, sha256, url …")
@click.option("--column", default="", help="The only one to read, by name or number.")
@click.option("--confidence", default=100, type=click.IntRange(0, 100), show_default=True)
@click.option(
    "--reach",
    default="public",
    show_default=True,
    type=click.Choice(["public", "community", "members", "own"]),
    help="The narrowest audience that may see it.",
)
@_json
def fill(
    files: tuple[Path, ...],
    collection: Path | None,
    source: str,
    categories: tuple[str, ...],
    kind: str,
    column: str,
    confidence: int,
    reach: str,
    *,
    as_json: bool,
) -> None:
    """Put lists in (CSV, TSV, Parquet, what md5sum prints; also packed as .gz), into a new collection where
    there is none.

    The first row may name the columns: pdq, md5, sha256, url …, or value and kind. The same list once more
    replaces what it said before.

    \b
    lachan collection import hashes.csv --source "Our list" --category scam --collection lists
    lachan collection import pictures.csv.gz --kind pdq --reach members --collection lists --json

    Only a running instance writes its own collection: `lachan import` publishes a list there. A
    list of which no value can be read ends it with 1 before anything is put in.
    """
    from lachan.cli.grouping import rows_about
    from lachan.cli.listing import lists_check
    from lachan.cli.setup import instance_expect
    from lachan.formats.classification.categories import category_code
    from lachan.kernel.ids import uuid7
    from lachan.matching.filling import collection_fill, rows_check
    from lachan.matching.records import Facts
    from lachan.matching.scanning.lists import list_named

    reaches = ["public", "community", "members", "own"]
    folder = collection or collection_folder(home_path())
    known = (folder / "manifest.json").exists()
    codes = tuple(category_code(name) for name in categories)
    lists_check(files, kind=kind, column=column)
    if collection is None:
        instance_expect()  # a list in a home of its own would be found by nobody
    for path in files:
        with list_named(path):
            rows_check(_rows(path, kind, column))
    each_rows = [_rows(path, kind, column) for path in files]
    each_rows[0] = _begun(each_rows[0])
    told, shown = [], sys.stderr.isatty() and not as_json
    with _opened(folder, known=known, own=collection is None) as lists:
        for path, rows in zip(files, each_rows, strict=True):
            like = Facts(
                0, uuid7(), codes, confidence, reaches.index(reach), source=source or path.name
            )
            length = rows_about(path)
            with click.progressbar(
                length=length, label=path.name, file=sys.stderr, hidden=not (shown and length)
            ) as bar:
                filled = collection_fill(lists, rows, like, bar.update)
                bar.update(length - bar.pos)
            told.append({"file": str(path), **msgspec.structs.asdict(filled)})
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in told:
        click.echo(f"{each['file']}: {each['taken']} of {each['rows']} rows are in")
        for reason, number in sorted(each["refused"].items(), key=lambda pair: -pair[1]):
            click.echo(f"  {number:>8} refused: {reason}")
        for line, reason in each["lines"][:10]:
            click.echo(f"  line {line}: {reason}")


@command.command()
@_folder
@_json
def show(collection: Path | None, *, as_json: bool) -> None:
    """What is in it: entries by algorithm, and the ledger's sequence.

    \b
    lachan collection show --json
    """
    from lachan.matching.collection import Collection

    _say(Collection.open(collection or collection_folder(home_path())).stats(), as_json=as_json)


@command.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_folder
@click.option(
    "--algorithm", default="pdq", show_default=True, help="Whose values: pdq, md5, address …"
)
@click.option("--radius", type=click.IntRange(0, 31), help="Of PDQ; 31 where none is given.")
@click.option("--column", default="", help="Of a list: the only one to read, by name or number.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every group here: .csv (a row a member) or .json.",
)
@_json
def groups(
    files: tuple[Path, ...],
    collection: Path | None,
    algorithm: str,
    radius: int | None,
    column: str,
    report: Path | None,
    *,
    as_json: bool,
) -> None:
    """Which entries are alike? Or, where FILES are named, which rows of these lists (CSV, TSV or Parquet),
    before they are imported. Nothing is changed.

    \b
    lachan collection groups
    lachan collection groups --radius 20 --report groups.csv --collection lists
    lachan collection groups reports.csv more.parquet --json

    Whatever is near one of a group is of it too, so the ends of a chain may be far apart: each member is
    shown with its distance from the first. What names no kind is taken for a value of --algorithm.
    """
    from lachan.cli import grouping
    from lachan.cli.listing import lists_check

    if files and collection:
        raise click.UsageError("either lists or a --collection: not both at once")
    if report is not None and report.suffix.lower() not in grouping.FORMS:
        raise click.UsageError(f"a report ends with one of: {', '.join(grouping.FORMS)}")
    hidden = as_json or not sys.stderr.isatty()
    if files:
        lists_check(files, column=column)
        counts, found = grouping.rows_group(files, algorithm, radius, column, hidden=hidden)
    else:
        folder = collection or collection_folder(home_path())
        counts, found = grouping.entries_group(folder, algorithm, radius, hidden=hidden)
    if report is not None:
        try:
            grouping.report_write(report, counts, found)
        except OSError as error:
            raise click.ClickException(f"the report cannot be written: {error.strerror}") from None
    if as_json:
        sys.stdout.writelines(grouping.json_pieces(counts, found))
        return
    grouping.counts_say(counts, len(found))
    if report is None:
        grouping.groups_say(found)
    else:
        click.echo(f"report: {report}")


@command.command()
@_folder
def compact(collection: Path | None) -> None:
    """Merge everything into one segment an algorithm; happens by itself now and then.

    \b
    lachan collection compact
    """
    from lachan.matching.collection import Collection

    with Collection.open(collection or collection_folder(home_path()), write=True) as lists:
        lists.compact()
        _say(lists.stats(), as_json=False)


@command.command()
@_folder
def verify(collection: Path | None) -> None:
    """Read every file against its checksums; ends with 1 where one is damaged, and says which.

    \b
    lachan collection verify
    """
    from lachan.matching.collection import Collection

    Collection.open(collection or collection_folder(home_path())).verify()
    click.echo("every file is sound")


def _rows(path: Path, kind: str, column: str) -> "Iterator[Row]":
    from lachan.matching.scanning.lists import list_items

    for item in list_items(path, kind=kind, column=column):
        yield from item.rows


def _begun(rows: "Iterator[Row]") -> "Iterator[Row]":
    """The same rows, as many of them read as are put in at once: no collection is made of a list that cannot be.

    Raises: as `_rows`.
    """
    from lachan.matching.filling import BATCH

    return itertools.chain(list(itertools.islice(rows, BATCH)), rows)


def _opened(folder: Path, *, known: bool, own: bool) -> "Collection":
    """The collection to be filled.

    Raises:
        StoreLocked: another process writes it; of the instance's own the message says what else to do.
    """
    from lachan.matching.collection import Collection
    from lachan.matching.records import StoreLocked

    try:
        return Collection.open(folder, write=True) if known else Collection.create(folder)
    except StoreLocked as error:
        if not own:
            raise
        raise StoreLocked(
            "this instance runs, and its collection follows the ledger: `lachan import` publishes a list "
            "there, or name another collection with --collection"
        ) from error


def _say(stats: "Stats", *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(stats))
        return
    click.echo(f"ledger at {stats.sequence}, generation {stats.generation}")
    for name, shelf in stats.algorithms.items():
        click.echo(
            f"  {name:<12} {shelf.entries:>10} entries  {shelf.segments} segments, "
            f"{shelf.delta} newer ones, {shelf.bytes / 1e6:.1f} MB"
        )
    if stats.fault:
        click.echo(f"the last merge did not succeed: {stats.fault}")
