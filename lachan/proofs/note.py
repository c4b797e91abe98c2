"""The note kept outside the database: that its rows are proved, and how far the tally had come."""

from pathlib import Path

from django.conf import settings

from lachan.kernel.heads import Head, head_keep, head_read


def _path() -> Path:
    return Path(settings.LACHAN_HOME) / "proofs-head.json"


def note_read() -> int | None:
    """How many changes the tally had counted; None where none is noted that can be read."""
    found = head_read(_path())
    return None if found is None else found.seq


def note_exists() -> bool:
    """Whether rows were ever proved here; also where the note cannot be read: a crash leaves none half-written."""
    return _path().exists()


def note_keep(changes: int) -> None:
    """Remember it; a smaller number replaces no larger one."""
    head_keep(_path(), Head(changes, ""), lambda _: "")


def note_fault(changes: int) -> str:
    """What is wrong with a tally that counted so many changes; empty when nothing is."""
    held = note_read()
    return "the tally is older than what was noted" if held is not None and held > changes else ""
