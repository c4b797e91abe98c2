"""Scans of a few listed values, and archives made for them."""

import functools
import hashlib
import io
import tarfile
import zipfile

from lachan.matching.scanning.scan import Settings, scan
from lachan.matching.scanning.tests.known import KnownValues

BAD = b"a listed file"
SHA256 = hashlib.sha256(BAD).hexdigest()
VALUES = [
    ("sha256", SHA256),
    ("md5", hashlib.md5(b"another", usedforsecurity=False).hexdigest()),
    ("address", "xau.example"),
    ("phone", "+84912345678"),
]


def known(**marks):
    return functools.partial(KnownValues, VALUES, marks)


def look(*paths, opener=None, jobs=1, report=None, **options):
    settings = Settings(paths=tuple(map(str, paths)), **options)
    return scan(settings, opener or known(), jobs=jobs, report=report)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def accounted(counts):
    return counts.examined == counts.known + counts.clean + counts.quarantined


def zipped(files, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files, pack=lambda data: data):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return pack(data.getvalue())
