"""Files that are there whole or not at all."""

import pytest

from lachan.kernel.files import file_write


def test_it_leaves_what_stood_there_and_nothing_else_where_it_cannot_write(tmp_path):
    path = tmp_path / "kept"
    file_write(path, b"one")
    file_write(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        file_write(tmp_path / "folder", b"three")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "kept"]
