"""Golden vectors: writes what rests on a disk or a paper, with invented content, into a new folder.

    python -m tests.golden.make tests/golden/v2

Needed when a new form is written; what stands in `v1` is never made again (README.md).
"""

import base64
import hashlib
import json
import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import django
import msgspec

os.environ["LACHAN_HOME"] = tempfile.mkdtemp()
os.environ["DJANGO_SETTINGS_MODULE"] = "lachan.config.settings"
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402  settings first
from django.test import override_settings  # noqa: E402

from lachan.kernel.bearer import bearer_make  # noqa: E402
from lachan.kernel.sealing import envelope, locks, receipts, shares, work  # noqa: E402
from lachan.matching.between.keys import LookupKey, keys_encode  # noqa: E402
from lachan.matching.between.spool import SightingBatch, SightingCount  # noqa: E402
from lachan.members.entry.invitations import _hash  # noqa: E402
from tests.golden import contents  # noqa: E402
from tests.golden.contents import MOMENT, UIDS  # noqa: E402

SECRET = b"a secret of the instance, invented"


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def paper() -> dict[str, Any]:
    """What people hold in their hands, and what it opens."""
    receipt = receipts.receipt_for(SECRET, b"the token of a form")
    salt = bytes(range(16))
    pair = envelope.keypair_from_scalar(bytes(range(32)))
    child = receipts.receipt_identity(receipt, salt)
    password = "một con đường dài và yên"
    prefix, key, kept = bearer_make()
    link = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    challenge = work.pow_challenge(SECRET, bits=4, now=MOMENT)
    answer = next(str(n) for n in range(9999) if work.pow_zeros(challenge, str(n)) >= 4)
    words = "Có người lạ nhắn tin. ".encode() * 90
    return {
        "receipt": {
            "secret": text(SECRET),
            "token": "the token of a form",
            "receipt": receipt,
            "shown": receipts.receipt_show(receipt),
            "locator": text(receipts.receipt_locator(receipt, SECRET)),
            "salt": text(salt),
            "public": child.public,
            "private": child.private,
        },
        "share": {
            "secret": pair.private,
            "printed": [
                s.text() for s in shares.shares_split(pair.private.encode(), needed=3, total=5)
            ],
        },
        "lock": {
            "private": pair.private,
            "password": password,
            "locked": text(locks.lock(pair.private, password=password)),
            "secret": text(SECRET),
            "locked_with": text(locks.lock_with(pair.private, secret=SECRET)),
        },
        "envelope": {
            "keys": [pair.private, child.private],
            "plain": text(words),
            "sealed": text(envelope.seal(words, to=[pair.public, child.public])),
        },
        "work": {"challenge": challenge, "answer": answer},
        "api_key": {"prefix": prefix, "text": key, "kept": text(kept)},
        "link": {"token": link, "kept": text(_hash(link))},
        "password": {"password": password, "kept": make_password(password)},
    }


def rows() -> dict[str, Any]:
    """What stands in the database and is held to a key or a chain."""
    from lachan.cases.fingerprints import fingerprints
    from lachan.indicators import ledger
    from lachan.members.audit import audit_hash
    from lachan.members.models import AuditEntry
    from lachan.reports import conf

    chain, previous = [], ledger.ORIGIN
    for seq, change in enumerate((*contents.CHANGES, contents.CIRCLED), 1):
        payload = ledger._encode(ledger._payload(change, seq, MOMENT))
        previous = hashlib.sha256(previous + payload).digest()
        chain.append([payload.decode(), previous.hex()])
    trail, previous = [], bytes(32)
    for seq, line in enumerate(contents.TRAIL, 1):
        facts = {"action": line["action"], "object": line["target"], "detail": line["detail"]}
        previous = audit_hash(
            AuditEntry(seq=seq, at=MOMENT, actor=line["actor"], **facts), previous
        )
        trail.append(previous.hex())
    marks = fingerprints(contents.THINGS, desk_key="AGE-INVENTED")
    with override_settings(SECRET_KEY=SECRET.decode()):
        keys = {name: conf.secret(name).hex() for name in ("form", "receipt", "locator")}
    return {
        "ledger": chain,
        "trail": trail,
        "content": msgspec.json.encode(contents.CONTENT).decode(),
        "fingerprints": sorted([kind, mark.hex()] for kind, mark in marks),
        "derived": keys,
    }


def files(folder: Path) -> None:
    """What is read by processes that have no database."""
    contents.snapshot_fill(folder / "snapshot")
    contents.collection_fill(folder / "collection")
    contents.journal_write(folder / "scan.journal")
    key = LookupKey("abcdefgh", "00" * 32, 2, 7, 7, 1_900_000_000)
    (folder / "keys.json").write_bytes(keys_encode([key]))
    batch = SightingBatch(UIDS[3], [SightingCount(UIDS[0], 1_772_600_400, 7, 3)])
    (folder / "sightings.json").write_bytes(msgspec.json.encode(batch))


def main(target: Path) -> None:
    target.mkdir()
    for name, made in (("paper", paper()), ("rows", rows())):
        raw = json.dumps(made, ensure_ascii=False, indent=1)
        (target / f"{name}.json").write_text(raw + "\n", "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        files(Path(folder))
        with tarfile.open(target / "files.tar.xz", "w:xz") as tar:
            tar.add(folder, ".")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
