"""The door: paths in, a summary and findings out."""

import functools
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from lachan.matching.scanning.journal import Journal, item_name, scan_name
from lachan.matching.scanning.lists import is_list, kind_check, list_items
from lachan.matching.scanning.records import (
    Counts,
    Finding,
    Item,
    Known,
    Limits,
    Outcome,
    Summary,
)
from lachan.matching.scanning.report import report_check, report_write
from lachan.matching.scanning.walking import Work, unreadable, walk
from lachan.matching.scanning.workers import Order, Pool, Workers


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What decides what a scan finds.

    Attributes:
        paths: folders, files, archives; a CSV or Parquet file named here is a list of hashes, one met in a
            folder is a file like any other.
        asking: names what is asked (a collection and its radius), so that a journal is not taken for
            another's.
        kind, column: of lists, see `lists.list_items`.
        keep_clean: the report also names what is clean.
        open_archives: look inside zip and tar files.
        turned: ask for pictures also as they were before somebody turned or mirrored them; eight look-ups a
            picture instead of one.
    """

    paths: tuple[str, ...]
    asking: str = ""
    kind: str = ""
    column: str = ""
    keep_clean: bool = False
    open_archives: bool = True
    turned: bool = False
    limits: Limits = Limits()


def scan(
    settings: Settings,
    opener: Callable[[], Known],
    *,
    report: Path | None = None,
    restart: bool = False,
    jobs: int = 0,
    engine: Callable[[Order, int], Pool] = Workers,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Summary, list[Finding]]:
    """Examine everything below the paths, on all cores.

    Args:
        settings: what, and how.
        opener: opens what is known; called in every process, so it must be picklable.
        report: the file to write at the end (`report.FORMS`). Until then a journal beside it notes what is
            done, and the same scan, interrupted and started again, goes on from there.
        restart: forget the journal.
        jobs: processes; 0: one a core.
        engine: who does the work; `cluster.ClusterWorkers` does it on other machines.
        progress: called with the weight (see `Item.weight`) of what is done.

    Returns:
        A summary, and every finding in order of path.

    Raises:
        MatchingError: the lists cannot be asked, the report's form or the kind is unknown, or the journal
            is not this scan's.
        OSError: report or journal cannot be written.
    """
    kind_check(settings.kind)
    running = _Scan(settings, opener, progress, report)
    pool = functools.partial(engine, running.order(), jobs)
    if report is None:
        return running.run(None, pool)
    report_check(report)
    notes = Journal(journal_path(report), scan_name(settings), running.state, restart=restart)
    try:
        found = running.run(notes, pool)
        report_write(report, *found)
        notes.finished = True
    finally:
        notes.close()
    return found


def weight(settings: Settings) -> int:
    """The whole of what `progress` will be told: a walk without reading, some microseconds a file."""
    works = walk([Path(path) for path in settings.paths])
    return sum(work.weight for work in works if isinstance(work, Item))


def journal_path(report: Path) -> Path:
    return report.with_name(f"{report.name}.journal")


class _Scan:
    def __init__(
        self,
        settings: Settings,
        opener: Callable[[], Known],
        progress: Callable[[int], None],
        report: Path | None,
    ) -> None:
        self._settings, self._opener, self._progress = settings, opener, progress
        # Written while the folder that they may stand in is read.
        own = [report, journal_path(report)] if report else []
        self._own = {path.name: os.path.realpath(path) for path in own}
        self._done: dict[str, list[tuple[int, int]]] = {}
        self._names: set[str] = set()
        self._aside: list[Outcome] = []
        self._resumed = 0
        self.state = opener().state

    def order(self) -> Order:
        return Order(
            self._opener,
            self._settings.limits,
            keep_clean=self._settings.keep_clean,
            open_archives=self._settings.open_archives,
            turned=self._settings.turned,
        )

    def run(self, notes: Journal | None, pool: Callable[[], Pool]) -> tuple[Summary, list[Finding]]:
        began = time.monotonic()
        self._done = notes.done if notes else {}
        with pool() as workers:
            for outcome in workers.outcomes(self._todo()):
                if notes is None:
                    self._aside.append(outcome)
                else:
                    notes.note(outcome)
                self._progress(outcome.item.weight)
                for item in self._shares(outcome.item, outcome.follow):
                    workers.add(item)
        counts, findings = self._gather(notes)
        reasons = Counter(found.reason.partition(":")[0] for found in findings if found.reason)
        seconds = round(time.monotonic() - began, 3)
        states = notes.state if notes else self.state, self._opener().state
        return Summary(counts, dict(reasons), seconds, self._resumed, *states), findings

    def _works(self) -> Iterator[Work]:
        for path in map(Path, self._settings.paths):
            if path.is_file() and is_list(path):
                try:
                    yield from list_items(
                        path, kind=self._settings.kind, column=self._settings.column
                    )
                except OSError as error:
                    yield unreadable(str(path), error)
            else:
                yield from walk([path])

    def _todo(self) -> Iterator[Item]:
        for work in self._works():
            if isinstance(work, Outcome):
                self._aside.append(work)
            elif not self._is_own(work.path):
                yield from self._undone([work])

    def _is_own(self, path: str) -> bool:
        name = Path(path).name  # first, for it costs nothing
        return name in self._own and os.path.realpath(path) == self._own[name]

    def _undone(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            name = item_name(item)
            if name in self._names:  # named twice on the command line
                continue
            self._names.add(name)
            if name not in self._done:
                yield item
                continue
            self._resumed += 1
            self._progress(item.weight)
            yield from self._shares(item, self._done[name])

    def _shares(self, item: Item, follow: list[tuple[int, int]]) -> Iterator[Item]:
        shares = (
            msgspec.structs.replace(item, task="members", first=first, last=last)
            for first, last in follow
        )
        return self._undone(shares)

    def _gather(self, notes: Journal | None) -> tuple[Counts, list[Finding]]:
        counts, findings = Counts(), []
        for outcome in self._aside:
            counts.add(outcome.counts)
            findings += outcome.findings
        for noted, found in notes.outcomes(self._names) if notes else ():
            counts.add(noted)
            findings += found
        return counts, sorted(findings, key=lambda finding: finding.path)
