"""Templates, style sheets and scripts are read by people too: no line runs out of sight."""

import subprocess
from pathlib import Path

_WIDTH = 120


def test_it_fits_a_screen():
    tracked = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout
    ours = [
        path for path in map(Path, tracked.splitlines()) if path.suffix in {".html", ".css", ".js"}
    ]
    assert len(ours) > 50
    long = [
        f"{path}:{number}"
        for path in ours
        if path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if len(line) > _WIDTH
    ]
    assert long == []
