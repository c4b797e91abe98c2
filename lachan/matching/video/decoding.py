"""A video file to frames, through PyAV (FFmpeg in a wheel), which is an extra: lachan[video].

**Threat:** FFmpeg reads hundreds of formats, and playlists among them that name other files and addresses
to fetch. The demuxer is therefore named here, by the file's first bytes, out of the few that people use,
and is handed the bytes instead of a name: nothing else is ever opened. Frames, their size and the time are
limited. It decodes in the caller's thread alone; scans use processes, and outlive one that crashes.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from lachan.matching.records import ExtraMissing, PictureRefused
from lachan.matching.video.frames import Frame

_MARKS = (
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (8, b"AVI ", "avi"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"FLV\x01", "flv"),
    (0, b"OggS", "ogg"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "asf"),
)
_NO_VIDEOS = (
    *(b"avif", b"avis", b"mif1", b"msf1", b"crx ", b"M4A ", b"M4B "),
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
)


class Limits(msgspec.Struct, frozen=True):
    """What a video may cost.

    Attributes:
        every: seconds between two frames that are looked at.
        frames: looked at; the rest of a longer video is left out, and said so by `VideoFrames.whole`.
        pixels: of one frame, width × height (an 8K frame has 33 million).
        seconds: of work.
    """

    every: float = 1.0
    frames: int = 3_600
    pixels: int = 40_000_000
    seconds: float = 600.0


class VideoFrames(msgspec.Struct, frozen=True):
    """What was looked at; `whole` is false where a limit ended it before the video did."""

    frames: list[Frame]
    whole: bool


def video_kind(head: bytes) -> str:
    """The demuxer for a file that begins with `head` (512 bytes); empty where it is no video."""
    if head[4:8] == b"ftyp":
        return "" if head[8:12] in _NO_VIDEOS else "mov"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "mpegts"
    return next((kind for at, mark, kind in _MARKS if head[at : at + len(mark)] == mark), "")


def video_read(
    source: Path | IO[bytes],
    *,
    limits: Limits | None = None,
    sign: Callable[[], None] = lambda: None,
) -> VideoFrames:
    """Hash a frame every `limits.every` seconds; `sign` is called at each, a sign of life.

    Raises:
        PictureRefused: it is no video, is damaged, or its frames are too large; `reason` is one of
            `not-a-video`, `damaged`, `too-many-pixels`.
        ExtraMissing: PyAV is not installed.
        OSError: the file cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return video_read(file, limits=limits, sign=sign)
    limits = limits or Limits()
    kind = video_kind(source.read(512))
    source.seek(0)
    if not kind:
        raise PictureRefused("not-a-video", "not a video of a known form")
    av = _library()
    frames: list[Frame] = []
    end = time.monotonic() + limits.seconds
    try:
        for frame in _sampled(av, source, kind, limits):
            if len(frames) == limits.frames or time.monotonic() > end:
                return VideoFrames(frames, whole=False)
            frames.append(frame)
            sign()
    except av.FFmpegError:
        # What came before the damage is still that video: half of it can be enough to know it.
        if not frames:
            raise PictureRefused("damaged", "the video is damaged and cannot be decoded") from None
        return VideoFrames(frames, whole=False)
    return VideoFrames(frames, whole=True)


def _sampled(av: Any, source: IO[bytes], kind: str, limits: Limits) -> Iterator[Frame]:
    with av.open(source, mode="r", format=kind, metadata_errors="ignore") as container:
        if not container.streams.video:
            raise PictureRefused("not-a-video", "there is no picture in it, only sound")
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        due = 0.0
        from lachan.matching.algorithms.pdq.hashing import pdq_hash

        for number, picture in enumerate(container.decode(stream)):
            if picture.width * picture.height > limits.pixels:
                raise PictureRefused("too-many-pixels", "the video's frames are too large")
            second = picture.time if picture.time is not None else due
            if second + 1e-6 < due:
                continue
            due = (second // limits.every + 1) * limits.every
            found = pdq_hash(picture.to_ndarray(format="rgb24"))
            yield Frame(number, round(second, 3), found.key, found.quality)


def _library() -> Any:
    try:
        import av
    except ImportError:
        raise ExtraMissing("videos need PyAV: pip install av") from None
    av.logging.set_level(None)
    return av
