"""A golden home: everything that an instance of this version holds, made by its own doors, as one JSON file.

    python -m tests.golden.home_make tests/golden/v3/home.json

Made once a landing, with the program as it stands then; README.md says how it is asked again later.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import django

os.environ["LACHAN_HOME"] = tempfile.mkdtemp(prefix="lachan-golden-")
os.environ["DJANGO_SETTINGS_MODULE"] = "lachan.config.settings"
os.environ.pop("DATABASE_URL", None)
django.setup()

from django.apps import apps  # noqa: E402  settings first
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402
from django.test import Client  # noqa: E402

from lachan.cli.check import Level, check_all  # noqa: E402
from lachan.config.prepare import database_prepare  # noqa: E402
from lachan.indicators.channel import channels  # noqa: E402
from lachan.kernel import clock  # noqa: E402
from lachan.members.services import audit_head_keep  # noqa: E402
from lachan.outbox.seen_time import instance_row  # noqa: E402
from tests.golden.home_rows import rows_dump, text_of  # noqa: E402
from tests.golden.home_story import Story  # noqa: E402

BEGAN = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1, minutes=7)
HOME_FILES = ("*.key", "*.json", "*.id")
# What the operator brings and what processes make: neither is here.
ELSEWHERE = {"guard", "processes", "snapshot", "matching", "outbox", "clock", "disk"}


@contextmanager
def lived(moment: datetime) -> Iterator[None]:
    """The clock of that moment, to the product and to Django, believed."""
    row = instance_row()
    row.seen_at = moment
    row.save(update_fields=["seen_at"])
    with clock.held_at(moment), mock.patch("django.utils.timezone.now", clock.now):
        yield


def lists(keys: dict[str, Any], marks: list[dict[str, int]]) -> list[dict[str, Any]]:
    """Lists as each audience had them at several moments, and what changed since the first: in every form to
    the public, in one to the others.
    """
    found = []
    for who in ("", *keys):
        at = [mark[who] for mark in marks]
        asked = [f"at={seq}" for seq in dict.fromkeys(at)] + [f"since={at[0]}"]
        for name in ("jsonl",) if who else channels():
            paths = [f"/v1/lists/{name}?{one}" for one in asked]
            found += [{"key": who, "path": p, "text": answer(p, who, keys)[0]} for p in paths]
    return found


def answer(path: str, who: str, keys: dict[str, Any]) -> tuple[str, int]:
    more = {"authorization": f"Bearer {keys[who]['text']}"} if who else {}
    got = Client(headers={"host": "localhost", **more}).get(path)
    assert got.status_code == 200, (path, got.status_code)
    return got.getvalue().decode(), int(got["X-Lachan-Sequence"])


def story_lived() -> dict[str, Any]:
    story, marks = Story(), []
    for number, day in enumerate(story.days()):
        with lived(BEGAN + number * DAY):
            day()
            if number > 3:
                whose = ("", *story.keys)
                marks.append({w: answer("/v1/lists/plain", w, story.keys)[1] for w in whose})
    with lived(BEGAN + number * DAY):
        found = {name: one for name, one in check_all(settings.LACHAN_HOME).items()
                 if one.level is not Level.WELL and name not in ELSEWHERE}  # fmt: skip
        assert not found, found
        return {"papers": story.papers(), "lists": lists(story.keys, marks)}


def main(target: Path) -> None:
    database_prepare()
    made = story_lived()
    audit_head_keep()
    home = Path(settings.LACHAN_HOME)
    files = sorted(path for pattern in HOME_FILES for path in home.glob(pattern))
    git = ["git", "rev-parse", "HEAD"]
    golden = {
        "commit": os.environ.get("COMMIT") or subprocess.check_output(git, text=True).strip(),
        "moment": (BEGAN + (len(Story().days()) - 1) * DAY).isoformat(),
        "migrations": sorted(MigrationRecorder(connection).applied_migrations()),
        "files": {path.name: base64.b64encode(path.read_bytes()).decode() for path in files},
        **made,
        "tables": rows_dump(apps),
    }
    target.parent.mkdir(exist_ok=True)
    target.write_text(text_of(json.loads(json.dumps(golden))), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
