"""The search itself must find, or finding nothing says nothing."""

import base64
import gzip
import json
import tarfile

import pytest

from tests.faults.needles import Scan, dresses

WORD = "qzvxkwjqhzpg"


def hidden():
    yield "plain", b"..." + WORD.encode() + b"..."
    yield "capitals", WORD.upper().encode()
    yield "utf-16", f"chim {WORD} con".encode("utf-16")
    yield "json", json.dumps({"a": f"đ{WORD}"}).encode()
    yield "escaped", "".join(f"\\u{ord(c):04x}" for c in WORD).encode()
    yield "percent", "".join(f"%{ord(c):02X}" for c in WORD).encode()
    yield "hexadecimal", WORD.encode().hex().encode()
    yield "gzip", b"x" * 9 + gzip.compress(f"a {WORD} b".encode())
    for before in range(4):
        for after in range(3):
            text = b"x" * before + WORD.encode() + b"y" * after
            yield f"base64 {before} {after}", base64.b64encode(text)
            yield f"urlsafe {before} {after}", base64.urlsafe_b64encode(text)


@pytest.mark.parametrize(("dress", "data"), list(hidden()), ids=[name for name, _ in hidden()])
def test_it_finds_a_word_in_every_dress(tmp_path, dress, data):
    (tmp_path / "file").write_bytes(data)
    scan = Scan(WORD)
    scan.folder(tmp_path)
    assert scan.found


def test_it_finds_a_word_inside_an_archive(tmp_path):
    (tmp_path / "inner").write_text(WORD)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "inner", "inner")
    scan = Scan(WORD)
    scan.archive(tmp_path / "a.tar.gz")
    assert scan.found[0].startswith(f"{tmp_path}/a.tar.gz:inner: utf-8")


def test_it_does_not_find_what_is_not_there():
    scan = Scan(WORD)
    scan.data("x", bytes(range(256)) * 1000)
    assert scan.found == []
    assert all(len(dress) >= 10 for dress in dresses(WORD).values())
