import json
import mimetypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lachan.cli.radius import radius_option
from lachan.cli.verdict import FAILED, KNOWN, NOTHING, or_failure, plain
from lachan.kernel.home import home_path

if TYPE_CHECKING:
    from lachan.matching.scanning.known import CollectionKnown


@click.command()
@click.argument("values", nargs=-1, required=True)
@click.option(
    "--collection",
    type=click.Path(path_type=Path),
    help="The folder of the collection to ask; LACHAN_HOME/matching where none is named.",
)
@click.option("--algorithm", help="What the values are: pdq, md5, address …; else all that fit.")
@radius_option(256)
@click.option(
    "--turned",
    is_flag=True,
    help="Also find a picture that somebody turned or mirrored: eight look-ups a file instead of one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for each VALUE.")
@click.pass_context
def command(
    ctx: click.Context,
    values: tuple[str, ...],
    collection: Path | None,
    algorithm: str | None,
    radius: int | None,
    *,
    turned: bool,
    as_json: bool,
) -> None:
    """Is each VALUE known? A file, a hash, an address, a number or an account; `-` reads values from standard
    input, one a line.

    \b
    lachan match picture.jpg
    lachan match picture.jpg --turned
    lachan match https://game.example/free --json
    lachan match d8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22 --radius 20
    lachan match - --collection /srv/lists < hashes.txt

    A file is hashed here and stays here; an address is looked up and never fetched.

    \b
    Ends with  0  nothing is known
               1  something is known
               2  nothing is known, but a VALUE could not be read, or the collection not be asked
               130  interrupted
    """
    known = failed = False
    with or_failure(ctx):
        from lachan.matching.between.paths import collection_folder
        from lachan.matching.scanning.known import CollectionKnown

        folder = collection or collection_folder(home_path())
        lists = CollectionKnown(folder, radius)
        asked = _Asked(lists, folder, algorithm, radius, turned=turned)
        for value in _each(values):
            answer = asked.answer(value)
            known, failed = known or bool(answer["matches"]), failed or bool(answer["reason"])
            click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _say(answer))
    ctx.exit(KNOWN if known else FAILED if failed else NOTHING)


def _each(values: tuple[str, ...]) -> Iterator[str]:
    for value in values:
        if value != "-":
            yield value
            continue
        for line in sys.stdin:
            if line.strip():
                yield line.strip()


class _Asked:
    def __init__(
        self,
        known: "CollectionKnown",
        folder: Path,
        algorithm: str | None,
        radius: int | None,
        *,
        turned: bool,
    ) -> None:
        from lachan.matching.collection import Collection

        self._known, self._turned = known, turned
        self._algorithm, self._radius = algorithm, radius
        self._collection: Collection = Collection.open(folder)

    def answer(self, value: str) -> dict[str, Any]:
        """What is known of a value; `reason` says why it could not be read, or not wholly."""
        path = Path(value)
        if self._algorithm is None:
            if _is(path.is_file):
                return self._of_file(path)
            if reason := _no_file(path):
                return {"value": value, "reason": reason, "matches": []}
        return self._of_value(value)

    def _of_value(self, value: str) -> dict[str, Any]:
        from lachan.formats.sharing import KEEPER
        from lachan.matching.records import InvalidHash
        from lachan.matching.scanning.looking import match_of

        try:
            hits = self._collection.find(
                value, viewer=KEEPER, radius=self._radius, algorithm=self._algorithm
            )
        except InvalidHash as error:
            return {"value": value, "reason": self._why_not(error), "matches": []}
        return {"value": value, "reason": "", "matches": [_shown(match_of(hit)) for hit in hits]}

    def _why_not(self, error: Exception) -> str:
        return str(error) if self._algorithm else f"there is no such file, and {error}"

    def _of_file(self, path: Path) -> dict[str, Any]:
        from lachan.matching.scanning.examining import Examiner
        from lachan.matching.scanning.records import Item, Limits, Outcome

        found = path.stat()
        outcome = Outcome(Item(str(path), found.st_size, found.st_mtime_ns))
        examiner = Examiner(
            self._known, Limits(), keep_clean=True, open_archives=False, turned=self._turned
        )
        examiner.examine(outcome)
        (finding,) = outcome.findings
        reason = finding.reason
        if not (reason or finding.matches) and _is_archive(path):
            reason = "packed, and unopened here: `lachan scan` looks inside"
        return {
            "value": str(path),
            "sha256": finding.sha256,
            "reason": reason,
            "flat": bool(outcome.counts.flat),
            "matches": [_shown(match) for match in finding.matches],
        }


def _no_file(path: Path) -> str:
    """Why a value that was meant as a file is none: else `picture.jpg`, mistyped, would be a domain that nobody
    knows.
    """
    if _is(path.is_dir):
        return "a folder: `lachan scan` looks inside"
    kind, _ = mimetypes.guess_type(path.name)
    if path.name == str(path) and (kind or "").startswith(("image/", "video/")):
        return "there is no such file; say --algorithm address if it is a name"
    return ""


def _is_archive(path: Path) -> bool:
    from lachan.matching.scanning.archives import archive_kind

    with path.open("rb") as file:
        return bool(archive_kind(path.name, file.read(512)))


def _is(asked: Callable[[], bool]) -> bool:
    """What a path is; nothing where it is too long for a name, or not one at all."""
    try:
        return asked()
    except (OSError, ValueError):
        return False


def _shown(match: Any) -> dict[str, Any]:
    import msgspec

    return {key: value for key, value in msgspec.to_builtins(match).items() if value is not None}


def _say(answer: dict[str, Any]) -> str:
    lines, value = [], plain(answer["value"])
    for match in answer["matches"]:
        how = "listed" if match["distance"] == 0 else f"{match['distance']} bits away"
        how += f", {match['turned']}" if match["turned"] else ""
        said = ", ".join(match["categories"]) or "no category"
        lines.append(f"KNOWN  {value}")
        lines.append(f"  {match['algorithm']:<8}  {match['value']} ({how})")
        lines.append(f"  category  {said} ({match['confidence']} %)")
        lines.append(f"  source    {plain(match['source']) or '–'}")
    if answer["reason"]:
        lines.append(f"unread  {value}: {answer['reason']}")
    flat = " (a picture too flat to be compared)" if answer.get("flat") else ""
    return "\n".join(lines) or f"nothing known  {value}{flat}"
