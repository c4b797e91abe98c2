"""Counts of hits, from the processes that answer to the database: a file a batch, taken in once.

They say how often an indicator was met, in which hour, by whose key; never what was asked.
"""

from pathlib import Path
from uuid import UUID

import msgspec

from lachan.kernel.files import file_write
from lachan.kernel.ids import uuid7
from lachan.matching.between.paths import spool_folder


class SightingCount(msgspec.Struct, frozen=True, array_like=True):
    """Attributes: hour: Unix seconds at which it began; organisation: whose key asked."""

    indicator: UUID
    hour: int
    organisation: int
    count: int


class SightingBatch(msgspec.Struct, frozen=True):
    """Attributes: uid: by which it is known that the batch was taken in."""

    uid: UUID
    met: list[SightingCount]


def spool_write(home: Path, met: list[SightingCount]) -> None:
    """Put a batch down, whole.

    Raises:
        OSError: the disk is full or read-only.
    """
    folder = spool_folder(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    batch = SightingBatch(uuid7(), met)
    path = folder / f"{batch.uid}.json"  # another name each time that it is tried
    # Every other second, beside answers: it waits for no disk.
    file_write(path, msgspec.json.encode(batch), durable=False)


def spool_list(home: Path) -> list[Path]:
    """Batches that wait, oldest first."""
    return sorted(spool_folder(home).glob("*.json"))


def spool_read(path: Path) -> SightingBatch:
    """Raises:
    ValueError: it is no batch.
    """
    return msgspec.json.decode(path.read_bytes(), type=SightingBatch)
