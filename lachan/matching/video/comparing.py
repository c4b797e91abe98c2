"""Is this video, or a part of it, that one? As vPDQ answers it: by the share of frames that match, both ways.

Of the frames that are left after `frames_sound`, one matches where any frame of the other video is within
the radius; when it is shown plays no part, so that cuts, clips and other speeds are found. Two shares come
out: of the asked video's frames (1 where it is a clip of the listed one) and of the listed video's (1 where
it contains the listed one whole). vPDQ's own threshold asks for four fifths of the first and nothing of the
second.

Source: facebook/ThreatExchange, vpdq/README.md, "Matching".
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.matching.algorithms.algorithm import Index
from lachan.matching.video.frames import LEAST_QUALITY, Frame, frames_keys, frames_sound

RADIUS = 31
_ROWS = 4096

Numbers = npt.NDArray[np.int64]


class VideoMatch(msgspec.Struct, frozen=True):
    """How much of two videos is the same.

    Attributes:
        asked: share of the asked video's frames that stand in the listed one, 0 to 1.
        listed: share of the listed video's frames that stand in the asked one.
        seconds: (in the asked, in the listed) of each asked frame that matches, with its nearest.
    """

    asked: float
    listed: float
    seconds: tuple[tuple[float, float], ...] = ()

    def holds(self, *, asked: float = 0.8, listed: float = 0.0) -> bool:
        """Whether anything matches and both shares reach what is asked for."""
        return self.asked > 0 and self.asked >= asked and self.listed >= listed


def videos_compare(
    asked: Sequence[Frame],
    listed: Sequence[Frame],
    *,
    radius: int = RADIUS,
    quality: int = LEAST_QUALITY,
) -> VideoMatch:
    """Compare two videos, frame by frame; of videos without a sound frame nothing is known: (0, 0)."""
    ours, theirs = frames_sound(asked, quality), frames_sound(listed, quality)
    if not ours or not theirs:
        return VideoMatch(0.0, 0.0)
    one, other = frames_keys(ours).view("<u8"), frames_keys(theirs).view("<u8")
    found = []
    met = np.zeros(len(theirs), bool)
    for begin in range(0, len(ours), _ROWS):
        part = one[begin : begin + _ROWS, None, :] ^ other[None, :, :]
        distances = np.bitwise_count(part).sum(axis=2, dtype=np.int64)
        near = distances <= radius
        met |= near.any(axis=0)
        nearest = distances.argmin(axis=1)
        found += [
            (ours[begin + at].second, theirs[nearest[at]].second)
            for at in np.flatnonzero(near.any(axis=1))
        ]
    return VideoMatch(len(found) / len(ours), float(met.mean()), tuple(found))


class Videos:
    """Many listed videos, found through one index of all their frames.

    Args:
        index: of PDQ keys: the sound frames of all videos, one after another.
        owners: int64[index.count], the number of each frame's video.
    """

    def __init__(self, index: Index, owners: Numbers) -> None:
        if index.count != len(owners):
            raise ValueError("each frame has one owner")
        self._index, self._owners = index, owners
        self._sizes = np.bincount(owners)

    def find(
        self, asked: Sequence[Frame], *, radius: int = RADIUS, quality: int = LEAST_QUALITY
    ) -> dict[int, VideoMatch]:
        """Every listed video that shares a frame with the asked one, by number; without `seconds`."""
        ours = frames_sound(asked, quality)
        if not ours:
            return {}
        places, rows, _ = self._index.find_many(frames_keys(ours), radius)
        owners = self._owners[rows]
        ask = np.unique(np.stack([owners, places]), axis=1)[0]
        met = np.unique(np.stack([owners, rows]), axis=1)[0]
        return {
            int(owner): VideoMatch(
                np.count_nonzero(ask == owner) / len(ours),
                np.count_nonzero(met == owner) / int(self._sizes[owner]),
            )
            for owner in np.unique(owners)
        }
