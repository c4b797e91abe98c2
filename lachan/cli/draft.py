"""Files that commands write where they are told to: a reader finds all of one, or none."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


@contextlib.contextmanager
def whole_or_not(path: Path) -> Iterator[TextIO]:
    """A text to write, its owner's alone: beside its place first, then moved there. Whatever goes wrong, what
    stood there stays.

    Raises:
        OSError: it cannot be written.
    """
    from lachan.matching.scanning.report import private_make

    draft = path.with_name(f"{path.name}.tmp")
    try:
        with os.fdopen(private_make(draft), "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
