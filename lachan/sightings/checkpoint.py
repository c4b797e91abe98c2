"""By what a collection knows that the ledger it follows is still the same one.

Sequence numbers alone do not tell: after a restored backup the same numbers come again with other rows.
"""

from pathlib import Path

import msgspec

from lachan.kernel.files import file_write
from lachan.matching.between.paths import checkpoint_file
from lachan.sightings.shards import WHOLE, Shard


class Checkpoint(msgspec.Struct, frozen=True):
    """Attributes:
    kinds: of indicator that were known to be matched when the collection was filled.
    sequence, hash: a row of the ledger that is in, and the chain's hash there.
    shard: of the ledger, which the collection holds.
    """

    kinds: tuple[str, ...]
    sequence: int = 0
    hash: str = ""
    shard: Shard = WHOLE


def checkpoint_read(folder: Path) -> Checkpoint | None:
    """The collection's mark; None where there is none that can be read."""
    try:
        return msgspec.json.decode(checkpoint_file(folder).read_bytes(), type=Checkpoint)
    except (OSError, msgspec.DecodeError):
        return None


def checkpoint_write(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace it whole; lost with the power, it costs one filling anew.

    Raises:
        OSError: the disk would not.
    """
    file_write(checkpoint_file(folder), msgspec.json.encode(checkpoint), mode=0o644, durable=False)
