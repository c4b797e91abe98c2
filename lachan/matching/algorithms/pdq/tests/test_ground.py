"""What is transparent is hashed as people see it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lachan.matching.algorithms.pdq.ground import BLACK, WHITE, is_transparent, on_ground
from lachan.matching.algorithms.pdq.hashing import pdq_hash
from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save
from lachan.matching.algorithms.pdq.tests.pictures import draw

WIDTH, HEIGHT = 200, 160
KINDS = {
    "PNG": {},
    "TIFF": {},
    "GIF": {},
    "WEBP": {"lossless": True, "exact": True},
    "AVIF": {"quality": 95},
}


def apart(one, other):
    return (int(one.text, 16) ^ int(other.text, 16)).bit_count()


def holes():
    """uint8[HEIGHT, WIDTH]: 255 where something is drawn."""
    return (np.add.outer(np.arange(HEIGHT) // 40, np.arange(WIDTH) // 50) % 2 * 255).astype(
        np.uint8
    )


def with_hidden(number, hidden):
    """One picture with holes, in which other colours lie that nobody sees."""
    colours = np.where(
        holes()[:, :, None] > 0, draw(number, WIDTH, HEIGHT), draw(hidden, WIDTH, HEIGHT)
    )
    return Image.fromarray(np.dstack([colours, holes()]))


@pytest.mark.parametrize("kind", KINDS)
def test_colours_that_nobody_sees_change_nothing(kind):
    one, other = (picture_hash(save(with_hidden(3, n), kind, **KINDS[kind])) for n in (7, 8))
    assert one.stored.reliable
    assert apart(one.stored, other.stored) <= 10
    assert apart(one.ground, other.ground) <= 10
    assert one.upright == one.stored


@pytest.mark.parametrize("ground", [WHITE, BLACK])
def test_it_finds_the_copy_that_was_put_on_a_ground(ground):
    """As messengers do that know no transparency."""
    data = save(with_hidden(3, 7), "PNG")
    flat = Image.new("RGB", (WIDTH, HEIGHT), (ground,) * 3)
    flat.paste(with_hidden(3, 7), mask=Image.fromarray(holes()))
    copy = picture_hash(save(flat, "JPEG", quality=80)).stored
    found = picture_hash(data)
    assert min(apart(copy, found.stored), apart(copy, found.ground)) <= 10


@pytest.mark.parametrize("colour", [0, 60, 255])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_it_sees_what_is_drawn_by_transparency_alone(colour, mode):
    shape = draw(5, WIDTH, HEIGHT, 1)[:, :, 0] // 128 * 255
    shape[holes() > 0] ^= 255
    ink = Image.fromarray(np.dstack([np.full((HEIGHT, WIDTH, 3), colour, np.uint8), shape]))
    found = picture_hash(save(ink.convert(mode), "PNG")).stored
    assert found.quality >= 50
    seen = np.where(shape > 0, colour, 255 if colour < 255 else 0).astype(np.uint8)
    assert apart(found, pdq_hash(seen)) <= 2


def test_it_takes_a_key_colour_for_transparent():
    """In a PNG without alpha, one colour may stand for it."""
    image = picture(5).convert("L")
    keyed = save(image, "PNG", transparency=image.getpixel((0, 0)))
    seen = np.where(np.asarray(image) == image.getpixel((0, 0)), 255, np.asarray(image))
    assert picture_hash(keyed).stored == pdq_hash(seen.astype(np.uint8))
    palette = picture(5).quantize(8)
    keyed = save(palette, "GIF", transparency=palette.getpixel((0, 0)))
    seen = np.asarray(palette.convert("RGB")).copy()
    seen[np.asarray(palette) == palette.getpixel((0, 0))] = 255
    assert picture_hash(keyed).stored == pdq_hash(seen)


def test_it_hashes_an_opaque_picture_as_before():
    pixels = np.dstack([draw(4, 80, 90), np.full((90, 80, 1), 255, np.uint8)])
    found = picture_hash(save(Image.fromarray(pixels), "PNG"))
    assert found.stored == pdq_hash(pixels[:, :, :3])
    assert (found.ground, found.colours) == (None, None)


def test_it_looks_at_the_first_frame_of_what_moves():
    frames = [with_hidden(n, 7) for n in (3, 4)]
    moving = save(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert picture_hash(moving).stored == picture_hash(save(frames[0], "PNG")).stored


@given(st.integers(0, 255), st.integers(0, 255), st.sampled_from([WHITE, BLACK]))
def test_it_mixes_a_colour_with_its_ground(colour, alpha, ground):
    pixel = np.array([[[colour, colour, colour, alpha]]], np.uint8)
    exact = (colour * alpha + ground * (255 - alpha)) / 255
    assert abs(int(on_ground(pixel, ground)[0, 0, 0]) - exact) <= 0.5
    assert is_transparent(pixel) == (alpha < 255)
