"""A whole collection is put in another's place, under the eyes of readers."""

import shutil
import threading
import time

import pytest

from lachan.matching.records import NoCollection, SegmentCorrupt
from lachan.matching.store.folder import Folder
from lachan.matching.store.tests.copies import VALUES, create, read
from lachan.matching.store.tests.toys import TOYS, facts
from lachan.matching.store.view import view_open


def make(path, number):
    """Another collection with files of the same names; its sequence is `number`."""
    with create(path) as lists:
        lists.add(VALUES[0], facts(number))
        lists.commit(number)
        lists.compact()
    return path


@pytest.fixture
def pair(tmp_path):
    """A collection in its place, and the one that comes after it."""
    return make(tmp_path / "lists", 1), make(tmp_path / "lists.new", 2)


def test_no_look_fails_while_collections_are_replaced(tmp_path):
    folder, stop, failed, looks = make(tmp_path / "lists", 0), threading.Event(), [], []
    drafts = [make(tmp_path / "drafts" / str(number), number) for number in range(1, 60)]

    def look():
        kept = read(folder)
        while not stop.is_set():
            try:
                assert read(folder).find(VALUES[0])
                kept._reader._look_at = 0.0  # as if a second had passed
                assert kept.find(VALUES[0])
            except Exception as error:  # noqa: BLE001  whatever it is
                failed.append(repr(error))
            looks.append(1)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for draft in drafts:
        before = len(looks)
        Folder(folder).replace(draft)
        while len(looks) < before + 4:  # looks go on; one was under way, whenever it was replaced
            time.sleep(0.001)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert read(folder).sequence == 59
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drafts", "lists"]
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_reader_waits_out_the_instant_between_two_renames(pair):
    folder, draft = pair
    reader = read(folder)
    folder.rename(folder.with_name("lists.old"))
    reader._reader._look_at = 0.0
    later = threading.Timer(0.05, draft.rename, [folder])
    later.start()
    assert (read(folder).sequence, reader.sequence) == (2, 2)
    later.join()


def test_it_takes_no_file_of_the_next_collection_for_a_damaged_one(pair):
    folder, draft = pair

    class Replaced(Folder):
        """Replaced just after its manifest was read."""

        def manifest_read(self):
            found = super().manifest_read()
            if draft.exists():
                self.replace(draft)
            return found

    assert view_open(Replaced(folder), TOYS).sequence == 2


def test_it_still_names_what_is_damaged_indeed(pair):
    folder, draft = pair
    for file in folder.glob("*/*.facts"):
        shutil.copy(next(draft.glob(f"*/{file.name}")), file)
    with pytest.raises(SegmentCorrupt):
        read(folder)


def test_a_kill_between_two_renames_loses_nothing(pair, monkeypatch):
    folder, _ = pair
    folder.rename(folder.with_name("lists.old"))
    monkeypatch.setattr("lachan.matching.store.folder._REPLACED_SECONDS", 0.05)
    with pytest.raises(NoCollection):
        read(folder)
    Folder(folder).put_back()
    assert read(folder).sequence == 1
    Folder(folder).put_back()
    assert read(folder).sequence == 1
