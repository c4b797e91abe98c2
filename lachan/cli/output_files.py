"""Output files of commands, written where they are told to: a reader finds all of one, or none."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from lachan.kernel.files import file_draft


@contextlib.contextmanager
def output_file(path: Path) -> Iterator[TextIO]:
    """A text to write, its owner's alone: beside its place first, then moved there. Whatever goes wrong, what
    stood there stays.

    Raises:
        OSError: it cannot be written.
    """
    with (
        file_draft(path) as descriptor,
        open(descriptor, "w", encoding="utf-8", newline="", closefd=False) as file,
    ):
        yield file
