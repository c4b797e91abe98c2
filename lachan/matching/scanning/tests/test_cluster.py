"""A local cluster of two workers; where Ray is installed (lachan[ray])."""

import functools
import hashlib
import sys

import pytest

from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.cluster import ClusterWorkers
from lachan.matching.scanning.records import Limits
from lachan.matching.scanning.scan import Settings, scan
from lachan.matching.scanning.tests.known import KnownValues

BAD = b"a listed file"
VALUES = [("sha256", hashlib.sha256(BAD).hexdigest())]


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
    settings = Settings(paths=(str(folder),), limits=Limits(seconds=20))
    here = scan(settings, opener, jobs=2)
    there = scan(settings, opener, jobs=2, engine=ClusterWorkers, report=tmp_path / "r.json")
    assert there[1] == here[1]
    assert there[0].counts == here[0].counts
    assert there[0].reasons == here[0].reasons
    assert there[0].counts.known == 3
