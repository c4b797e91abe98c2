"""Sends hundreds of canaries through every opening of an instance, then looks for them in everything it wrote.

    python tests/faults/canary.py
    python tests/faults/canary.py --postgresql --seed 7

Prints one JSON object; ends with 1 when one is found. Nothing that a reporter sends or a family writes, no name that its
devices look up, and nothing of whoever sends it, may stand anywhere in clear.
"""

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.needles import Scan
from tests.faults.outpouring import FORWARDED, SOURCE, Canaries, Outpouring
from tests.household import sealed_ways
from tests.instance import Instance
from tests.postgres import Server
from tests.staff import Staff

# Stands in clear, and must be found: a search that finds nothing at all proves nothing.
CONTROL = "admin@desk.example"
_HIDE = "ALTER TABLE reports_report RENAME TO reports_hidden"
_SHOW = "ALTER TABLE reports_hidden RENAME TO reports_report"


def run(folder: Path, *, seed: int, server: Server | None = None) -> dict[str, object]:
    """One whole run on a fresh instance, on SQLite or on a started PostgreSQL server."""
    began, clock = time.monotonic(), time.time()
    canaries = Canaries(seed)
    settings = sealed_ways() | ({"DATABASE_URL": server.url} if server else {})
    with Instance(folder, **settings) as instance:
        pouring = Outpouring(instance, canaries)
        pouring.all(Staff(instance), lambda: _break(instance, server))
        words = (canaries.marker, FORWARDED, SOURCE, CONTROL)
        scans = {word: Scan(word) for word in words}
        _everywhere(scans, instance, server, clock)
        if server is None:
            backup = folder / "backup.tar.gz"
            made = instance.lachan("backup", str(backup))
            assert made.returncode == 0, made.stderr
            for scan in scans.values():
                scan.archive(backup)
        instance.stop()
        _everywhere(scans, instance, server, clock)
    control = scans[CONTROL].found
    return {
        "seed": seed,
        "database": "PostgreSQL" if server else "SQLite",
        "canaries": len(set(canaries.sent)),
        "forms": pouring.forms,
        "files": scans[CONTROL].files,
        "bytes": scans[CONTROL].bytes,
        "found": scans[canaries.marker].found,
        "addresses_found": scans[FORWARDED].found + scans[SOURCE].found,
        "control_found": len(control),
        "seconds": round(time.monotonic() - began, 1),
    }


def _everywhere(
    scans: dict[str, Scan], instance: Instance, server: Server | None, since: float
) -> None:
    for scan in scans.values():
        scan.folder(instance.folder)
        if server is not None:
            _execute(server.url, "CHECKPOINT")
            scan.folder(server.folder)
            scan.data("pg_dump", server.dump())
        for folder in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108  looked at, not written to
            _strays(scan, Path(folder), since)


def _strays(scan: Scan, folder: Path, since: float) -> None:
    """Files that appeared in the system's temporary folders meanwhile, whoever made them."""
    for path in folder.glob("*"):
        try:
            if path.is_file() and path.stat().st_mtime >= since:
                scan.data(str(path), path.read_bytes())
        except OSError:
            continue


def _break(instance: Instance, server: Server | None) -> Callable[[], None]:
    url = server.url if server else str(instance.home / "db.sqlite3")
    _execute(url, _HIDE)
    return lambda: _execute(url, _SHOW)


def _execute(url: str, statement: str) -> None:
    if not url.startswith("postgresql:"):
        with sqlite3.connect(url, timeout=30) as connection:
            connection.execute(statement)
        connection.close()
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, not SQLite")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    server = Server() if given.postgresql else None
    try:
        if server is not None:
            server.start()
        with tempfile.TemporaryDirectory(prefix="lachan-canary-") as folder:
            # The pages are listed in this process too, which must find the same home.
            os.environ["LACHAN_HOME"] = f"{folder}/home"
            found = run(Path(folder), seed=given.seed, server=server)
    finally:
        if server is not None:
            server.remove()
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    sys.exit(bool(found["found"] or found["addresses_found"] or not found["control_found"]))


if __name__ == "__main__":
    main()
