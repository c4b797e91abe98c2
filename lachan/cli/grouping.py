"""The output of `lachan collection groups`: to people a few groups, to machines and reports all."""

import csv
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import msgspec

from lachan.cli.output_files import output_file
from lachan.cli.verdict import plain

if TYPE_CHECKING:
    from lachan.matching.groups import Groups
    from lachan.matching.records import Listed
    from lachan.matching.scanning.twins import ListedRow

    Found = Groups[Listed] | Groups[ListedRow]

Counts = dict[str, Any]
FORMS = (".csv", ".json")
_GROUPS_SHOWN, _MEMBERS_SHOWN, _LINES_SHOWN = 10, 5, 10
_WORDS = {
    "grouped": "are of a group",
    "alone": "are like no other",
    "empty": "are empty",
    "other": "are of another kind",
}
_LESSON = "put a list in: lachan collection import hashes.csv --collection {}"
_ROW_COLUMNS = ("group", "place", "value", "distance")
_ENTRY_COLUMNS = (
    *("group", "value", "distance", "sequence", "indicator", "categories", "confidence"),
    *("reach", "organisation", "valid_until", "source"),
)


def entries_group(
    folder: Path, algorithm: str, radius: int | None, *, hidden: bool
) -> "tuple[Counts, Found]":
    """Of a collection: entries = grouped + alone.

    Raises:
        LachanError: there is none, it cannot be used, or there is no such algorithm.
    """
    from lachan.formats.sharing import KEEPER
    from lachan.matching.collection import Collection
    from lachan.matching.records import NoCollection

    asked = _asked(algorithm, radius)
    try:
        lists = Collection.open(folder)
    except NoCollection as error:
        raise click.ClickException(f"{error}; {_LESSON.format(folder)}") from None
    held = lists.stats().algorithms.get(algorithm)
    with _bar(held.entries if held else 0, "grouping", hidden=hidden) as bar:
        groups = lists.groups(
            algorithm=algorithm, radius=radius, viewer=KEEPER, progress=bar.update
        )
        bar.update(bar.length - bar.pos)
    counts = {"collection": str(folder), **asked, "entries": groups.things}
    return counts | {"grouped": groups.grouped, "alone": groups.alone}, groups


def rows_group(
    files: Iterable[Path], algorithm: str, radius: int | None, column: str, *, hidden: bool
) -> "tuple[Counts, Found]":
    """Of lists: rows = grouped + alone + empty + other + all that were refused.

    Raises:
        LachanError: a list cannot be read, or there is no such algorithm.
    """
    from lachan.matching.algorithms.algorithm import algorithms
    from lachan.matching.scanning.twins import Rows, rows_take
    from lachan.matching.scanning.walking import printable
    from lachan.matching.values import Values

    asked = _asked(algorithm, radius)
    rows = Rows(Values(algorithms()).named(algorithm))
    for path in files:
        length = 0 if hidden else rows_about(path)
        with _bar(length, printable(str(path)), hidden=hidden) as bar:
            rows_take(rows, path, column, bar.update)
            bar.update(bar.length - bar.pos)
    with _bar(rows.held, "grouping", hidden=hidden) as bar:
        groups = rows.groups(asked["radius"], bar.update)
    counts = {"files": [printable(str(path)) for path in files], **asked, "rows": rows.rows}
    counts |= {"grouped": groups.grouped, "alone": groups.alone}
    counts |= {"empty": rows.empty, "other": rows.other, "refused": dict(rows.refused)}
    return counts | {"lines": msgspec.to_builtins(rows.lines)}, groups


def rows_about(path: Path) -> int:
    """Lines of a text; 0, and no progress, for what is none."""
    if path.suffix.lower() == ".parquet":
        return 0
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


def _asked(algorithm: str, radius: int | None) -> Counts:
    from lachan.matching.algorithms.algorithm import algorithms
    from lachan.matching.values import Values, radius_of

    within = radius_of(Values(algorithms()).named(algorithm), radius)
    return {"algorithm": algorithm, "radius": within}


def _bar(length: int, label: str, *, hidden: bool) -> Any:
    return click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=hidden or not length
    )


def report_write(path: Path, counts: Counts, groups: "Found") -> None:
    """As JSON or CSV by its suffix; whole or not there, and its owner's alone.

    Raises:
        OSError: it cannot be written.
    """
    with output_file(path) as file:
        if path.suffix.lower() == ".json":
            file.writelines(json_pieces(counts, groups))
        else:
            _csv_write(file, groups, _ROW_COLUMNS if "rows" in counts else _ENTRY_COLUMNS)


def json_pieces(counts: Counts, groups: "Found") -> Iterator[str]:
    """One object, piece by piece, for a crowd may have a million members: the counts, and `groups`."""
    yield msgspec.json.encode(counts).decode()[:-1] + ',"groups":['
    for number, group in enumerate(groups):
        yield ",\n[" if number else "\n["
        for place, member in enumerate(group):
            yield ("," if place else "") + msgspec.json.encode(_flat(member)).decode()
        yield "]"
    yield "]}\n"


def counts_say(counts: Counts, number: int) -> None:
    """The counts, with the number of groups."""
    things = "rows" if "rows" in counts else "entries"
    within = f"within {counts['radius']}" if counts["radius"] else "equal"
    groups = f"{number} group{'' if number == 1 else 's'}"
    click.echo(f"{counts[things]} {things}, {counts['algorithm']} {within}: {groups}")
    for name, words in _WORDS.items():
        if counts.get(name) or name in ("grouped", "alone"):
            click.echo(f"  {counts[name]:>8} {words}")
    for reason, refused in sorted(counts.get("refused", {}).items(), key=lambda pair: -pair[1]):
        click.echo(f"  {refused:>8} refused: {reason}")
    for line in counts.get("lines", [])[:_LINES_SHOWN]:
        click.echo(f"  {line['place']}: {line['reason']}")
    if not counts["grouped"] + counts["alone"]:
        click.echo(_lesson(counts))


def _lesson(counts: Counts) -> str:
    """What to do where there is nothing to compare."""
    if "rows" in counts:
        return (
            f"no value of {counts['algorithm']} stands there: say which --column to read, "
            "or what the values are with --algorithm"
        )
    lesson = _LESSON.format(counts["collection"])
    return f"nothing of {counts['algorithm']} is in this collection yet; {lesson}"


def groups_say(groups: "Found") -> None:
    for group in itertools.islice(groups, _GROUPS_SHOWN):
        click.echo(f"{len(group)} ALIKE")
        for member in itertools.islice(group, _MEMBERS_SHOWN):
            click.echo(_line(_flat(member)))
        if len(group) > _MEMBERS_SHOWN:
            click.echo(f"        … and {len(group) - _MEMBERS_SHOWN} more")
    if len(groups) > _GROUPS_SHOWN:
        left = len(groups) - _GROUPS_SHOWN
        click.echo(f"… and {left} more groups: ask for a --report, or for --json")


def _line(member: dict[str, Any]) -> str:
    start = f"  {member['distance']:>4}  "
    if "place" in member:
        return f"{start}{plain(member['place'])}  {member['value']}"
    said = ", ".join(member["categories"]) or "no category"
    return f"{start}{member['value']}  {said}  {plain(member['source']) or '–'}"


def _flat(member: "Listed | ListedRow") -> dict[str, Any]:
    """A member with its facts beside it, not below."""
    found: dict[str, Any] = msgspec.to_builtins(member)
    return found | found.pop("facts", {})


def _csv_write(file: TextIO, groups: "Found", columns: tuple[str, ...]) -> None:
    from lachan.matching.scanning.report import unarmed

    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    for number, group in enumerate(groups, 1):
        for member in group:
            row = _flat(member) | {"group": number}
            if "categories" in row:
                row["categories"] = " ".join(row["categories"])
            writer.writerow({name: unarmed(value) for name, value in row.items()})
