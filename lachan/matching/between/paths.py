"""Where things stand under LACHAN_HOME that the follower, the edge and the pages share.

matching/             the collection that follows the ledger; its `ledger.json` is the follower's mark
run/matching.lock     held by the one follower
run/matching-damaged  put there by whoever met a damaged file: the follower fills the collection anew
"""

import contextlib
from pathlib import Path


def collection_folder(home: Path) -> Path:
    return home / "matching"


def checkpoint_file(folder: Path) -> Path:
    """Of a collection: how far the follower came (`sightings/checkpoint`)."""
    return folder / "ledger.json"


def lock_file(home: Path) -> Path:
    return home / "run" / "matching.lock"


def damage_file(home: Path) -> Path:
    return home / "run" / "matching-damaged"


def damage_tell(home: Path) -> None:
    """Tell the follower, which looks at each change but not at each file."""
    with contextlib.suppress(OSError):
        damage_file(home).touch(mode=0o600)


def keys_file(home: Path) -> Path:
    return home / "run" / "match-keys.json"


def status_file(home: Path, pid: int) -> Path:
    return home / "run" / f"match-{pid}.json"


def status_files(home: Path) -> list[Path]:
    return sorted((home / "run").glob("match-[0-9]*.json"))


def spool_folder(home: Path) -> Path:
    return home / "sightings"
