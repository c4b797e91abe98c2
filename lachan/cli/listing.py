"""Messages about lists, before they are read."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import click

from lachan.cli.verdict import plain


def lists_check(paths: Iterable[Path], *, kind: str = "", column: str = "") -> None:
    """Refuse what cannot be read before anything is done, and say where a column is read unnamed.

    What is no file goes by: whoever reads it says so.

    Raises:
        LachanError: a list cannot be read, or not so.
    """
    from lachan.matching.scanning.lists import kind_check, list_check
    from lachan.matching.scanning.walking import printable

    kind_check(kind)
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_file() and (said := list_check(path, kind=kind, column=column)):
                click.echo(f"{plain(printable(str(path)))}: {said}", err=True)
