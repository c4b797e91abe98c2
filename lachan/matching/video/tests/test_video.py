import io
import sys

import numpy as np
import pytest

from lachan.matching.algorithms.algorithm import algorithms
from lachan.matching.records import ExtraMissing, InvalidHash, PictureRefused
from lachan.matching.video.comparing import VideoMatch, Videos, videos_compare
from lachan.matching.video.decoding import Limits, video_kind, video_read
from lachan.matching.video.frames import (
    Frame,
    frames_keys,
    frames_parse,
    frames_sound,
    frames_text,
)
from lachan.matching.video.tests.clips import clip, pictures


def frames(number, seed, quality=100):
    random = np.random.default_rng(seed)
    return [Frame(at, float(at), random.bytes(32), quality) for at in range(number)]


def near(frame, bits):
    key = int.from_bytes(frame.key, "big") ^ ((1 << bits) - 1)
    return Frame(frame.number, frame.second, key.to_bytes(32, "big"), frame.quality)


def test_it_reads_the_text_that_it_writes():
    some = frames(5, 1)
    assert frames_parse(frames_text(some)) == some
    assert frames_text(some).splitlines()[1] == f"1,100,{some[1].key.hex()},1.000"
    for line in ("", "1,2,3", f"x,100,{'0' * 64},0", f"1,101,{'0' * 64},0", f"1,100,{'0' * 62},0"):
        with pytest.raises(InvalidHash, match="line 2"):
            frames_parse(f"{frames_text(some[:1])}{line or 'text'}\n")


def test_it_counts_each_sound_picture_once():
    some = frames(3, 1)
    flat = Frame(9, 9.0, b"\xff" * 32, 10)
    assert frames_sound([some[0], flat, *some, some[2]]) == some
    assert frames_sound([flat], least=10) == [flat]


def test_it_says_how_much_is_the_same_both_ways():
    whole, other = frames(10, 1), frames(7, 2)
    same = videos_compare(whole, whole)
    assert (same.asked, same.listed) == (1, 1)
    part = videos_compare(whole[2:6], whole)
    assert (part.asked, part.listed) == (1, 0.4)
    assert part.seconds == tuple((float(at), float(at)) for at in range(2, 6))
    around = videos_compare([*other, *whole[:5]], whole)
    assert (around.asked, around.listed) == (5 / 12, 0.5)
    assert videos_compare(whole, other) == VideoMatch(0, 0)
    for empty in ([], frames(4, 3, quality=49)):
        assert videos_compare(empty, whole) == videos_compare(whole, empty) == VideoMatch(0, 0)


def test_it_keeps_to_the_radius():
    whole = frames(4, 1)
    assert videos_compare([near(frame, 31) for frame in whole], whole).asked == 1
    assert videos_compare([near(frame, 32) for frame in whole], whole).asked == 0
    assert videos_compare([near(frame, 32) for frame in whole], whole, radius=32).asked == 1


def test_it_holds_where_both_shares_are_reached():
    assert VideoMatch(0.8, 0.01).holds()
    assert not VideoMatch(0.79, 1).holds()
    assert not VideoMatch(0, 0).holds(asked=0)
    assert not VideoMatch(1, 0.4).holds(listed=0.5)


class BruteForce:
    """An index of PDQ keys as slow as it can be."""

    def __init__(self, keys):
        self.keys, self.count = keys, len(keys)

    def find_many(self, keys, radius):
        distances = np.bitwise_count(keys[:, None] ^ self.keys[None]).sum(axis=2, dtype=np.int64)
        places, rows = np.nonzero(distances <= radius)
        return places, rows, distances[places, rows]


def indexes(keys, path):
    yield BruteForce(keys)
    algorithms()["pdq"].index_build(keys, path)
    yield algorithms()["pdq"].index_open(path)


def test_it_finds_videos_as_it_would_one_by_one(tmp_path):
    listed = [frames(number, number) for number in range(3, 30, 3)]
    listed.append([near(frame, 12) for frame in listed[4][::2]])
    keys = np.concatenate([frames_keys(video) for video in listed])
    owners = np.repeat(np.arange(len(listed)), [len(video) for video in listed])
    asked = [*listed[4][3:9], *frames(5, 99), near(listed[2][0], 30), near(listed[0][0], 40)]
    for index in indexes(keys, tmp_path / "index"):
        found = Videos(index, owners).find(asked)
        assert set(found) == {2, 4, 9}
        for number, match in found.items():
            alone = videos_compare(asked, listed[number])
            assert (match.asked, match.listed) == (alone.asked, alone.listed)
        assert Videos(index, owners).find([]) == {}
        with pytest.raises(ValueError, match="owner"):
            Videos(index, owners[1:])


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x20ftypisom", "mov"),
        (b"\0\0\0\x20ftypavif", ""),
        (b"\0\0\0\x20ftypheic", ""),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WEBP", ""),
        ((b"G" + bytes(187)) * 3, "mpegts"),
        (b"#EXTM3U\nhttp://192.0.2.1/secret", ""),
        (b"ffconcat version 1.0\nfile /etc/hostname", ""),
        (b"", ""),
    ],
)
def test_it_knows_videos_by_their_first_bytes(head, kind):
    assert video_kind(head) == kind


def test_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ExtraMissing, match=r"pip install av"):
        video_read(io.BytesIO(b"\x1aE\xdf\xa3" + bytes(100)))
    with pytest.raises(PictureRefused):
        video_read(io.BytesIO(b"#EXTM3U"))


class TestFiles:
    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("av")

    @pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mpeg4"), ("a.mkv", "mpeg4"), ("a.avi", "mpeg4")])  # fmt: skip
    def test_it_looks_at_a_frame_a_second(self, tmp_path, name, codec):
        path = clip(tmp_path / name, pictures(22), codec=codec)
        found = video_read(path)
        assert [frame.second for frame in found.frames] == [0, 1, 2, 3, 4]
        assert [frame.number for frame in found.frames] == [0, 5, 10, 15, 20]
        assert found.whole
        assert all(frame.quality > 50 for frame in found.frames)
        assert len(video_read(path, limits=Limits(every=0.2)).frames) == 22

    def test_it_knows_a_clip_of_another_size_and_packing(self, tmp_path):
        whole = video_read(clip(tmp_path / "a.mp4", pictures(40)), limits=Limits(every=0.2))
        part = list(pictures(40, width=320, height=240))[10:30]
        asked = video_read(clip(tmp_path / "b.mkv", part), limits=Limits(every=0.2))
        match = videos_compare(asked.frames, whole.frames)
        assert match.asked > 0.9
        assert 0.4 < match.listed < 0.9
        other = video_read(clip(tmp_path / "c.mp4", pictures(20, seed=5)))
        assert not videos_compare(other.frames, whole.frames).asked

    def test_it_stops_at_limits(self, tmp_path):
        path = clip(tmp_path / "a.mp4", pictures(22))
        found = video_read(path, limits=Limits(frames=3))
        assert (len(found.frames), found.whole) == (3, False)
        with pytest.raises(PictureRefused) as refused:
            video_read(path, limits=Limits(pixels=1000))
        assert refused.value.reason == "too-many-pixels"
        assert not video_read(path, limits=Limits(seconds=-1)).whole

    def test_it_keeps_what_it_read_before_the_damage(self, tmp_path):
        data = clip(tmp_path / "a.mkv", pictures(60)).read_bytes()
        cut = video_read(io.BytesIO(data[: len(data) // 2]))
        assert 3 < len(cut.frames) < 12
        with pytest.raises(PictureRefused):
            video_read(io.BytesIO(data[:300]))
        with pytest.raises(PictureRefused):
            video_read(io.BytesIO(data[:4] + bytes(4000)))
