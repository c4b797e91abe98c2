"""Scans of a JPEG are counted as a decoder would meet them, and never fewer."""

import io

import numpy as np
import pytest
from PIL import Image

from lachan.matching.algorithms.pdq.jpeg import scan_count
from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save
from lachan.matching.records import PictureRefused

NOISE = np.random.default_rng(1).bytes(20_000) + b"\xff\xda" * 200
PLAIN = save(picture(1), "JPEG", quality=90)
PROGRESSIVE = save(picture(1), "JPEG", quality=90, progressive=True)
RESTARTING = save(picture(1, 640, 480), "JPEG", quality=90, restart_marker_blocks=4)


def noted(data):
    """With a camera's notes in it, in two segments."""
    note = b"\xff\xe7" + (len(NOISE) + 2).to_bytes(2, "big") + NOISE
    return data[:2] + note + note + data[2:]


@pytest.mark.parametrize(("data", "scans"), [(PLAIN, 1), (RESTARTING, 1), (PROGRESSIVE, 10)])
def test_it_counts_what_a_decoder_meets(data, scans):
    assert scan_count(data, 100) == scans
    assert scan_count(data + NOISE, 100) == scans
    assert scan_count(noted(data), 100) == scans
    assert scan_count(noted(data) + NOISE, 100) == scans
    assert scan_count(data, 0) > 0


@pytest.mark.parametrize(("data", "scans"), [(PLAIN, 1), (PROGRESSIVE, 10)])
def test_it_counts_behind_padding_without_end(data, scans):
    padded = data[:-2] + b"\xff" * 300_000
    assert scan_count(padded + data[-2:], 0) == 1
    assert scan_count(padded + b"\xd9" + NOISE, 100) == scans
    # Then what follows the padding is no mark but data: minutes, if each byte of it began a search.
    assert scan_count(padded + b"\0" + data[-2:] + NOISE, 100) == scans


@pytest.mark.parametrize("data", [PLAIN, PROGRESSIVE])
def test_it_hashes_a_picture_with_a_film_behind_it(data):
    assert picture_hash(noted(data) + NOISE) == picture_hash(data)


def scans_of(data):
    """All scans of a progressive picture once more, as often as asked."""
    begin = data.index(b"\xff\xda")
    return data[:begin], data[begin:-2], data[-2:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda head, scans, end: head + scans * 20 + end,
        lambda head, scans, _: head + scans * 20,
        lambda head, scans, end: head + b"garbage" + scans * 20 + end,
        lambda head, scans, end: head[:2] + b"\xff" * 9 + head[2:] + scans * 20 + end,
        lambda head, scans, end: head + b"\xff\xd0" + scans * 20 + end,
        lambda head, scans, end: head + b"\xff\xd8" + scans * 20 + end,
        lambda head, scans, end: head + b"\xff\xfe\0\x08" + end + scans * 20 + end,
        lambda head, scans, end: head + b"\xff\xfe\xff\xff" + scans * 20 + end,
    ],
)
def test_it_lets_no_picture_of_endless_scans_pass(spoil):
    data = spoil(*scans_of(PROGRESSIVE))
    assert scan_count(data, 100) > 100
    with pytest.raises(PictureRefused) as refused:
        picture_hash(data)
    assert refused.value.reason == "too-many-scans"


def test_pillow_agrees_where_a_picture_ends():
    whole, cut = (np.asarray(Image.open(io.BytesIO(data))) for data in (PLAIN + NOISE, PLAIN))
    assert np.array_equal(whole, cut)


def test_it_looks_at_no_more_parts_than_there_is_time_for(monkeypatch):
    crowded = PLAIN[:2] + b"\xff\xe7\0\2" * 200 + PLAIN[2:]
    assert picture_hash(crowded) == picture_hash(PLAIN)
    monkeypatch.setattr("lachan.matching.algorithms.pdq.jpeg._PARTS", 100)
    for data in (crowded, crowded[:-1000]):
        with pytest.raises(PictureRefused) as refused:
            picture_hash(data)
        assert refused.value.reason == "too-slow"
    assert scan_count(crowded + NOISE, 100) > 100
