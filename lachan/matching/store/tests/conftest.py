import shutil

import pytest

from lachan.matching.store import log as logs
from lachan.matching.store.tests.copies import VALUES, create
from lachan.matching.store.tests.toys import facts, uid


@pytest.fixture
def short_logs(monkeypatch):
    monkeypatch.setattr(logs, "SIZE", 8192)


@pytest.fixture
def folder(tmp_path, short_logs):
    """Five values in a segment, of which one is gone; three in the log, the last two not synced."""
    with create(tmp_path / "lists") as lists:
        for number, value in enumerate(VALUES[:5]):
            lists.add(value, facts(number, source="segment", categories=("scam",)))
        lists.add("w:word", facts(20))
        lists.compact()
        lists.remove(uid(2))
        lists.compact(whole=False)
        lists.add(VALUES[5], facts(5, source="log"))
        lists.commit(5)
        lists.add(VALUES[6], facts(6, source="log"))
        lists.add(VALUES[7], facts(7, source="log"))
        # A copy, as the disk would be if the process ended here.
        shutil.copytree(tmp_path / "lists", tmp_path / "copy")
    return tmp_path / "copy"
