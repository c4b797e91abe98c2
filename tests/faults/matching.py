"""Kills the writer of a collection at random points, and cuts the power in between, again and again.

    python tests/faults/matching.py --points 200 --seed 7

Each round a process goes on changing the collection (adds, bulk adds, removals, commits, merges) until it is
killed: at a random moment, or inside a random system call, of which a write may be half done. Every third
round it is the machine that stops: only what was synced is left, each file as of its last fsync, each name
as of its folder's. Then everything that was acknowledged must be there, and nothing else. Prints one JSON
object; ends with 1 when anything is lost or wrong.
"""

import argparse
import json
import os
import random
import shutil
import signal
import stat
import struct
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from lachan.formats.sharing import KEEPER  # noqa: E402
from lachan.matching.collection import Collection  # noqa: E402  found by the line above
from lachan.matching.records import Facts  # noqa: E402
from lachan.matching.store import log as logs  # noqa: E402
from lachan.matching.store import writer as writing  # noqa: E402
from lachan.matching.store.tests.toys import Bits, Words, uid  # noqa: E402

BITS = [f"{number * 2654435761 % (1 << 32):08x}" for number in range(40)]
WORDS = [f"w:{number}" for number in range(12)]
VALUES = BITS + WORDS
STEPS = ("pwrite", "fsync", "fdatasync", "replace", "posix_fallocate", "unlink", "ftruncate")


class _Durable:
    """A toy's index, written as the base class asks: nothing is there that was not synced."""

    def index_build(self, keys, path):
        super().index_build(keys, path)
        for place in (path, path.parent):
            descriptor = os.open(place, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


class DurableBits(_Durable, Bits):
    pass


class DurableWords(_Durable, Words):
    pass


ALGORITHMS = {toy.name: toy for toy in (DurableBits(), DurableWords())}


def act(number, seed):
    """What is done at a step: the same for whoever asks."""
    chance = random.Random(f"{seed} {number}")
    kind = chance.choices(
        ["add", "many", "bulk", "remove", "commit", "compact", "whole"], [60, 6, 3, 15, 8, 4, 1]
    )[0]
    size = {"many": 5, "bulk": 30}.get(kind, 1)
    entries = [
        (
            chance.choice(VALUES),
            Facts(number, uid(chance.randrange(60)), source=f"list {number % 5}"),
        )
        for _ in range(size)
    ]
    return kind, entries


DURABLE = {"many", "bulk", "commit", "compact", "whole"}


def do(lists, number, seed):
    kind, entries = act(number, seed)
    if kind == "add":
        lists.add(*entries[0])
    elif kind in ("many", "bulk"):
        lists.add_many(entries)
    elif kind == "remove":
        lists.remove(entries[0][1].indicator)
    elif kind == "commit":
        lists.commit(number)
    else:
        lists.compact(whole=kind == "whole")


class Model:
    """What the collection must hold after so many steps."""

    def __init__(self, seed):
        self.entries, self.sequence, self.done, self._seed = {}, 0, 0, seed

    def step(self):
        self.done += 1
        kind, entries = act(self.done, self._seed)
        if kind in ("add", "many", "bulk"):
            for value, facts in entries:
                self.entries[value, facts.indicator] = facts
        elif kind == "remove":
            gone = [place for place in self.entries if place[1] == entries[0][1].indicator]
            for place in gone:
                del self.entries[place]
        elif kind == "commit":
            self.sequence = self.done

    def state(self):
        return self.sequence, self.entries

    def at(self, number):
        while self.done < number:
            self.step()
        return self


def state_of(lists):
    found, state = lists.find_many(VALUES, viewer=KEEPER, radius=0), {}
    for value, hits in zip(VALUES, found, strict=True):
        for hit in hits:
            if hit.value == value:
                place = hit.value, hit.facts.indicator
                state[place] = "twice" if place in state else hit.facts
    return lists.sequence, state


class Disk:
    """What of a folder would be left if the power failed now."""

    def __init__(self, folder):
        self._folder, self._contents, self._names = folder, {}, {}
        for path in (folder, *folder.rglob("*")):
            descriptor = os.open(path, os.O_RDONLY)
            self.synced(descriptor)
            os.close(descriptor)

    def synced(self, descriptor):
        found = os.fstat(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if stat.S_ISDIR(found.st_mode):
            self._names[path] = {each.name: each.stat().st_ino for each in path.iterdir()}
        else:
            with open(f"/proc/self/fd/{descriptor}", "rb") as file:  # noqa: PTH123  no path
                self._contents[found.st_ino] = file.read()

    def dropped(self, path):
        """A file loses its name: its number may be given again before the folder is synced."""
        if (path := Path(path)).is_file():
            inode, kept = path.stat().st_ino, object()
            self._contents[kept] = self._contents.pop(inode, b"")
            for names in self._names.values():
                names.update({name: kept for name, each in names.items() if each == inode})

    def leave(self, target):
        for folder, names in self._names.items():
            if folder != self._folder and folder.name not in self._names[self._folder]:
                continue
            (target / folder.relative_to(self._folder)).mkdir(parents=True, exist_ok=True)
            for name, inode in names.items():
                if not (folder / name).is_dir() or (folder / name) not in self._names:
                    content = self._contents.get(inode, b"")
                    (target / folder.relative_to(self._folder) / name).write_bytes(content)
        for path in target.glob("log-*"):
            with path.open("r+b") as file:  # another start of the machine
                file.seek(8 * logs._BOOT)
                file.write(struct.pack("<Q", 4711))


def worker(folder, seed, first, pipe, end):
    """Change the collection from step `first` on, tell each step when it is done, until the end comes."""
    logs.SIZE = 1 << 15
    writing.DELTA_ROWS, writing._BULK_ROWS = 48, 20
    chance, step, disk = random.Random(f"end {seed} {first}"), 0, None
    kind, count, target = end
    power = threading.RLock()  # once it is gone nothing is written, synced or told, by no thread

    def noted(name, real, args, more):
        with power:
            if name in ("unlink", "replace"):
                disk.dropped(args[-1])
            result = real(*args, **more)
            if name in ("fsync", "fdatasync"):
                disk.synced(args[0])
        return result

    def patched(name, real):
        def call(*args, **more):
            nonlocal step
            step += 1
            if step == count and kind != "moment":
                if kind == "power":
                    power.acquire()
                    disk.leave(target)
                elif name == "pwrite":
                    real(args[0], args[1][: chance.randrange(len(args[1]) + 1)], args[2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **more) if disk is None else noted(name, real, args, more)

        return call

    if kind == "power":
        disk = Disk(folder)
    for name in STEPS:
        setattr(os, name, patched(name, getattr(os, name)))
    lists = Collection.open(folder, write=True, algorithms=ALGORITHMS)
    for number in range(first, 10**9):
        do(lists, number, seed)
        with power:
            os.write(pipe, struct.pack("<I", number))


def killed(folder, seed, first, end):
    """Run a worker to its end; the last step that it told of, or the one before the first."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            worker(folder, seed, first, write, end)
        except BaseException:  # noqa: BLE001  told to the parent by the exit code
            traceback.print_exc()
        finally:
            os._exit(3)
    os.close(write)
    told = b""
    if end[0] == "moment":
        time.sleep(end[1] / 1000)
        os.kill(child, signal.SIGKILL)
    while piece := os.read(read, 65536):
        told += piece
    os.close(read)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"the worker ended by itself: {status}")
    return struct.unpack("<I", told[-4:])[0] if told else first - 1


def round_(home, folder, model, chance, seed, reader):
    """One life of the writer; what is wrong after it, and where the collection stands now."""
    kind = chance.choice(["moment", "call", "power"])
    count = chance.randrange(2, 160) if kind == "moment" else int(2 ** chance.uniform(0, 9))
    target = home / f"power-{model.done}-{count}"
    last = killed(folder, seed, model.done + 1, (kind, count, target))
    low = last
    if kind == "power":
        # What was not made durable since the last step that promises it may be gone, from some step on.
        low = next(
            (n for n in range(last, model.done, -1) if act(n, seed)[0] in DURABLE), model.done
        )
        shutil.rmtree(folder)
        target.replace(folder)
    stores = [Collection.open(folder, algorithms=ALGORITHMS)]
    if kind != "power":
        stores.append(reader)
    found = [state_of(store) for store in stores]
    stores[0].verify()
    with Collection.open(folder, write=True, algorithms=ALGORITHMS) as lists:
        found.append(state_of(lists))
    # The last change may have been written and not told: a reader may or may not see it, a writer settles it.
    candidate = model.at(low)
    for state in found:
        while candidate.state() != state:
            if candidate.done > last:
                return kind, f"after step {last} ({kind} {count})", candidate
            candidate.step()
    return kind, "", candidate


def torture(points, seed):
    chance, wrong, ends = random.Random(seed), [], Counter()
    with tempfile.TemporaryDirectory(prefix="lachan-matching-") as home:
        folder, model = Path(home) / "lists", Model(seed)
        Collection.create(folder, algorithms=ALGORITHMS).close()
        reader = Collection.open(folder, algorithms=ALGORITHMS)
        for _ in range(points):
            kind, fault, model = round_(Path(home), folder, model, chance, seed, reader)
            ends[kind] += 1
            if fault:
                wrong.append(fault)
                break
            if kind == "power":
                reader = Collection.open(folder, algorithms=ALGORITHMS)
    return {
        "points": sum(ends.values()),
        "killed_at_a_moment": ends["moment"],
        "killed_in_a_call": ends["call"],
        "power_cuts": ends["power"],
        "steps": model.done,
        "entries": len(model.entries),
        "wrong": wrong,
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    report = torture(given.points, given.seed)
    print(json.dumps(report))  # noqa: T201  a program that prints
    raise SystemExit(1 if report["wrong"] else 0)


if __name__ == "__main__":
    main()
