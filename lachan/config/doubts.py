"""The manifest of a backup, and what speaks against one: it may have been altered where it lay.

manifest.json    when it was written; the SHA-256 of each file; a proof of both by the instance's secret
"""

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lachan.kernel.clock import now
from lachan.kernel.errors import Unavailable
from lachan.kernel.sealing.proofs import Prover

from .schema import schema_faults

MANIFEST = "manifest.json"
_KIND = "backup"
# In a process of its own: this one may know no settings, or another home's.
_PROGRAM = """
import json, sys
from lachan.cli.setup import django_ready
django_ready(migrate=False)
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
if executor.migration_plan(executor.loader.graph.leaf_nodes()):
    sys.exit()
from lachan.indicators.selectors import ledger_verify
from lachan.members.services import audit_verify
from lachan.proofs.services import proofs_verify
json.dump(proofs_verify().fault or ledger_verify().fault or audit_verify().why, sys.stdout)
"""


class Manifest(msgspec.Struct, frozen=True):
    made_at: str
    files: dict[str, str]
    proof: bytes

    def facts(self) -> tuple[str, object, object]:
        return (_KIND, self.made_at, self.files)


def manifest_write(folder: Path, secrets: Sequence[str]) -> None:
    """Say of the files in a folder what they are."""
    files = {str(path.relative_to(folder)): _digest(path) for path in _files(folder)}
    made_at = now().isoformat(timespec="seconds")
    proof = Prover(secrets).prove(_KIND, made_at, files)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(Manifest(made_at, files, proof)))


def manifest_read(folder: Path) -> Manifest | None:
    """None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def backup_doubt(folder: Path, secrets: Sequence[str]) -> str:
    """What speaks against what was unpacked into a folder, in words; empty when nothing does.

    Args:
        folder: holds the database, the files beside it, the manifest, and nothing else.
        secrets: the instance's, the present one first; none where none is known.
    """
    if not secrets:
        return (
            "the secret is not here, and nobody can tell without it whether this backup is as it was "
            "written: put the kept copy of secret.key there first"
        )
    return _manifest_doubt(folder, secrets) or _database_doubt(folder / "db.sqlite3", secrets)


def _manifest_doubt(folder: Path, secrets: Sequence[str]) -> str:
    manifest, prover = manifest_read(folder), Prover(secrets)
    if manifest is None:
        return "it does not prove what it holds: an older version wrote it, or somebody altered it"
    if not prover.knows(manifest.proof):
        return "it was written under another secret than the one here, or somebody altered it"
    if not prover.holds(manifest.proof, *manifest.facts()):
        return "it was altered since it was written"
    found = {str(path.relative_to(folder)): _digest(path) for path in _files(folder)}
    apart = sorted(
        name for name in {*found, *manifest.files} if found.get(name) != manifest.files.get(name)
    )
    return f"{apart[0]} was altered, put in or taken away since it was written" if apart else ""


def _database_doubt(database: Path, secrets: Sequence[str]) -> str:
    """What was wrong already when it was written."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        if faults := _schema_faults(connection):
            return f"its database was altered before it was written: {faults[0]}"
    surroundings = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    surroundings |= {
        "LACHAN_HOME": str(database.parent),
        "LACHAN_SECRET_KEY": "\nformer ".join(secrets),
    }
    verify = [sys.executable, "-c", _PROGRAM]
    looked = subprocess.run(verify, env=surroundings, capture_output=True, text=True, check=False)
    if looked.returncode:
        return "its database cannot be looked through"
    fault = json.loads(looked.stdout or '""')
    return f"its database was altered before it was written: {fault}" if fault else ""


def _schema_faults(database: sqlite3.Connection) -> list[str]:
    try:
        return schema_faults(database)
    except (sqlite3.Error, Unavailable):
        return ["its migrations are not this version's"]


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
