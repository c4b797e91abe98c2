"""Notes of where a chain stood, kept outside the database that holds the chain.

A chain of hashes shows that a line within it was altered; that its end was cut off, or all of it written
anew, shows only somebody who remembers a line. The note is such a witness: a small file in LACHAN_HOME, and,
for whoever wants more of them, the same line printed or sent to another machine (`lachan heads`).
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from .files import file_write


class Head(msgspec.Struct, frozen=True):
    """Where a chain stood. Attributes: seq: the last line's number; hash: its hash, hexadecimal."""

    seq: int
    hash: str


def head_read(path: Path) -> Head | None:
    """The note; None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Head)
    except (OSError, msgspec.DecodeError):
        return None


def head_keep(path: Path, last: Head, hash_at: Callable[[int], str | None]) -> bool:
    """Note `last`, unless the chain no longer holds the line that was noted before.

    Args:
        path: of the note.
        last: the chain's last line.
        hash_at: the hash of a line of the chain as it now is; None where there is no such line.

    Returns:
        Whether the chain still holds what was noted. Where not, the old note stays: it is the evidence.
    """
    held = head_read(path)
    if held is not None and hash_at(held.seq) != held.hash:
        return False
    if held is None or held.seq < last.seq:
        file_write(path, msgspec.json.encode(last))
    return True


def head_fault(held: Head | None, *, last: int, seen: str | None) -> str:
    """What is wrong with a chain that ends at line `last`, by its note; empty when nothing is.

    Args:
        held: the note.
        last: number of the chain's last line.
        seen: the hash that the noted line has now.
    """
    if held is None:
        return ""
    if held.seq > last:
        return "the end was cut off"
    return "" if seen == held.hash else "it was written anew"
