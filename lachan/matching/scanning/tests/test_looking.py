"""Pictures, and the frames of videos."""

import functools
import io

import numpy as np
from PIL import Image

from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.scanning.tests.known import KnownValues
from lachan.matching.scanning.tests.scans import accounted, look, zipped
from lachan.matching.video.tests.clips import clip, pictures


def image(picture, form, **options):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, **options)
    return file.getvalue()


def test_it_knows_pictures_and_frames_of_videos(tmp_path):
    shown = list(pictures(40))
    listed = image(shown[20], "PNG")
    values = [("pdq", picture_hash(listed).stored.text)]
    sideways = Image.Exif()
    sideways[0x0112] = 6  # the camera lay on its side: turn it right to see it
    (tmp_path / "a.jpg").write_bytes(image(shown[20], "JPEG", quality=60))
    (tmp_path / "b.jpg").write_bytes(image(np.rot90(shown[20]), "JPEG", exif=sideways))
    (tmp_path / "cut.jpg").write_bytes(image(shown[20], "JPEG")[:2000])
    (tmp_path / "flat.png").write_bytes(image(np.full((90, 90), 128, np.uint8), "PNG"))
    (tmp_path / "other.png").write_bytes(image(next(pictures(1, seed=5)), "PNG"))
    clip(tmp_path / "clip.mp4", shown)
    (tmp_path / "in.zip").write_bytes(zipped({"clip.mp4": (tmp_path / "clip.mp4").read_bytes()}))
    (tmp_path / "cut.mkv").write_bytes(b"\x1aE\xdf\xa3" + bytes(2000))
    summary, findings = look(tmp_path, opener=functools.partial(KnownValues, values))
    assert [(found.path.removeprefix(f"{tmp_path}/"), found.status) for found in findings] == [
        ("a.jpg", "known"),
        ("b.jpg", "known"),
        ("clip.mp4", "known"),
        ("cut.jpg", "quarantined"),
        ("cut.mkv", "quarantined"),
        ("in.zip!/clip.mp4", "known"),
    ]
    still, video = findings[0].matches[0], findings[2].matches[0]
    assert (still.second, still.share) == (None, None)
    assert 3 <= video.second <= 5
    assert 0 < video.share < 1
    assert summary.counts.flat == 1
    assert accounted(summary.counts)
