"""A local cluster, as `lachan scan --engine ray` makes it where it is given no address."""

import contextlib
import functools
import hashlib
import ipaddress
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.cluster import ClusterWorkers
from lachan.matching.scanning.records import Item, Limits
from lachan.matching.scanning.scan import Settings, scan
from lachan.matching.scanning.tests.known import KnownValues
from lachan.matching.scanning.workers import Order

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
    with pytest.raises(ExtraMissing, match=r"pip install ray"):
        scan(Settings(paths=(str(tmp_path),)), opener, engine=ClusterWorkers)


def test_it_scans_on_a_cluster_as_on_one_machine(tmp_path):
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


def test_it_waits_for_a_large_archive_on_a_cluster_of_all_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    slow_archive(tmp_path)
    opener = functools.partial(KnownValues, VALUES, {}, 0.4)
    settings = Settings(paths=(str(tmp_path),), limits=Limits(seconds=2))
    assert scan(settings, opener, engine=ClusterWorkers)[0].counts.clean == 10


def children(process):
    """The numbers of all processes below one."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def addresses(processes):
    """Every address that these processes listen at or are connected with."""
    sockets = set()
    for process in processes:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{process}/fd").iterdir():
                sockets.add(str(link.readlink()))
    found = set()
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in sockets:
                found.add(_address(fields[1]))
                if fields[3] != LISTENS:
                    found.add(_address(fields[2]))
    return found


LISTENS = "0A"


def _address(text):
    words = bytes.fromhex(text.partition(":")[0])
    swapped = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    address = ipaddress.ip_address(swapped)
    return getattr(address, "ipv4_mapped", None) or address


@pytest.fixture
def home(monkeypatch):
    """Home and temporary folder in one, with a name so short that sockets can stand in it."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("HOME", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_it_is_alone_on_a_cluster_of_its_own(home):
    order = Order(functools.partial(KnownValues, VALUES), Limits())
    outside = children(os.getpid())
    with ClusterWorkers(order, 1) as workers:
        assert len(list(workers.outcomes(iter([Item(__file__, 1, 1)])))) == 1
        ours = children(os.getpid()) - outside
        seen = addresses({*ours, os.getpid()})
        surroundings = {Path(f"/proc/{process}/environ").read_bytes() for process in ours}
        (folder,) = home.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert seen
    assert {address for address in seen if not address.is_loopback} == set()
    # A process that gives itself another name writes it over what can be read here.
    legible = [set(each.split(b"\0")) for each in surroundings if not each.startswith(b"\0")]
    assert legible
    for each in legible:
        assert each >= {b"RAY_USAGE_STATS_ENABLED=0", b"http_proxy=http://127.0.0.1:9"}
    # Neither at home nor in the temporary folder is anything left, and this process is as it was.
    assert list(home.iterdir()) == []
    assert "RAY_AUTH_TOKEN" not in os.environ
