import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from lachan.matching.algorithms.pdq.hashing import pdq_dihedral, pdq_hash
from lachan.matching.algorithms.pdq.picture import (
    LIMITS,
    Limits,
    picture_dihedral,
    picture_hash,
    picture_read,
)
from lachan.matching.algorithms.pdq.tests.files import picture, png, save, turned_jpeg
from lachan.matching.algorithms.pdq.tests.pictures import draw
from lachan.matching.algorithms.pdq.transform import Transform
from lachan.matching.records import PictureRefused


def reason_of(source, **limits):
    with pytest.raises(PictureRefused) as refused:
        picture_hash(source, limits=Limits(**limits))
    assert str(refused.value)
    return refused.value.reason


def apart(one, other):
    return (int(one.text, 16) ^ int(other.text, 16)).bit_count()


def reference(data):
    """What the reference pipeline hashes: Pillow's pixels, grey ones thrice, LA and others as RGB."""
    image = Image.open(io.BytesIO(data))
    if image.mode not in {"L", "RGB", "RGBA"}:
        image = image.convert("RGBA" if image.mode in {"P", "PA"} else "RGB")
    return pdq_hash(np.asarray(image))


def test_it_takes_bytes_paths_streams_and_pixels(tmp_path):
    data, pixels = png(2), draw(2, 150, 120)
    path = tmp_path / "ảnh.png"
    path.write_bytes(data)
    expected = pdq_hash(pixels)
    with path.open("rb") as stream:
        sources = [data, bytearray(data), memoryview(data), path, str(path), stream, pixels]
        assert [picture_hash(one).stored for one in sources] == [expected] * 7


def test_it_reads_a_stream_that_gives_little_at_a_time():
    class Pipe(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 100))

    assert picture_hash(Pipe(png(2))).stored == picture_hash(png(2)).stored


MODES = {
    "JPEG": ("RGB", "L", "1", "CMYK"),
    "PNG": ("RGB", "L", "P", "1", "RGBA", "LA"),
    "GIF": ("RGB", "L", "P", "1", "RGBA", "LA"),
    "WEBP": ("RGB", "L", "P", "1", "RGBA", "LA", "CMYK"),
    "AVIF": ("RGB", "L", "P", "1", "RGBA", "LA", "CMYK"),
    "BMP": ("RGB", "L", "P", "1", "RGBA"),
    "TIFF": ("RGB", "L", "P", "1", "RGBA", "LA", "CMYK"),
}


@pytest.mark.parametrize(
    ("kind", "mode"), [(k, mode) for k, modes in MODES.items() for mode in modes]
)
def test_it_hashes_what_the_reference_pipeline_hashes(kind, mode):
    data = save(picture(3, 97, 131).convert(mode), kind)
    found = picture_hash(data)
    assert found.stored == reference(data)
    assert found.upright == found.stored


def test_it_knows_the_colours_alone_by_which_others_list_what_is_transparent():
    pixels = draw(4, 80, 90, 4)
    assert picture_hash(save(Image.fromarray(pixels), "PNG")).colours == pdq_hash(pixels[:, :, :3])


def test_it_sees_a_palette_with_transparency_on_its_ground():
    image = picture(5).quantize(16)
    data = save(image, "PNG", transparency=bytes(range(120, 136)))
    seen = Image.new("RGB", image.size, "white")
    seen.paste(
        image.convert("RGB"), mask=Image.open(io.BytesIO(data)).convert("RGBA").getchannel("A")
    )
    assert apart(picture_hash(data).stored, pdq_hash(np.asarray(seen))) <= 2


def test_it_takes_the_upper_half_of_16_bits():
    grey = draw(6, 100, 100, 1)[:, :, 0]
    deep = grey.astype(np.uint16) * 257
    for kind in ("PNG", "TIFF"):
        assert picture_hash(save(Image.fromarray(deep), kind)).stored == pdq_hash(grey)


def test_it_refuses_depths_without_a_white():
    assert (
        reason_of(save(Image.fromarray(draw(7, 20, 20, 1)[:, :, 0].astype(np.float32)), "TIFF"))
        == "depth"
    )
    assert (
        reason_of(save(Image.fromarray(draw(7, 20, 20, 1)[:, :, 0].astype(np.int32)), "TIFF"))
        == "depth"
    )


def test_it_hashes_the_first_frame_of_an_animation():
    frames = [picture(number) for number in range(8, 12)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "MPO"):
        options = {"lossless": True} if kind == "WEBP" else {}
        moving = save(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert picture_hash(moving).stored == picture_hash(save(frames[0], kind, **options)).stored


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_knows_how_a_phone_was_held(orientation):
    data = turned_jpeg(orientation)
    found = picture_hash(data)
    assert found.stored == picture_hash(turned_jpeg(1)).stored
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert found.upright == pdq_hash(np.asarray(seen))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_knows_what_a_picture_was_before_it_was_turned(orientation):
    """Of what people see; what the file asks to be turned back, and nothing done, are asked anyway."""
    found = picture_hash(turned_jpeg(orientation), turned=True)
    assert (found.stored, found.upright) == msgspec.structs.astuple(
        picture_hash(turned_jpeg(orientation))
    )[:2]
    seen = picture_read(turned_jpeg(orientation))
    assert found.before.keys() == set(Transform) - {Transform.AS_IS, seen.turn}
    assert np.array_equal(seen.turn.inverse.apply(seen.upright), seen.stored)
    assert {before.quality for before in found.before.values()} == {found.upright.quality}
    for done in found.before:
        was = int(pdq_hash(done.inverse.apply(seen.upright)).text, 16)
        apart = {one: (int(b.text, 16) ^ was).bit_count() for one, b in found.before.items()}
        assert apart[done] == min(apart.values()) <= 31


def test_its_eight_selves_begin_with_itself():
    """Also where `pdqhash` blurs 64×64 pictures for the eight, but not for the one."""
    found = picture_hash(png(1, 64, 64), turned=True)
    assert found.upright == found.stored == picture_hash(png(1, 64, 64)).stored
    assert len(found.before) == 7


@pytest.fixture
def pillow_alone(monkeypatch):
    """As where the extra `jpeg` is not installed."""
    monkeypatch.setattr("lachan.matching.algorithms.pdq.picture.simplejpeg", None)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0", "4:1:1"])
@pytest.mark.parametrize("progressive", [False, True])
def test_it_decodes_jpeg_alike_by_both_ways(mode, sampling, progressive, request):
    options = {"subsampling": sampling, "progressive": progressive}
    files = [
        save(
            picture(n, 31 + 17 * n, 200 - 13 * n).convert(mode),
            "JPEG",
            quality=20 + 7 * n,
            **options,
        )
        for n in range(11)
    ]
    quick = [picture_read(data).stored for data in files]
    request.getfixturevalue("pillow_alone")
    for data, pixels in zip(files, quick, strict=True):
        assert np.array_equal(picture_read(data).stored, pixels)


@pytest.mark.usefixtures("pillow_alone")
def test_it_needs_no_second_decoder():
    data = turned_jpeg(6)
    assert picture_hash(data).stored == reference(data)
    assert reason_of(data[: len(data) // 2]) == "truncated"


def test_it_gives_all_eight_hashes_of_a_file():
    assert picture_dihedral(png(9)) == pdq_dihedral(draw(9, 150, 120))


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (4, 4)])
def test_it_says_that_a_line_of_pixels_is_no_picture_to_match(size):
    found = picture_hash(png(10, *size))
    assert found.stored.quality == 0
    assert not found.stored.reliable


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_it_refuses_what_is_no_picture(data):
    assert reason_of(data) in {"not-a-picture", "damaged", "truncated"}


@pytest.mark.parametrize(
    "data", [b"", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_it_refuses_other_formats(data):
    assert reason_of(data) == "not-a-picture"


@pytest.mark.parametrize("kind", MODES)
def test_it_refuses_a_picture_without_its_end(kind):
    data = save(picture(11), kind)
    for part in (0.3, 0.6, 0.9):
        assert reason_of(data[: int(len(data) * part)]) in {"truncated", "damaged", "not-a-picture"}


def test_it_says_that_a_jpeg_was_cut():
    data = save(picture(11), "JPEG", quality=95)
    assert reason_of(data[: len(data) // 2]) == "truncated"


@given(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"]), st.data())
@settings(max_examples=120)
def test_it_survives_altered_bytes(kind, data):
    """Refused or hashed, but never another error."""
    whole = bytearray(save(picture(12, 40, 30), kind))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PictureRefused):
        picture_hash(bytes(whole))


def _bomb(width, height):
    """A PNG that claims a size, and holds next to nothing."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 2**31 - 1), (10_000, 10_000)])
def test_it_refuses_a_bomb_before_it_goes_off(size):
    assert reason_of(_bomb(*size)) == "too-many-pixels"


def test_it_keeps_to_its_limits():
    data = png(13, 60, 50)
    assert reason_of(data, pixels=2_999) == "too-many-pixels"
    assert picture_hash(data, limits=Limits(pixels=3_000)).stored.quality > 0
    assert reason_of(data, size=len(data) - 1) == "too-large"
    assert reason_of(io.BytesIO(data), size=len(data) - 1) == "too-large"
    assert reason_of(data, seconds=-1.0) == "too-slow"


def test_it_reads_no_further_than_its_limit(tmp_path):
    path = tmp_path / "endless"
    path.touch()
    os.truncate(path, LIMITS.size * 1000)  # sparse
    assert reason_of(path) == "too-large"
    with Path("/dev/zero").open("rb") as endless:
        assert reason_of(endless, size=10_000) == "too-large"


def test_it_counts_the_pixels_of_a_jpeg_before_it_decodes_them():
    data = bytearray(save(picture(14), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"  # 65,535 × 65,535
    assert reason_of(bytes(data)) == "too-many-pixels"


def test_it_refuses_a_jpeg_of_endless_scans():
    data = save(picture(14), "JPEG", progressive=True)
    scans = data.count(b"\xff\xda")
    assert 1 < scans < 20
    assert reason_of(data, scans=scans - 1) == "too-many-scans"
    last = data.rindex(b"\xff\xda")
    assert reason_of(data[:last] + data[last:-2] * 200 + data[-2:]) == "too-many-scans"


def test_it_leaves_missing_files_to_the_caller(tmp_path):
    with pytest.raises(FileNotFoundError):
        picture_hash(tmp_path / "nothing.png")


def test_it_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    picture_hash(turned_jpeg(6))
    assert list(tmp_path.iterdir()) == []


def test_it_takes_pixels_as_they_are():
    picture = picture_read(draw(1, 10, 10))
    assert picture.upright is picture.stored
