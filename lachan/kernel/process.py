"""What a process can ask of Linux about its own life; elsewhere these do nothing."""

import contextlib
import ctypes
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent() -> None:
    """Ask for SIGTERM when the parent dies, so that `kill -9` of a server leaves no half of it behind."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


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
