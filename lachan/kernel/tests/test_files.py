import os
import threading
from pathlib import Path

import pytest

from lachan.kernel import files
from lachan.kernel.files import file_draft, file_write


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def half_write(path, **how):
    with file_draft(path, **how) as descriptor:
        os.write(descriptor, b"half")
        raise RuntimeError


@pytest.mark.parametrize("durable", [True, False])
def test_it_leaves_what_stood_there_and_nothing_else_where_it_cannot_write(tmp_path, durable):
    path = tmp_path / "kept"
    file_write(path, b"one", durable=durable)
    file_write(path, b"two", durable=durable)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        file_write(tmp_path / "folder", b"three", durable=durable)
    with pytest.raises(RuntimeError):
        half_write(path, durable=durable)
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["folder", "kept"]


def test_it_keeps_what_it_wrote_whoever_writes_beside_it(tmp_path):
    path, written = tmp_path / "kept", []

    def write(letter):
        content = letter * 100_000
        for _ in range(20):
            file_write(path, content, durable=False)
            written.append(path.read_bytes())

    letters = [bytes([each]) for each in b"abcd"]
    threads = [threading.Thread(target=write, args=(each,)) for each in letters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 80
    assert set(written) <= {each * 100_000 for each in letters}
    assert names(tmp_path) == ["kept"]


def test_it_lets_others_read_only_as_far_as_it_is_told_and_the_mask_lets_it(tmp_path):
    path = tmp_path / "kept"
    before = os.umask(0o027)
    try:
        file_write(path, b"", mode=0o644, durable=False)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    file_write(path, b"")
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_replaces_nothing_where_it_must_not(tmp_path):
    path = tmp_path / "kept"
    file_write(path, b"first", replace=False)
    with pytest.raises(FileExistsError):
        file_write(path, b"second", replace=False)
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["kept"]


def test_it_reserves_the_room_before_anything_is_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"), file_draft(tmp_path / "kept", size=1):
        pytest.fail("there was no room")
    assert names(tmp_path) == []


def test_it_names_the_file_and_not_its_draft_where_there_is_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError) as failed:
        file_write(tmp_path / "nowhere" / "kept", b"")
    assert failed.value.filename == str(tmp_path / "nowhere" / "kept")


@pytest.mark.parametrize("name", ["n" * 255, "ờ" * 85])
def test_it_takes_the_longest_name_of_a_file(tmp_path, name):
    file_write(tmp_path / name, b"content", durable=False)
    assert names(tmp_path) == [name]


def test_it_puts_content_before_name_and_keeps_the_name(tmp_path, monkeypatch):
    """What a loss of power may not undo: the order is all that a test without one can see."""
    path, done = tmp_path / "kept", []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor):
        done.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "content")
        sync(descriptor)

    def replaced(draft, target):
        done.append("name")
        return replace(draft, target)

    monkeypatch.setattr(files.os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    file_write(path, b"content")
    assert done == ["content", "name", "folder"]
    file_write(path, b"content", durable=False)
    assert done[3:] == ["name"]
