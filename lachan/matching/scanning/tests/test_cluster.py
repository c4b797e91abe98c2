"""A local cluster of two workers; where Ray is installed (lachan[ray])."""

import functools
import hashlib
import sys
import zipfile

import pytest

from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.cluster import ClusterWorkers
from lachan.matching.scanning.records import Limits
from lachan.matching.scanning.scan import Settings, scan
from lachan.matching.scanning.tests.known import KnownValues

BAD = b"a listed file"
VALUES = [("sha256", hashlib.sha256(BAD).hexdigest())]


def slow_archive(folder):
    with zipfile.ZipFile(folder / "slow.zip", "w") as archive:
        for number in range(9):
            archive.writestr(str(number), b"%d" % number)


def test_it_waits_for_a_large_archive_as_long_as_it_lives(tmp_path):
    slow_archive(tmp_path)
    opener = functools.partial(KnownValues, VALUES, {}, 0.4)
    settings = Settings(paths=(str(tmp_path),), limits=Limits(seconds=2))
    assert scan(settings, opener, jobs=1)[0].counts.clean == 10


def test_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    opener = functools.partial(KnownValues, VALUES)
    with pytest.raises(ExtraMissing, match=r"lachan\[ray\]"):
        scan(Settings(paths=(str(tmp_path),)), opener, engine=ClusterWorkers)


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_it_scans_on_a_cluster_as_on_one_machine(tmp_path):
    pytest.importorskip("ray")
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}").write_bytes(BAD if number % 20 == 0 else b"%d" % number)
    marks = {hashlib.sha256(b"7").hexdigest(): "crash", hashlib.sha256(b"8").hexdigest(): "error"}
    opener = functools.partial(KnownValues, VALUES, marks)
    slow_archive(folder)
    settings = Settings(paths=(str(folder),), limits=Limits(seconds=20))
    here = scan(settings, opener, jobs=2)
    there = scan(settings, opener, jobs=2, engine=ClusterWorkers, report=tmp_path / "r.json")
    assert there[1] == here[1]
    assert there[0].counts == here[0].counts
    assert there[0].reasons == here[0].reasons
    assert there[0].counts.known == 3
    slow = functools.partial(KnownValues, VALUES, {}, 0.4)
    settings = Settings(paths=(str(folder / "slow.zip"),), limits=Limits(seconds=2))
    assert scan(settings, slow, jobs=1, engine=ClusterWorkers)[0].counts.clean == 10
