"""Who may open a collection, make one, and write to it."""

import pytest

from lachan.kernel.errors import Conflict, InvalidInput, Refused
from lachan.matching.records import NoCollection, StoreLocked
from lachan.matching.store.tests.copies import VALUES, create, read, write
from lachan.matching.store.tests.toys import facts


def test_it_has_no_answer_where_there_is_no_collection(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoCollection):
            read(path)
        with pytest.raises(NoCollection):
            write(path)
    assert list(tmp_path.iterdir()) == []


def test_it_makes_no_collection_among_other_files(tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(Conflict):
        create(tmp_path)


def test_it_lets_one_process_write(folder):
    with write(folder), pytest.raises(StoreLocked):
        write(folder)
    write(folder).close()


def test_it_lets_a_reader_change_nothing(folder):
    with pytest.raises(Refused):
        read(folder).add(VALUES[0], facts(1))


def test_it_never_goes_back_in_sequence(folder):
    with write(folder) as lists, pytest.raises(InvalidInput):
        lists.commit(4)
