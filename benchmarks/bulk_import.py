"""`lachan import` of a large block list into an empty instance, and again into the filled one.

usage: bulk_import.py [FILE]
Reads ../shared/data/blocklists/hostsvn-gambling.txt when it is there; else a list of 66,000 invented names
with duplicates, well-known names and junk. Prints one JSON object; times include the start of the process.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared/data/blocklists/hostsvn-gambling.txt"


def invented(path: Path) -> Path:
    names = [f"cuoc{number:05d}.example" for number in range(65_000)]
    junk = ["khong phai ten", "\x00\x01", "a..example", "x" * 70 + ".example"] * 50
    path.write_text("\n".join([*names, *names[:500], "google.com", "vnexpress.net", *junk]) + "\n")
    return path


def run(file: Path, home: Path) -> dict:
    command = [
        sys.executable,
        "-m",
        "lachan",
        "import",
        str(file),
        "--category",
        "gambling",
        "--json",
    ]
    before = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"LACHAN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    counts = {k: report[k] for k in ("content", "published", "duplicate", "guarded", "quarantined")}
    accounted = counts["content"] == sum(v for k, v in counts.items() if k != "content")
    return {"seconds": round(time.perf_counter() - before, 2), "accounted": accounted, **counts}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        given = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL
        file = given if given.exists() else invented(Path(folder) / "list.txt")
        migrate = [sys.executable, "-m", "lachan", "migrate"]
        env = os.environ | {"LACHAN_HOME": str(home)}
        subprocess.run(migrate, cwd=ROOT, env=env, check=True, capture_output=True)
        result = {"file": file.name, "first": run(file, home), "again": run(file, home)}
        result["bar_seconds"] = 10
        result["ok"] = result["first"]["seconds"] <= 10 and result["first"]["accounted"]
        print(json.dumps(result))


if __name__ == "__main__":
    main()
