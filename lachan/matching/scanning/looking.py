"""What is known of something that was read: by its digests, and as a picture, a video or rows of a list."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from lachan.matching.records import Hit, InvalidHash, PictureRefused
from lachan.matching.scanning.content import Content, is_picture
from lachan.matching.scanning.lists import row_read
from lachan.matching.scanning.records import Known, Limits, Match, Row
from lachan.matching.video.decoding import Limits as VideoLimits
from lachan.matching.video.decoding import video_kind, video_read
from lachan.matching.video.frames import frames_sound

_DIGESTS = ("md5", "sha1", "sha256")
_IN_PART = "not all of the video was looked at: it is damaged, or longer than the limits allow"


class Sight(NamedTuple):
    """What something is known as by how it looks; `flat`: a picture too flat to tell; `reason`: why not all of
    it was looked at.
    """

    matches: list[Match]
    flat: bool = False
    reason: str = ""


class Looker:
    """Asks what is known.

    Args:
        known: asked about every digest and hash.
        limits: what a picture or video may cost.
        sign: called now and then in a video: a sign of life.
        turned: ask for pictures also as they were before somebody turned or mirrored them.

    Attributes:
        digests: those worth making: what the lists hold, and SHA-256, which names a file in the report.
    """

    def __init__(
        self, known: Known, limits: Limits, sign: Callable[[], None], *, turned: bool = False
    ) -> None:
        self._known, self._limits, self._sign, self._turned = known, limits, sign, turned
        self.digests = [name for name in _DIGESTS if name in known.algorithms or name == "sha256"]

    def by_digest(self, content: Content) -> list[Match]:
        return [
            match for name, digest in content.digests.items() for match in self._ask(name, digest)
        ]

    def by_sight(self, content: Content) -> Sight:
        """What it is known as as a picture or video; nothing where it is neither.

        Raises:
            PictureRefused: it is one, but cannot be decoded or costs more than the limits allow.
            ExtraMissing: it is a video, and PyAV is not installed.
        """
        if "pdq" not in self._known.algorithms:
            return Sight([])
        if is_picture(content.head):
            return self._picture(content)
        return self._video(content) if video_kind(content.head) else Sight([])

    def by_rows(self, rows: Sequence[Row]) -> list[list[Match] | str]:
        """What each row is known as, or why it cannot be read: asked together, at a fraction of the cost."""
        answers: list[list[Match] | str] = [[] for _ in rows]
        asked: dict[str, list[tuple[int, str]]] = {}
        for at, row in enumerate(rows):
            try:
                for algorithm, text in row_read(row) if row.text else ():
                    asked.setdefault(algorithm, []).append((at, text))
            except InvalidHash as error:
                answers[at] = str(error)
        for algorithm in self._known.algorithms & asked.keys():
            values = asked[algorithm]
            found = self._known.find_many(algorithm, [text for _, text in values])
            for (at, _), hits in zip(values, found, strict=True):
                answer = answers[at]
                if isinstance(answer, list):
                    answer += map(match_of, hits or ())
        return [answer if isinstance(answer, str) else _distinct(answer) for answer in answers]

    def _picture(self, content: Content) -> Sight:
        from lachan.matching.algorithms.pdq.picture import PicturePartial, picture_hash
        from lachan.matching.algorithms.pdq.pillow import Limits as PictureLimits

        if content.data is None:
            raise PictureRefused("too-large", "the picture is too large to look at")
        limits = PictureLimits(size=self._limits.memory)
        reason = ""
        try:
            found = picture_hash(content.data, limits=limits, turned=self._turned)
        except PicturePartial as error:
            # What is left of it may still be near enough to what is listed.
            found, reason = error.found, str(error)
        # As stored; where a camera noted that it lies on its side, as people see it; on another ground; and as
        # others list it.
        each = (found.stored, found.upright, found.ground, found.colours)
        texts = {one.text: "" for one in each if one is not None and one.reliable}
        if not texts:
            return Sight([], reason=reason, flat=not reason)
        for done, before in found.before.items() if found.upright.reliable else ():
            texts.setdefault(before.text, done.text)
        return Sight(
            _once(
                msgspec.structs.replace(match, turned=turned)
                for text, turned in texts.items()
                for match in self._ask("pdq", text)
            ),
            reason=reason,
        )

    def _video(self, content: Content) -> Sight:
        """Of each indicator the nearest frame, and the share of frames that it is found in."""
        if content.again is None:
            raise PictureRefused("too-large", "the video is too large to look at in an archive")
        content.again.seek(0)
        limits = VideoLimits(frames=self._limits.frames)
        video = video_read(content.again, limits=limits, sign=self._sign)
        frames = frames_sound(video.frames)
        found: dict[str, list[Match]] = {}
        for frame in frames:
            for match in _once(self._ask("pdq", frame.key.hex())):
                at = msgspec.structs.replace(match, second=frame.second)
                found.setdefault(match.indicator, []).append(at)
        matches = [
            msgspec.structs.replace(
                min(mine, key=lambda match: match.distance), share=round(len(mine) / len(frames), 3)
            )
            for mine in found.values()
        ]
        return Sight(matches, reason="" if video.whole else _IN_PART)

    def _ask(self, algorithm: str, text: str) -> list[Match]:
        if algorithm not in self._known.algorithms:
            return []
        return [match_of(hit) for hit in self._known.find(algorithm, text)]


def _distinct(matches: list[Match]) -> list[Match]:
    """A domain answers for an e-mail address by itself, and by the collection's own cover."""
    return list({(one.algorithm, one.value, one.indicator): one for one in matches}.values())


def _once(matches: Iterable[Match]) -> list[Match]:
    """Of each indicator the nearest, among equals the first."""
    nearest: dict[str, Match] = {}
    for match in matches:
        before = nearest.get(match.indicator)
        if before is None or match.distance < before.distance:
            nearest[match.indicator] = match
    return list(nearest.values())


def match_of(hit: Hit) -> Match:
    facts = hit.facts
    return Match(
        algorithm=hit.algorithm,
        asked=hit.asked,
        value=hit.value,
        distance=hit.distance,
        sequence=facts.sequence,
        indicator=str(facts.indicator),
        categories=facts.categories,
        confidence=facts.confidence,
        source=facts.source,
    )
