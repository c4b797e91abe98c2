"""What was not looked at, or not wholly, is never called clean."""

import functools
import io
import os

import pytest
from PIL import Image

from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.pillow import FORMATS
from lachan.matching.algorithms.pdq.tests.files import picture, save
from lachan.matching.scanning.examining import Examiner
from lachan.matching.scanning.records import Item, Limits, Outcome
from lachan.matching.scanning.tests.known import KnownValues
from lachan.matching.video.tests.clips import clip, pictures

IMAGE = picture(3, 320, 240)
KNOWN = functools.partial(KnownValues, [("pdq", picture_hash(save(IMAGE, "PNG")).stored.text)])


def examined(path, known=None, **limits):
    outcome = Outcome(Item(str(path), 0, 0))
    Examiner(known or KNOWN(), Limits(**limits), keep_clean=True).examine(outcome)
    (finding,) = outcome.findings
    return finding


@pytest.mark.parametrize(
    "head",
    [
        *(b"\0\0\0\x18ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")),
        b"\0\0\0\x0cJXL \r\n\x87\n",
        b"\0\0\0\x0cjP  \r\n\x87\n",
    ],
)
def test_it_sets_aside_pictures_that_nothing_here_decodes(tmp_path, head):
    (tmp_path / "a").write_bytes(head + os.urandom(2000))
    finding = examined(tmp_path / "a")
    assert finding.status == "quarantined"
    assert finding.reason == f"no picture of a kind that is read here: {', '.join(FORMATS)}"
    other = KnownValues([("sha256", "0" * 64)])
    assert examined(tmp_path / "a", known=other).status == "clean"  # nobody asked for pictures


def test_it_knows_a_picture_by_its_other_brand(tmp_path):
    data = bytearray(save(IMAGE, "AVIF", quality=90))
    data[8:12] = b"mif1"
    (tmp_path / "a.avif").write_bytes(data)
    assert Image.open(io.BytesIO(data)).format == "AVIF"
    assert examined(tmp_path / "a.avif").status == "known"


def test_it_says_that_a_video_was_not_looked_at_to_its_end(tmp_path):
    shown = list(pictures(40))
    clip(tmp_path / "clip.mp4", shown)
    assert examined(tmp_path / "clip.mp4").status == "clean"
    finding = examined(tmp_path / "clip.mp4", frames=2)
    assert finding.status == "quarantined"
    assert finding.reason.startswith("not all of the video was looked at:")
    first = KnownValues([("pdq", picture_hash(shown[0]).stored.text)])
    finding = examined(tmp_path / "clip.mp4", known=first, frames=2)
    assert finding.status == "known"
    assert finding.reason.startswith("not all of the video was looked at:")
