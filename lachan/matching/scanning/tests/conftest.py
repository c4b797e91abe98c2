import pytest

from lachan.matching.scanning.tests.scans import BAD


@pytest.fixture
def folder(tmp_path):
    """Five clean files, two known ones, one that cannot be read as what it says it is."""
    top = tmp_path / "files"
    (top / "b").mkdir(parents=True)
    for number in range(5):
        (top / f"{number}.txt").write_text(f"clean {number}")
    (top / "b/known.bin").write_bytes(BAD)
    (top / "b/other.bin").write_bytes(b"another")
    (top / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")
    return top
