"""The disk fills up under a running instance, and is emptied again."""

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.asker import Asker
from tests.faults.publisher import name_of
from tests.faults.reckoning import report_fields
from tests.faults.standing import Standing
from tests.instance import NAMES, Instance

pytestmark = pytest.mark.faults


class Tmpfs:
    """A small file system that a large file fills."""

    def __init__(self, folder):
        self._filler = folder / "filler"

    def fill(self, instance):
        # Unbuffered: closing a buffered file writes what is left of the last block, and fails on the disk that is full.
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 65536)

    def empty(self, instance):
        self._filler.unlink()


class Limit:
    """Every process of the instance may write no byte beyond what stands in the first page of a file."""

    def fill(self, instance):
        self._set(instance, 4096)

    def empty(self, instance):
        self._set(instance, resource.RLIM_INFINITY)

    @staticmethod
    def _set(instance, soft):
        for name in NAMES:
            pid = instance.pid(name)
            if pid is not None:
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def tmpfs(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80m,mode=700", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root: sudo")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small(tmpfs):
    """An instance of its own, on the small file system."""
    with Instance(tmpfs) as instance, contextlib.closing(Standing(instance)) as standing:
        yield standing


def loses_nothing(standing, disk):
    instance = standing.instance
    for _ in range(3):
        standing.report()
    browser, number = instance.browser(), standing.number()
    page = browser.get("/report/")
    form = page.form(having="words")
    fields = report_fields(number) | {"category": form.options["category"][0]}
    with Asker(instance.dns_port, {name_of(0): "NXDOMAIN", "free.test": "NOERROR"}) as asker:
        disk.fill(instance)
        try:
            answer = browser.send(page, form, **fields)
            if isinstance(disk, Tmpfs):
                told = instance.doctor()
                found = {check["name"]: check["level"] for check in told["checks"]}
                assert found["disk"] == "fault"
        finally:
            disk.empty(instance)
        assert answer.status == 503
        assert fields["words"] in answer.text
        sent = browser.send(answer, answer.form(having="words"))
        standing.receipts[number] = dict(sent.form(having="receipt").values)["receipt"]
        standing.publish()
    assert standing.lost(small_disk=True) == []
    assert asker.wrong == {}
    assert asker.longest < 5


@pytest.mark.skipif(sys.platform != "linux", reason="needs mount")
def test_it_loses_nothing_on_a_full_disk(small):
    loses_nothing(small, Tmpfs(small.instance.folder))


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
def test_it_loses_nothing_where_no_file_may_grow(standing):
    loses_nothing(standing, Limit())


def test_a_backup_that_finds_no_room_leaves_nothing_behind(tmp_path):
    instance = Instance(tmp_path)
    try:
        target = tmp_path / "backup.tar.gz"
        made = subprocess.run(
            [sys.executable, "-c", _LIMITED, str(target)],
            env=instance.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 1
        assert "Traceback" not in made.stderr
        assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []
    finally:
        instance.close()


_LIMITED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from lachan.cli.main import cli
cli(["backup", sys.argv[1]])
"""
