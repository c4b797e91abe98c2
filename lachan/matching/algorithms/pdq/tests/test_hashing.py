import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lachan.matching.algorithms.pdq import downscale, hashing
from lachan.matching.algorithms.pdq.hashing import pdq_dihedral, pdq_hash
from lachan.matching.algorithms.pdq.tests import description
from lachan.matching.algorithms.pdq.tests.pictures import draw
from lachan.matching.algorithms.pdq.transform import Transform
from lachan.matching.records import PictureRefused

numbers = st.integers(0, 2**31)
# Around the sizes where the blur's window grows, and anything between.
sides = st.one_of(st.integers(1, 300), st.sampled_from([5, 64, 127, 128, 129, 255, 256, 257, 385]))


# (number, width, height) of a drawn picture, and what `pdqhash` 0.2.8 says of it.
KNOWN = [
    (1, 64, 64, "7fe17207801efffdb4a0c804804e9ffe3c80790e733ff73ac4100b6308f7cccc", 100),
    (2, 512, 512, "aabc1e3cca5564834a0124a3d34daabff1cbf1c334e2f56a94bac728f1a34a55", 92),
    (3, 1920, 1080, "fbfcecc5ccc2eccccfc4e0743663266066447644d12399339b22bb6440ff4c9b", 98),
    (4, 37, 301, "39ce38c1c757c738c77138988cc7398e98e73818c67367381c73399cd8c7c3c6", 53),
    (5, 5, 5, "649d318c9b66ce73ca73390ece63c673318c318c6499318c9b66ce73ce73398c", 51),
    (6, 129, 127, "bf063e0b7e8b7e8b7e8b3e8f2eaf228900e900e8ab86bb16bb16bb1641d441d8", 100),
    (7, 1000, 8, "60e7871c4f3c73487b4832c8938c968cb3c469736c73cd3784b78cb7b0c378e3", 75),
    (8, 640, 480, "706485275847dad33c38670f6186d9f49c387159735b78f4cd069c7363c9e6c8", 100),
    (9, 256, 384, "726a6a4c4a4cc9ccda8a119a72b2f613c6668decfc6d31bd0bf5c6113ce30d63", 73),
    (10, 4, 50, "0000000000000000000000000000000000000000000000000000000000000000", 0),
    (11, 3000, 200, "007c0f0c81e4fe1f11f13ab3071f6353c87cddc0db4c02dc105a7e33f7f387c6", 100),
    (12, 200, 3001, "b320bb00df93edf84efe024e922518128d916d615a4eb3e492db9c9fa5a55e0f", 84),
]


@pytest.mark.parametrize(("number", "width", "height", "text", "quality"), KNOWN)
def test_it_hashes_as_the_reference_does(number, width, height, text, quality):
    found = pdq_hash(draw(number, width, height))
    assert (found.text, found.quality) == (text, quality)


@given(numbers, sides, sides, st.sampled_from([1, 3, 4]))
@example(1, 64, 64, 3)
@example(2, 1, 400, 3)
@example(3, 5, 5, 1)
@example(4, 1023, 7, 3)
@settings(max_examples=150)
def test_it_hashes_as_the_description_has_it(number, width, height, channels):
    picture = draw(number, width, height, channels)
    found = pdq_hash(picture)
    assert (found.text, found.quality) == description.pdq(picture)


@given(numbers, sides, sides)
@settings(max_examples=40)
def test_it_has_the_same_coefficients_to_the_last_bit(number, width, height):
    picture = draw(number, max(width, 5), max(height, 5))
    found, quality = hashing.pdq_coefficients(picture)
    expected, expected_quality = description.analyse(picture)
    assert found.tobytes() == expected.tobytes()
    assert quality == expected_quality


@pytest.mark.parametrize("channels", [3, 4])
def test_it_weighs_every_colour_as_64_bit_does(channels):
    line = np.zeros((1 << 16, channels), np.uint8)
    line[:, 1], line[:, 2] = np.divmod(np.arange(1 << 16), 256)
    luma = np.empty(1 << 16, np.float32)
    for red in range(0, 256, 1 if channels == 3 else 51):
        line[:, 0] = red
        downscale._luma_row(line.ravel(), channels, 1 << 16, luma)
        assert np.array_equal(luma, description.luma(line[None])[0])


@given(numbers, st.integers(5, 200), st.integers(5, 200))
@example(5, 64, 64)
@settings(max_examples=40)
def test_it_turns_hashes_as_the_description_has_it(number, width, height):
    picture = draw(number, width, height)
    coefficients, quality = description.analyse(picture, straight=False)
    expected = [
        description.text(description.turned(coefficients, one.name.lower())) for one in Transform
    ]
    found = pdq_dihedral(picture)
    assert [one.text for one in found] == expected
    assert {one.quality for one in found} == {quality}


@pytest.mark.parametrize(
    ("transform", "turn"),
    [
        (Transform.AS_IS, lambda p: p),
        (Transform.TURNED_LEFT, np.rot90),
        (Transform.TURNED_ROUND, lambda p: np.rot90(p, 2)),
        (Transform.TURNED_RIGHT, lambda p: np.rot90(p, 3)),
        (Transform.UPSIDE_DOWN, lambda p: p[::-1]),
        (Transform.MIRRORED, lambda p: p[:, ::-1]),
        (Transform.TRANSPOSED, lambda p: p.transpose(1, 0, 2)),
        (Transform.TRANSPOSED_OTHERWISE, lambda p: np.rot90(p, 2).transpose(1, 0, 2)),
    ],
)
def test_it_knows_a_turned_picture_again(transform, turn):
    for number in range(5):
        picture = draw(number, 1024, 768)
        seen = int(pdq_hash(turn(picture)).text, 16)
        apart = [(int(one.text, 16) ^ seen).bit_count() for one in pdq_dihedral(picture)]
        assert apart[transform] == min(apart) <= 31


def test_it_takes_grey_and_colour_alike():
    grey = draw(6, 90, 70, 1)
    colour = np.repeat(grey, 3, axis=2)
    assert pdq_hash(grey) == pdq_hash(grey[:, :, 0]) == pdq_hash(colour)


def test_it_takes_any_layout_in_memory():
    picture = draw(7, 150, 140)
    expected = pdq_hash(picture.copy())
    wide = np.zeros((140, 300, 3), np.uint8)
    wide[:, ::2] = picture
    assert pdq_hash(wide[:, ::2]) == expected
    assert pdq_hash(np.asfortranarray(picture)) == expected
    picture.flags.writeable = False
    assert pdq_hash(picture) == expected


def test_it_says_when_there_is_too_little_to_see():
    flat = pdq_hash(np.full((300, 200, 3), 99, np.uint8))
    assert flat.quality == 0
    assert not flat.reliable
    assert pdq_hash(draw(8, 4, 400)) == hashing.PdqHash(bytes(32), 0)
    assert pdq_dihedral(draw(8, 400, 4)) == [hashing.PdqHash(bytes(32), 0)] * 8
    assert pdq_hash(draw(10, 400, 300)).reliable


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((10, 10), np.float32),
        np.zeros((10, 10), np.uint16),
        np.zeros((10, 10, 2), np.uint8),
        np.zeros((10, 10, 3, 1), np.uint8),
        np.zeros(10, np.uint8),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_it_refuses_what_is_no_picture(pixels):
    with pytest.raises(PictureRefused) as refused:
        pdq_hash(pixels)
    assert refused.value.reason == "not-pixels"
