"""Damaged snapshot files under a running instance: it rebuilds them from the ledger, and no block is lost."""

import os

import pytest

from tests.faults.reckoning import checked

pytestmark = pytest.mark.faults


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


def is_blocked(standing):
    return all(standing.instance.rcode(name) == "NXDOMAIN" for name in standing.names())


def newest(instance, role):
    return max((instance.home / "snapshots").glob(f"{role}*"))


@pytest.mark.parametrize(
    ("role", "damage"),
    [("base", cut), ("delta", flip), ("manifest", replace), ("base", remove_all)],
    ids=["base", "delta", "manifest", "everything"],
)
def test_it_heals_a_damaged_snapshot(standing, role, damage):
    """What each kind of damage does to a reader is tested in lachan/formats/snapshot; here all heals."""
    instance = standing.instance
    while len(standing.published) < 2:
        standing.publish()
    instance.until(lambda: is_blocked(standing), "to block")
    damage(newest(instance, role))
    killed = {name: instance.pid(name) for name in ("shield", "dns")}
    for name in killed:
        instance.kill(name)
    for name, pid in killed.items():
        instance.until(lambda n=name, p=pid: instance.pid(n) not in {None, p}, "to restart")
    instance.until(lambda: is_blocked(standing), "to block again")
    assert instance.rcode("free.test") == "NOERROR"
    instance.until(lambda: checked(instance, "snapshot") == "well", "to be well")
