"""From the paths that somebody names to pieces of work, in a certain order and without reading a file."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from lachan.matching.scanning.records import Counts, Finding, Item, Outcome

Work = Item | Outcome
"""An outcome where there is nothing to hand out: a folder that cannot be read, a link."""


def printable(path: str) -> str:
    """A path as text: bytes that are no UTF-8 are written as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def walk(paths: Iterable[Path]) -> Iterator[Work]:
    """Each regular file below `paths`, by name, each once a path. Links are followed only where named.

    What cannot be read becomes an outcome of its own; the rest goes on.
    """
    for path in paths:
        try:
            found = path.stat()
        except OSError as error:
            yield unreadable(str(path), error)
            continue
        if stat.S_ISDIR(found.st_mode):
            yield from _folder(str(path))
        else:
            yield _item(str(path), found)


def _folder(top: str) -> Iterator[Work]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                entries_by_name = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield unreadable(folder, error)
            continue
        below = []
        for entry in entries_by_name:
            try:
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
                else:
                    yield _item(entry.path, entry.stat(follow_symlinks=False))
            except OSError as error:
                yield unreadable(entry.path, error)
        waiting += reversed(below)


def _item(path: str, found: os.stat_result) -> Work:
    item = Item(path, found.st_size, found.st_mtime_ns)
    if stat.S_ISREG(found.st_mode):
        return item
    # Reading a pipe could wait for ever; a link's target is found where it lies, or was not meant.
    return Outcome(item, counts=Counts(skipped=1))


def unreadable(path: str, error: OSError) -> Outcome:
    """The outcome of what cannot even be looked at."""
    outcome = Outcome(Item(path, 0, 0))
    outcome.add(Finding(printable(path), reason=reason_of(error)))
    return outcome


def reason_of(error: OSError) -> str:
    return f"unreadable: {(error.strerror or type(error).__name__).lower()}"
