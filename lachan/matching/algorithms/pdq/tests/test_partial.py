"""Pictures that were cut, given a false end, or damaged: hashed where nearly all is there, never wrong without a word."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lachan.matching.algorithms.pdq.hashing import pdq_hash
from lachan.matching.algorithms.pdq.jpeg import image_body, sharpness
from lachan.matching.algorithms.pdq.partial import WHOLE
from lachan.matching.algorithms.pdq.picture import PicturePartial, picture_hash, picture_read
from lachan.matching.algorithms.pdq.tests.files import picture, save, turned_jpeg
from lachan.matching.algorithms.pdq.tests.pictures import draw
from lachan.matching.algorithms.pdq.transform import Transform
from lachan.matching.records import PictureRefused

KINDS = {
    "JPEG": ("JPEG", {}),
    "JPEG 4:4:4": ("JPEG", {"quality": 95, "subsampling": "4:4:4"}),
    "JPEG grey": ("JPEG", {"quality": 90}),
    "JPEG progressive": ("JPEG", {"progressive": True}),
    "JPEG with restarts": ("JPEG", {"restart_marker_rows": 1}),
    "PNG": ("PNG", {}),
    "GIF": ("GIF", {}),
    "GIF in one go": ("GIF", {"interlace": 0}),
    "WebP": ("WEBP", {"quality": 80}),
    "WebP lossless": ("WEBP", {"lossless": True}),
    "BMP": ("BMP", {}),
    "TIFF": ("TIFF", {}),
    "AVIF": ("AVIF", {}),
}
ENDS = {"JPEG": b"\xff\xd9", "GIF": b"\0;"}


def made(name, number=3, width=320, height=240):
    kind, options = KINDS[name]
    image = picture(number, width, height)
    return save(image.convert("L") if name.endswith("grey") else image, kind, **options)


def apart(one, other):
    return (int(one.text, 16) ^ int(other.text, 16)).bit_count()


# Of JPEG there are two decoders.
EACH = [*KINDS, *(f"{name}, by Pillow" for name in KINDS if name.startswith("JPEG"))]


@pytest.fixture
def name(request, monkeypatch):
    name, _, by = request.param.partition(", ")
    if by:
        monkeypatch.setattr("lachan.matching.algorithms.pdq.picture.simplejpeg", None)
    return name


def verdict(data):
    """(the hash or None, why not)."""
    try:
        return picture_hash(data), None
    except PictureRefused as error:
        return None, error


CUTS = [0.2, 0.5, 0.8, 0.95, 0.99, -60, -20, -9, -3, -2, -1]


@pytest.mark.parametrize("name", EACH, indirect=True)
@pytest.mark.parametrize("forged", [False, True])
def test_a_cut_picture_is_near_the_whole_one_or_says_that_it_is_not(name, forged):
    data = made(name, width=240, height=160)
    whole = picture_hash(data).stored
    for cut in CUTS:
        end = ENDS.get(KINDS[name][0], b"") if forged else b""
        left = data[: cut if cut < 0 else int(cut * len(data))] + end
        found, error = verdict(left)
        if found is not None:
            assert found.decoded >= WHOLE
            assert apart(found.stored, whole) <= 31
        elif isinstance(error, PicturePartial):
            assert "only partly" in str(error)
            assert error.found.decoded < WHOLE or error.found.damaged
        else:
            assert error.reason in {"truncated", "damaged", "not-a-picture"}


@pytest.mark.parametrize("name", [one for one in EACH if one != "AVIF"], indirect=True)
def test_the_last_bytes_are_no_way_out_of_matching(name):
    data = made(name)
    whole = picture_hash(data).stored
    for gone in (1, 2):
        assert apart(picture_hash(data[:-gone]).stored, whole) <= 8


@pytest.mark.parametrize(
    ("name", "end"),
    [
        *(("JPEG", b""), ("JPEG", b"\xff\xd9"), ("JPEG 4:4:4", b""), ("PNG", b"")),
        *(("GIF in one go", b""), ("GIF in one go", b"\0;"), ("BMP", b""), ("TIFF", b"")),
        ("JPEG, by Pillow", b"\xff\xd9"),
    ],
    indirect=["name"],
)
def test_it_says_how_much_there_is(name, end):
    data = made(name, number=1)
    shares = []
    for part in (0.25, 0.5, 0.75, 0.9):
        left = data[: int(part * len(data))] + end
        with pytest.raises(PicturePartial, match="% of the picture can be decoded") as partial:
            picture_hash(left)
        shares.append(partial.value.found.decoded)
        assert partial.value.reason == "truncated"
    assert shares == sorted(shares)
    assert shares[0] < 0.6 < shares[-1] < WHOLE


def test_it_finds_how_much_to_the_line():
    image = picture(3, 320, 240)
    for kind, head in (("BMP", 54), ("TIFF", 140)):
        data = save(image, kind)
        with pytest.raises(PicturePartial) as partial:
            picture_hash(data[: head + 320 * 3 * 180])
        assert abs(partial.value.found.decoded - 0.75) < 0.01


def test_most_of_a_progressive_picture_is_in_its_first_scans():
    data = made("JPEG progressive", width=640, height=480)
    whole = picture_hash(data).stored
    for part in (0.4, 0.6, 0.8):
        assert apart(picture_hash(data[: int(part * len(data))]).stored, whole) <= 10


def scans_of(data):
    """A progressive picture's scans, each with what prepares it."""
    return [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]


def test_it_knows_how_sharp_a_progressive_picture_is_so_far():
    data = made("JPEG progressive", width=640, height=480)
    starts = scans_of(data)
    so_far = [sharpness(data[:start] + b"\xff\xd9") for start in [*starts, len(data) - 2]]
    assert so_far[0] == 0
    assert so_far == sorted(so_far)
    assert so_far[-1] == 1
    assert sharpness(made("JPEG")) is None
    small = save(picture(3, 40, 30), "JPEG", progressive=True)
    assert sharpness(small) == 1
    assert 0 < sharpness(small[: scans_of(small)[1]] + b"\xff\xd9") < WHOLE
    assert sharpness(small, last=False) <= 1


@given(st.integers(0, 4000), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_it_follows_the_parts_of_any_jpeg(at, noise):
    for data in (made("JPEG", width=64, height=48), made("JPEG progressive", width=64, height=48)):
        at %= len(data)
        spoilt = data[:at] + noise + data[at:]
        body, _ = image_body(spoilt)
        assert spoilt.startswith(body)
        known = sharpness(spoilt)
        assert known is None or 0 <= known <= 1


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_png_with_a_false_end_says_so():
    pixels = draw(3, 320, 240)
    raw = b"".join(b"\0" + line.tobytes() for line in pixels)
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 320, 240, 8, 2, 0, 0, 0))
    packed = zlib.compress(raw)
    end = _chunk(b"IEND", b"")
    assert picture_hash(head + _chunk(b"IDAT", packed) + end).stored == pdq_hash(pixels)
    with pytest.raises(PicturePartial) as partial:
        picture_hash(head + _chunk(b"IDAT", packed[: len(packed) // 2]) + end)
    assert 0.3 < partial.value.found.decoded < 0.7


def test_a_fault_within_is_told_where_a_decoder_can_tell():
    data = bytearray(made("PNG"))
    data[len(data) // 2] ^= 0x55
    with pytest.raises(PictureRefused):
        picture_hash(bytes(data))
    data = bytearray(made("JPEG with restarts"))
    data[len(data) // 2] ^= 0x55
    data[len(data) // 3] ^= 0xA6
    with pytest.raises(PictureRefused):
        picture_hash(bytes(data))


@pytest.mark.parametrize("padding", [bytes(20), b"\xff" * 9])
def test_padding_before_the_end_is_no_fault(padding):
    data = made("JPEG")
    assert picture_hash(data[:-2] + padding + data[-2:]).stored == picture_hash(data).stored


def test_a_grey_picture_is_no_cut_one(monkeypatch):
    """What a decoder fills in is grey, but so are some pictures."""
    pixels = draw(3, 320, 240)
    pixels[120:] = 128
    data = save(Image.fromarray(pixels), "JPEG", quality=95)
    quick = picture_hash(data)
    monkeypatch.setattr("lachan.matching.algorithms.pdq.picture.simplejpeg", None)
    assert picture_hash(data) == quick
    assert quick.decoded == 1


def test_a_dark_picture_is_no_cut_one():
    """What a decoder leaves out is black, but so are the bars of a film."""
    pixels = draw(3, 320, 240)
    pixels[:30] = pixels[-30:] = 0
    for kind in ("PNG", "BMP", "TIFF"):
        data = save(Image.fromarray(pixels), kind)
        assert picture_hash(data[:-3]).decoded >= WHOLE


def test_a_cut_picture_is_turned_as_the_whole_one():
    data = turned_jpeg(6)
    assert picture_read(data[:-2]).turn is Transform.TURNED_RIGHT
    assert picture_hash(data[:-2]) == picture_hash(data)


def test_missing_pixels_are_drawn_on_from_above():
    data = save(Image.fromarray(np.full((240, 320, 3), 200, np.uint8)), "BMP")
    assert (picture_read(data[: len(data) // 2]).stored == 200).all()
