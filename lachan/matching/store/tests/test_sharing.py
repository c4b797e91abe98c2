"""One writer and many readers, in processes and threads of their own."""

import json
import subprocess
import sys
import threading
import time

import pytest

from lachan.formats.sharing import KEEPER
from lachan.matching.collection import Collection
from lachan.matching.store import writer as writing
from lachan.matching.store.tests.toys import TOYS, facts, uid

READER = """
import json, sys
from lachan.matching.collection import Collection
from lachan.matching.store.tests.toys import TOYS
lists = Collection.open(sys.argv[1], algorithms=TOYS)
print("ready", flush=True)
for line in sys.stdin:
    hits = lists.find(line.strip(), radius=0)
    print(json.dumps([hit.facts.sequence for hit in hits]), flush=True)
"""


class Asker:
    def __init__(self, folder):
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ready(self):
        assert self._process.stdout.readline() == "ready\n"

    def ask(self, value):
        print(value, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def lists(tmp_path):
    with Collection.create(tmp_path / "lists", algorithms=TOYS) as made:
        yield made


def test_it_shows_each_change_to_every_process_with_the_next_question(lists, tmp_path):
    lists.add("00000000", facts(1))
    askers = [Asker(tmp_path / "lists") for _ in range(3)]
    try:
        for asker in askers:
            asker.ready()
        changes = [
            (lambda: lists.add("ffff0000", facts(2)), [2]),
            (lambda: lists.add("ffff0000", facts(2, sequence=3)), [3]),
            (lambda: lists.compact(whole=False), [3]),
            (lambda: lists.add("ffff0000", facts(9)), [3, 9]),
            (lists.compact, [3, 9]),
            (lambda: lists.remove(uid(9)), [3]),
            (lambda: lists.add_many([("ffff0000", facts(2, sequence=5))]), [5]),
            (lambda: lists.remove(uid(2)), []),
        ]
        for change, expected in changes:
            change()
            assert [sorted(asker.ask("ffff0000")) for asker in askers] == [expected] * 3
    finally:
        for asker in askers:
            asker.close()


def test_it_goes_on_reading_and_writing_while_it_merges(lists, tmp_path, monkeypatch):
    """Threads ask for what is always there while one writes and merges run: it is there at any moment."""
    monkeypatch.setattr(writing, "DELTA_ROWS", 20)
    stays = [f"{number:08x}" for number in range(20)]
    lists.add_many([(value, facts(n)) for n, value in enumerate(stays)], algorithm="bits")
    reader = Collection.open(tmp_path / "lists", algorithms=TOYS)
    wrong, over = [], threading.Event()

    def ask(store):
        while not over.is_set():
            for number, value in enumerate(stays):
                hits = store.find(value, radius=0, viewer=KEEPER)
                if uid(number) not in {hit.facts.indicator for hit in hits}:
                    wrong.append(value)

    threads = [threading.Thread(target=ask, args=(store,)) for store in (reader, lists) * 2]
    for thread in threads:
        thread.start()
    before, until = lists.stats().generation, time.monotonic() + 60
    number = 0
    while lists.stats().generation < before + 6 and time.monotonic() < until:
        number += 1
        lists.add(f"{number * 7919:08x}", facts(100 + number))
        lists.add(stays[number % 20], facts(number % 20, sequence=number))
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert lists.stats().generation >= before + 6
    assert lists.stats().fault == ""


def test_it_says_why_merging_stopped_and_merges_once_it_can(lists, monkeypatch):
    monkeypatch.setattr(writing, "DELTA_ROWS", 4)
    monkeypatch.setattr(writing, "_AGAIN_SECONDS", 0)

    def no_room(*args, **more):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(TOYS["bits"], "index_build", no_room, raising=False)
        for number in range(6):
            lists.add(f"{number:08x}", facts(number))
        lists._writer.wait()
        assert "the disk is full" in lists.stats().fault
        assert len(lists.find("00000000", viewer=KEEPER, radius=32)) == 6
    lists.add("00000006", facts(6))
    lists._writer.wait()
    stats = lists.stats()
    assert (stats.fault, stats.algorithms["bits"].delta) == ("", 0)
    assert len(lists.find("00000000", viewer=KEEPER, radius=32)) == 7


def test_it_takes_another_collection_for_what_it_is(lists, tmp_path):
    """A folder that is put in place of another, as when a backup is brought back."""
    lists.add("00000000", facts(1))
    lists.close()
    reader = Collection.open(tmp_path / "lists", algorithms=TOYS)
    assert len(reader.find("00000000")) == 1
    with Collection.create(tmp_path / "other", algorithms=TOYS) as other:
        other.add("000000ff", facts(2))
        other.compact()
    (tmp_path / "lists").rename(tmp_path / "gone")
    (tmp_path / "other").rename(tmp_path / "lists")
    reader._reader._look_at = 0
    assert reader.find("00000000") == []
    assert len(reader.find("000000ff")) == 1
