"""What a list is made of: the digests of every file and the PDQ of pictures, in the order of a walk.

The processes of a scan do it (`workers`), so a picture that crashes its decoder, or never ends, costs itself
alone. Nothing of the content is kept.
"""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lachan.matching.records import PictureRefused
from lachan.matching.scanning.content import Content, content_read, file_open, is_picture
from lachan.matching.scanning.records import Finding, Item, Limits, Outcome
from lachan.matching.scanning.walking import printable, reason_of, walk
from lachan.matching.scanning.workers import Workers

_DIGESTS = ("sha256", "sha1", "md5")
LIMITS = Limits()


class Hashed(Finding, frozen=True, omit_defaults=True):
    """What was made of one file: a `Finding` without matches; its `reason` says why something is missing.

    Attributes:
        pdq: of the picture as stored; empty where it is none, or too flat for its PDQ to mean anything.
        quality: 0 to 100, how much there is to see; None where nothing was looked at.
        sha1, md5: hexadecimal.
        ground: PDQ of a transparent picture on another ground, where it looks otherwise there.
    """

    pdq: str = ""
    quality: int | None = None
    sha1: str = ""
    md5: str = ""
    ground: str = ""


Same = tuple[int, int]
"""Device and number: a file, whatever it is called."""


def same_as(found: os.stat_result) -> Same:
    return found.st_dev, found.st_ino


def files_hash(
    paths: Iterable[Path],
    *,
    own: frozenset[Same] = frozenset(),
    jobs: int = 0,
    limits: Limits = LIMITS,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[Outcome]:
    """Hash each regular file named or below `paths`, once, on all cores; an archive is one file.

    Args:
        paths: files and folders; links are followed only where named.
        own: files to pass over: the list that is being written may stand in a folder that is read.
        jobs: processes; 0: one a core.
        limits: what one file may cost.
        progress: called with the weight (see `Item.weight`) of what is done.

    Yields:
        Of each file an outcome with one `Hashed`; of what cannot even be looked at, with a `Finding`; of a
        link, a pipe or a socket, with nothing but its count. In order of the walk, whoever is done first.
    """
    return _Hashing(paths, own, progress).outcomes(Workers(HashOrder(limits), jobs))


class HashOrder:
    """See `records.Orders`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def examiner(self, sign: Callable[[], None]) -> "Hasher":
        return Hasher(self.limits, sign)


class Hasher:
    """Hashes files for one process; asks nobody."""

    state = "no lists"

    def __init__(self, limits: Limits, sign: Callable[[], None] = lambda: None) -> None:
        self._limits, self._sign = limits, sign

    def examine(self, outcome: Outcome) -> None:
        """Fill the outcome of a file."""
        path = outcome.item.path
        try:
            with file_open(path) as stream:
                content = content_read(stream, _DIGESTS, self._limits.memory, self._sign)
        except OSError as error:
            outcome.add(Hashed(printable(path), reason=reason_of(error)))
            return
        if not content.size:
            outcome.add(
                Hashed(printable(path), reason="it is empty, and would stand for every empty file")
            )
            return
        pdq, quality, ground, reason = "", None, "", ""
        try:
            pdq, quality, ground = self._picture(content)
        except PictureRefused as error:
            reason = str(error)
        outcome.counts.bytes += content.size
        outcome.counts.flat += quality is not None and not pdq
        sha256, sha1, md5 = (content.digests[name] for name in _DIGESTS)
        hashed = Hashed(printable(path), sha256, reason, (), pdq, quality, sha1, md5, ground)
        outcome.add(hashed, keep_clean=True)

    def _picture(self, content: Content) -> tuple[str, int | None, str]:
        """(PDQ, quality, PDQ on another ground) of a picture that is worth comparing; of a flat one, no PDQ."""
        from lachan.matching.algorithms.pdq.picture import picture_hash
        from lachan.matching.algorithms.pdq.pillow import Limits as PictureLimits

        if not is_picture(content.head):
            return "", None, ""
        if content.data is None:
            raise PictureRefused("too-large", "the picture is too large to look at")
        found = picture_hash(content.data, limits=PictureLimits(size=self._limits.memory))
        stored, ground = found.stored, found.ground
        return stored.text if stored.reliable else "", stored.quality, ground.text if ground else ""


class _Hashing:
    def __init__(
        self, paths: Iterable[Path], own: frozenset[Same], progress: Callable[[int], object]
    ) -> None:
        self._paths, self._own, self._progress = paths, own, progress
        self._turns = deque[str]()
        self._done: dict[str, Outcome] = {}
        self._names: set[str] = set()

    def outcomes(self, workers: Workers) -> Iterator[Outcome]:
        with workers:
            for outcome in workers.outcomes(self._todo()):
                self._done[outcome.item.path] = outcome
                self._progress(outcome.item.weight)
                yield from self._in_turn()
        yield from self._in_turn()

    def _in_turn(self) -> Iterator[Outcome]:
        while self._turns and self._turns[0] in self._done:
            yield self._done.pop(self._turns.popleft())

    def _todo(self) -> Iterator[Item]:
        for work in walk(self._paths):
            item = work.item if isinstance(work, Outcome) else work
            if item.path in self._names or self._is_own(item.path):
                continue
            self._names.add(item.path)
            self._turns.append(item.path)
            if isinstance(work, Outcome):
                self._done[item.path] = work
            else:
                yield item

    def _is_own(self, path: str) -> bool:
        with contextlib.suppress(OSError):
            return same_as(Path(path).stat()) in self._own
        return False
