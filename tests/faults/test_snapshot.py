"""Damaged snapshot files under a running instance: it rebuilds them from the ledger, and no block is lost."""

import os

import pytest

from tests.faults.kill import Publisher
from tests.faults.publisher import name_of
from tests.instance import Instance

pytestmark = pytest.mark.faults
PUBLISHED = (0, 1, 3)


def flip(path):
    with path.open("r+b") as file:
        size = path.stat().st_size
        for at in (8, min(40, size - 1), size // 2):
            file.seek(at)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 0x55]))


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def replace(path):
    fresh = path.with_suffix(".other")
    fresh.write_bytes(b"no snapshot\n" * 500)
    fresh.replace(path)


def remove_all(path):
    for each in path.parent.glob("*.snap"):
        each.unlink()


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with Instance(tmp_path_factory.mktemp("instance")) as instance:
        publisher = Publisher(instance)
        for number in PUBLISHED:
            publisher.publish(number)
        publisher.end()
        instance.until(lambda: is_blocked(instance), "to block")
        yield instance


def is_blocked(instance):
    return all(instance.rcode(name_of(number)) == "NXDOMAIN" for number in PUBLISHED)


def newest(instance, role):
    return max((instance.home / "snapshots").glob(f"{role}*"))


@pytest.mark.parametrize(
    ("role", "damage"),
    [("base", cut), ("delta", flip), ("manifest", replace), ("base", remove_all)],
    ids=["base", "delta", "manifest", "everything"],
)
def test_it_heals_a_damaged_snapshot(instance, role, damage):
    """What each kind of damage does to a reader is tested in lachan/formats/snapshot; here all heals."""
    damage(newest(instance, role))
    for name in ("shield", "dns"):
        pid = instance.pid(name)
        instance.kill(name)
        instance.until(
            lambda name=name, pid=pid: instance.pid(name) not in {None, pid}, "to restart"
        )
    instance.until(lambda: is_blocked(instance), "to block again")
    assert instance.rcode("free.test") == "NOERROR"
    instance.until(lambda: _snapshot(instance)["level"] == "well", "to be well")


def _snapshot(instance):
    told = instance.doctor()
    return next(check for check in told["checks"] if check["name"] == "snapshot")
