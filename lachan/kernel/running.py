"""What runs in a home, by the files in its run/: which parts, and since when."""

import contextlib
import functools
import json
import os
from pathlib import Path

import msgspec

from lachan.kernel.process import started_at


def running(home: Path) -> dict[str, float | None]:
    """What `lachan up` started (run/up.json): name → Unix time of its start; None for a part that does not run now. Empty where nothing was started.

    Raises:
        ValueError: the file cannot be read.
    """
    try:
        listed = json.loads((home / "run" / "up.json").read_text(encoding="ascii"))
        parts = {str(name): (int(pid), began) for name, (pid, began) in listed.items()}
    except FileNotFoundError:
        return {}
    except (OSError, AttributeError, TypeError) as error:
        raise ValueError("run/up.json is not readable") from error
    return {
        name: _unix_time(began) if began is not None and started_at(pid) == began else None
        for name, (pid, began) in parts.items()
    }


def _unix_time(ticks: int) -> float:
    return round(_boot() + ticks / os.sysconf("SC_CLK_TCK"), 2)


@functools.cache
def _boot() -> int:
    """When the machine began, Unix time (proc(5), `btime`)."""
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1])
    return 0


class Said(msgspec.Struct, frozen=True):
    """What every status file holds. Attributes: started, written: Unix time."""

    started: float
    written: float


def said_of_itself(home: Path, pattern: str) -> list[Said]:
    """The status files in run/ that a pattern names; one that cannot be read counts as none."""
    found = []
    for path in sorted((home / "run").glob(pattern)):
        with contextlib.suppress(OSError, ValueError):
            found.append(msgspec.json.decode(path.read_bytes(), type=Said))
    return found
