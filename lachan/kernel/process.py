"""What a process can ask of Linux about its own life; elsewhere these do nothing."""

import contextlib
import ctypes
import functools
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from .files import file_write

SUPERVISED = "LACHAN_SUPERVISED"
"""Stands in the environment of all that `lachan up` starts: NAME@HOME."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent: int | None = None) -> None:
    """Ask for SIGTERM when the parent dies, so that `kill -9` of a server leaves no half of it behind.

    Args:
        parent: its number, where it is known: it may have died before there was time to ask.

    Raises:
        SystemExit: it has.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if parent is not None and os.getppid() != parent:
            raise SystemExit(1)


def fault_tell(reason: str) -> None:
    """Say why this process cannot go on, to whoever started it: `lachan up` names it beside the part."""
    name, _, home = os.environ.get(SUPERVISED, "").partition("@")
    if name:
        with contextlib.suppress(OSError):
            file_write(fault_file(Path(home), name), reason.encode(), durable=False)


def fault_file(home: Path, name: str) -> Path:
    """Where a part of `lachan up` says so."""
    return home / "run" / f"{name}.fault"


@functools.cache
def boot_word() -> int:
    """A number that changes with each start of the machine; 0 where the system does not say.

    What one process wrote into the page cache outlives the process, but not the machine.
    """
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return int(text.replace("-", "")[:15], 16)
    except (OSError, ValueError):
        return 0


def started_at(pid: int) -> int | None:
    """When a process began, in clock ticks since boot; None when it is gone or this is not Linux.

    Together with the number it names a process for good: numbers are given again, moments are not.
    proc(5): field 22 of stat; the second field may hold spaces and brackets.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def files_held(paths: Iterable[Path]) -> set[int]:
    """Other processes of this user that hold one of these files open, be it deleted. Empty where this is not
    Linux.
    """
    names = {str(path.resolve()) for path in paths}
    names |= {f"{name} (deleted)" for name in names}
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # another user's, or gone
            if str(link.readlink()) in names:
                found.add(int(link.parts[2]))
    return found - {os.getpid()}


def processes_marked(name: str) -> dict[int, str]:
    """Processes of this user that carry a variable in the environment they were started with, and its value.

    A mark stays with whatever a process starts in turn, and outlives everybody who could have kept a list.
    Empty where this is not Linux.
    """
    mark, found = f"{name}=".encode(), {}
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # another user's, or gone
        for word in words:
            if word.startswith(mark):
                found[int(path.parent.name)] = os.fsdecode(word.removeprefix(mark))
    return found
