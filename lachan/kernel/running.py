"""What `lachan up` started, by run/up.json: which parts run, and since when."""

import functools
import json
import os
from pathlib import Path

from lachan.kernel.process import started_at


def running(home: Path) -> dict[str, float | None]:
    """Name → Unix time of its start; None for a part that does not run now. Empty where nothing was started.

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
