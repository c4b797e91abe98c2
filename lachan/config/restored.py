"""The record of a restore: what its notes had said before, and what spoke against the backup."""

from pathlib import Path

import msgspec

from lachan.kernel.clock import now
from lachan.kernel.heads import head_read

NAME = "restored.json"
# What a home remembers of its database; it goes aside with the old one.
NOTES = {"trail": "audit-head.json", "ledger": "ledger-head.json", "changes": "proofs-head.json"}


class Restored(msgspec.Struct, frozen=True):
    """Attributes: at: when; made_at: when the backup was written, as far as it says; doubt: what spoke against it,
    where the operator insisted; noted: how far the chains and the tally had come here before.
    """

    at: str
    made_at: str
    doubt: str
    noted: dict[str, int]


def restored_note(home: Path, folder: Path, *, made_at: str, doubt: str) -> None:
    """Write the note into `folder`, from which it goes to the home with the rest."""
    held = {chain: head_read(home / name) for chain, name in NOTES.items()}
    noted = {chain: head.seq for chain, head in held.items() if head is not None}
    at = now().isoformat(timespec="seconds")
    (folder / NAME).write_bytes(msgspec.json.encode(Restored(at, made_at, doubt, noted)))


def restored_read(home: Path) -> Restored | None:
    """None where the instance was never restored, or somebody has seen it and removed the note."""
    try:
        return msgspec.json.decode((home / NAME).read_bytes(), type=Restored)
    except (OSError, msgspec.DecodeError):
        return None
