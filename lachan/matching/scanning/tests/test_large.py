"""Files that take long to read, and those that only claim to."""

import hashlib
import io
import tarfile

from lachan.matching.scanning.content import content_read
from lachan.matching.scanning.examining import Examiner
from lachan.matching.scanning.records import Item, Limits, Outcome
from lachan.matching.scanning.tests.known import KnownValues

BAD = b"a listed file"
KNOWN = KnownValues([("sha256", hashlib.sha256(BAD).hexdigest())])


def examined(path, **options):
    outcome = Outcome(Item(str(path), 0, 0))
    Examiner(KNOWN, Limits(), **options).examine(outcome)
    return outcome


def test_it_gives_signs_of_life_while_it_reads():
    signs = []
    data = bytes(5 << 20)
    content = content_read(io.BytesIO(data), ["sha256"], 1000, lambda: signs.append(1))
    assert content.digests["sha256"] == hashlib.sha256(data).hexdigest()
    assert (content.size, content.data, len(signs)) == (len(data), None, 6)


def test_it_gives_signs_of_life_for_each_file(tmp_path):
    signs = []
    (tmp_path / "file").write_bytes(BAD)
    assert examined(tmp_path / "file", sign=lambda: signs.append(1)).counts.known == 1
    assert signs


def sparse(size):
    """The head of a file that is nothing but a hole (GNU tar, old format)."""
    head = bytearray(tarfile.TarInfo("sparse").tobuf(tarfile.GNU_FORMAT))
    head[156:157] = b"S"
    head[386:410] = b"%011o\0%011o\0" % (0, 0)
    head[483:495] = b"\x80" + size.to_bytes(11, "big")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def test_it_pays_for_the_holes_of_sparse_files(tmp_path):
    member = tarfile.TarInfo("known")
    member.size = len(BAD)
    known = member.tobuf(tarfile.GNU_FORMAT) + BAD.ljust(512, b"\0")
    path = tmp_path / "a.tar"
    path.write_bytes(known + sparse(3 << 20) + known + bytes(1024))
    assert (examined(path).counts.known, examined(path).counts.examined) == (2, 4)
    path.write_bytes(known + sparse(1 << 50) + known + bytes(1024))
    outcome = examined(path)
    assert outcome.counts.known == 1
    assert [found.reason for found in outcome.findings if found.reason] == [
        "the archive holds more than the limits allow"
    ]
