"""Hashing of whatever lies in a folder, by the processes of a scan."""

import hashlib

from lachan.matching.algorithms.pdq.tests.files import png
from lachan.matching.scanning.hashing import Hasher, files_hash
from lachan.matching.scanning.records import Item, Limits, Outcome


def test_it_keeps_the_order_of_the_walk_whoever_is_done_first(tmp_path):
    (tmp_path / "00").write_bytes(bytes(64 << 20))  # goes alone, and takes longest
    for number in range(1, 40):
        (tmp_path / f"{number:02}").write_bytes(b"%d" % number)
    weights = []
    outcomes = list(files_hash([tmp_path, tmp_path / "05"], jobs=2, progress=weights.append))
    names = [finding.path for outcome in outcomes for finding in outcome.findings]
    assert names == [str(tmp_path / f"{number:02}") for number in range(40)]
    assert sum(weights) == sum(outcome.item.weight for outcome in outcomes)


def test_a_picture_too_large_to_look_at_has_its_digests(tmp_path):
    data = png()
    (tmp_path / "a.png").write_bytes(data)
    outcome = Outcome(Item(str(tmp_path / "a.png"), len(data), 0))
    Hasher(Limits(memory=100)).examine(outcome)
    (found,) = outcome.findings
    assert (found.sha256, found.pdq, found.quality) == (hashlib.sha256(data).hexdigest(), "", None)
    assert (found.reason, found.status) == ("the picture is too large to look at", "quarantined")


def test_what_vanished_or_became_a_pipe_since_it_was_listed_is_set_aside(tmp_path):
    outcome = Outcome(Item(str(tmp_path / "gone"), 1, 0))
    Hasher(Limits()).examine(outcome)
    assert outcome.findings[0].reason == "unreadable: no such file or directory"
    folder = Outcome(Item(str(tmp_path), 1, 0))
    Hasher(Limits()).examine(folder)
    assert folder.findings[0].reason.startswith("unreadable: ")


def test_an_empty_file_is_in_no_list(tmp_path):
    (tmp_path / "empty").touch()
    ((found,),) = (outcome.findings for outcome in files_hash([tmp_path], jobs=1))
    assert (found.sha256, found.md5, found.status) == ("", "", "quarantined")
    assert found.reason == "it is empty, and would stand for every empty file"
