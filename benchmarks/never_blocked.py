"""Names that must never be blocked, against real block lists.

usage: never_blocked.py [FOLDER or FILE …] [--reviewed reviewed.json]
Reads ../shared/data/blocklists where nothing is named; where there is none, says so and uses an invented list that
names a hundred of the corpus. Each list is read by the product's own reader and put into a snapshot as if all of it
had been published, past the guard; then each name of the corpus is asked of the edge's own layers, in its order.

A review file is a JSON list of {"name", "who": [two persons], "why", "on"}: exceptions that a second person signed.
Prints one JSON object:
    by_lists_alone      how many names each list would block if nothing lay over it; `named`: the first twenty
    held_at_import      of what the lists hold, how many lines the guard holds back for this very reason
    blocked_unreviewed  names that are blocked all the same, and that nobody signed for: the bar is 0
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import BinaryIO

from lachan.edge.dns.layers import Layers
from lachan.edge.dns.policy import BLOCK, Policy
from lachan.formats.guard.loading import guard_build
from lachan.formats.known_names.loading import never_blocked, reviewed_list, reviewed_read
from lachan.formats.known_names.overlay import never_blocked_verdicts
from lachan.formats.known_names.records import Reviewed
from lachan.formats.lists.parsing import read
from lachan.formats.lists.record import Entry
from lachan.formats.observables.record import Observable
from lachan.formats.observables.wire import domain_to_wire
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter

REAL = Path(__file__).parent.parent.parent / "shared/data/blocklists"
_POLICY = Policy()


def invented(path: Path) -> list[Path]:
    names = [each.name for each in never_blocked()][::6]
    path.write_text("\n".join([*names, *(f"cuoc{number}.example" for number in range(1000))]))
    return [path]


def domains_read(stream: BinaryIO) -> list[Observable]:
    return [
        item.observable
        for item in read(stream)
        if isinstance(item, Entry) and item.observable.kind == "domain"
    ]


def tables(folder: Path, name: str, verdicts: list[Verdict]) -> SnapshotReader:
    with SnapshotWriter(folder / name) as writer:
        writer.rebuild(verdicts, 1)
    return SnapshotReader(folder / name)


def tried(files: list[Path], folder: Path, reviewed: tuple[Reviewed, ...] = ()) -> dict:
    """What each list would do to the corpus, and what the product makes of it."""
    signed = {each.name for each in (*reviewed_list(), *reviewed)}
    guard = guard_build((), ())
    corpus = {each.name: domain_to_wire(each.name) for each in never_blocked()}
    known = tables(folder, "known", list(never_blocked_verdicts(reviewed=reviewed)))
    alone: dict[str, list[str]] = {}
    product: set[str] = set()
    lines = held = 0
    for number, file in enumerate(files):
        with file.open("rb") as stream:
            found = domains_read(stream)
        ledger = tables(
            folder,
            f"list{number}",
            [Verdict(kind="domain", value=each.value, source=file.name) for each in found],
        )
        lines += len(found)
        held += sum(
            any(said.rule == "never-blocked" for said in guard.check(each)) for each in found
        )
        alone[file.name] = [
            name
            for name, wire in corpus.items()
            if Layers(ledger).decide(_POLICY, wire)[0] == BLOCK
        ]
        product |= {
            name
            for name, wire in corpus.items()
            if Layers(ledger, known=known).decide(_POLICY, wire)[0] == BLOCK
        }
    unreviewed = sorted(product - signed)
    return {
        "names": len(corpus),
        "lists": list(alone),
        "lines": lines,
        "by_lists_alone": {file: len(found) for file, found in alone.items()},
        "named": sorted(set().union(*alone.values()))[:20],
        "held_at_import": held,
        "reviewed": sorted(signed),
        "blocked_unreviewed": unreviewed,
        "bar": 0,
        "ok": not unreviewed,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--reviewed", type=Path)
    asked = parser.parse_args()
    reviewed = reviewed_read(asked.reviewed.read_bytes()) if asked.reviewed else ()
    files = [
        file
        for path in asked.paths or [REAL]
        for file in (sorted(path.glob("*.txt")) if path.is_dir() else [path])
        if file.is_file()
    ]
    with tempfile.TemporaryDirectory() as folder:
        skipped = "" if files else "no lists there: an invented one instead"
        found = tried(files or invented(Path(folder) / "invented.txt"), Path(folder), reviewed)
    print(json.dumps({**found, "skipped": skipped}, ensure_ascii=False))


if __name__ == "__main__":
    main()
