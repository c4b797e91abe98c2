"""Looks for a word in everything on a disk, in every dress in which a program may have written it."""

import base64
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

_MOST = 64 << 20  # bytes that one compressed stream may unfold to
_GZIP = re.compile(rb"\x1f\x8b\x08")


def dresses(word: str) -> dict[str, bytes]:
    """Name of an encoding → the bytes that a lower-case ASCII word becomes in it."""
    raw = word.encode("ascii")
    found = {
        "utf-8": raw,
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "percent": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "hexadecimal": raw.hex().encode(),
        "json": "".join(f"\\u{byte:04x}" for byte in raw).encode(),
        "backwards": raw[::-1],
    }
    for shift in range(3):
        # Of a word inside base64 only the middle is its own: what touches its neighbours is cut off.
        text = base64.b64encode(b"\0" * shift + raw)
        found[f"base64+{shift}"] = text[-(-shift * 4 // 3) + (1 if shift else 0) : len(text) - 4]
    return found


class Scan:
    """Counts what it reads; `found` says where the word stood and in what dress."""

    def __init__(self, word: str) -> None:
        # Names are folded to lower case or capitals on their way: all is compared in lower case.
        self._dresses = {kind: dress.lower() for kind, dress in dresses(word).items()}
        self.files = self.bytes = 0
        self.found: list[str] = []

    def folder(self, folder: Path) -> None:
        """Every file below, archives unpacked."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.data(str(path), path.read_bytes())

    def archive(self, path: Path) -> None:
        """Every member of a tar archive."""
        with tarfile.open(path) as tar:
            for member in tar:
                if (file := tar.extractfile(member)) is not None:
                    self.data(f"{path}:{member.name}", file.read())

    def data(self, where: str, data: bytes) -> None:
        self.files += 1
        self.bytes += len(data)
        self._look(where, data)
        for start, plain in _unfolded(data):
            self._look(f"{where}@{start}", plain)

    def _look(self, where: str, data: bytes) -> None:
        folded = data.lower()
        for kind, dress in self._dresses.items():
            if (at := folded.find(dress)) >= 0:
                self.found.append(f"{where}: {kind}: {data[at : at + 40]!r}")


def _unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every gzip stream inside, wherever it begins."""
    for match in _GZIP.finditer(data):
        try:
            yield match.start(), zlib.decompressobj(31).decompress(data[match.start() :], _MOST)
        except zlib.error:
            continue
