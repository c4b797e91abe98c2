"""One file: its digests, its picture hash, what is known of them, and the same for whatever is inside it."""

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

from lachan.matching.records import Hit, InvalidHash, PictureRefused
from lachan.matching.scanning import archives
from lachan.matching.scanning.lists import row_read
from lachan.matching.scanning.records import Finding, Item, Known, Limits, Match, Outcome
from lachan.matching.scanning.walking import printable, reason_of

_DIGESTS = ("md5", "sha1", "sha256")
_HEAD = 512
_PIECE = 1 << 20
_TOO_MUCH = "the archive holds more than the limits allow"
_DAMAGED = "the archive is damaged"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*")


class Content(NamedTuple):
    """What was read: hexadecimal digests by name; the bytes, unless they were too many to hold; the head."""

    digests: dict[str, str]
    data: bytes | None
    head: bytes


class Examiner:
    """Examines items for one process.

    Args:
        known: asked about every digest and hash.
        keep_clean: note what is clean, too.
        open_archives: look inside zip and tar files.
        sign: called now and then in between: a sign of life.
    """

    def __init__(
        self,
        known: Known,
        limits: Limits,
        *,
        keep_clean: bool = False,
        open_archives: bool = True,
        sign: Callable[[], None] = lambda: None,
    ) -> None:
        self._sign = sign
        self._known, self._limits = known, limits
        self._keep_clean, self._open_archives = keep_clean, open_archives
        self._digests = [name for name in _DIGESTS if name in known.algorithms or name == "sha256"]

    def examine(self, outcome: Outcome) -> None:
        """Fill the outcome of its item.

        Raises:
            MatchingError: the lists cannot be asked.
        """
        item, name = outcome.item, printable(outcome.item.path)
        if item.task == "rows":
            self._rows(name, item, outcome)
            return
        try:
            stream = _open(item.path)
        except OSError as error:
            self._refuse(name, reason_of(error), outcome)
            return
        with stream:
            if item.task == "members":
                budget = archives.Budget(self._limits)
                inside = archives.members_of("zip", stream, budget, item.first, item.last)
                self._members(name, inside, budget, outcome, 1)
            else:
                self._file(name, stream, outcome)

    def _file(self, name: str, stream: IO[bytes], outcome: Outcome) -> None:
        try:
            content = self._read(stream)
        except OSError as error:
            self._refuse(name, reason_of(error), outcome)
            return
        self._note(name, content, outcome)
        kind = archives.archive_kind(name, content.head) if self._open_archives else ""
        if not kind:
            return
        budget = archives.Budget(self._limits)
        try:
            if kind == "zip":
                outcome.follow = archives.zip_shares(stream, self._limits)
        except archives.TooMuch:
            self._refuse(f"{name}!/", _TOO_MUCH, outcome)
            return
        except archives.DAMAGED:
            self._refuse(f"{name}!/", _DAMAGED, outcome)
            return
        if not outcome.follow:
            stream.seek(0)
            inside = archives.members_of(kind, stream, budget)
            self._members(name, inside, budget, outcome, 1)

    def _members(
        self,
        name: str,
        members: Iterator[archives.Member],
        budget: archives.Budget,
        outcome: Outcome,
        depth: int,
    ) -> None:
        """What is in an archive; where reading breaks off, that is a finding of its own."""
        while True:
            self._sign()
            try:
                member = next(members)
            except StopIteration:
                return
            except archives.TooMuch:
                self._refuse(f"{name}!/", _TOO_MUCH, outcome)
                return
            except archives.DAMAGED:
                self._refuse(f"{name}!/", _DAMAGED, outcome)
                return
            self._member(f"{name}!/{printable(member.name)}", member, budget, outcome, depth)

    def _member(
        self,
        name: str,
        member: archives.Member,
        budget: archives.Budget,
        outcome: Outcome,
        depth: int,
    ) -> None:
        if member.stream is None:
            self._refuse(name, member.reason, outcome)
            return
        try:
            content = self._read(member.stream)
        except RuntimeError:
            self._refuse(name, "locked by a password", outcome)
            return
        except archives.TooMuch:
            self._refuse(name, _TOO_MUCH, outcome)
            return
        except archives.DAMAGED:
            self._refuse(name, "damaged in the archive", outcome)
            return
        kind = archives.archive_kind(name, content.head)
        reason = ""
        if kind and depth >= self._limits.depth:
            reason = "an archive too deep within others"
        elif kind and content.data is None:
            reason = "an archive within another, too large to open"
        self._note(name, content, outcome, reason)
        if kind and not reason and content.data is not None:
            inside = archives.members_of(kind, io.BytesIO(content.data), budget)
            self._members(name, inside, budget, outcome, depth + 1)

    def _read(self, stream: IO[bytes]) -> Content:
        made = {name: hashlib.new(name, usedforsecurity=False) for name in self._digests}
        data = stream.read(self._limits.memory + 1)
        whole = len(data) <= self._limits.memory
        head, piece = data[:_HEAD], data
        while piece:
            for digest in made.values():
                digest.update(piece)
            piece = b"" if whole else stream.read(_PIECE)
        return Content(
            {name: digest.hexdigest() for name, digest in made.items()},
            data if whole else None,
            head,
        )

    def _note(self, name: str, content: Content, outcome: Outcome, reason: str = "") -> None:
        matches = [
            match
            for algorithm, digest in content.digests.items()
            if algorithm in self._known.algorithms
            for match in self._ask(algorithm, digest)
        ]
        if "pdq" in self._known.algorithms and is_picture(content.head):
            try:
                matches += self._picture(content, outcome)
            except PictureRefused as error:
                reason = reason or f"{error.reason}: {error}"
        outcome.counts.bytes += 0 if content.data is None else len(content.data)
        finding = Finding(name, content.digests["sha256"], reason, tuple(matches))
        outcome.add(finding, keep_clean=self._keep_clean)

    def _picture(self, content: Content, outcome: Outcome) -> list[Match]:
        """What a picture is known as: as stored and, where a camera noted that it lies on its side, upright.

        Raises:
            PictureRefused: it cannot be decoded, or costs more than the limits allow.
        """
        from lachan.matching.algorithms.pdq.picture import Limits as PictureLimits
        from lachan.matching.algorithms.pdq.picture import picture_hash

        if content.data is None:
            raise PictureRefused("too-large", "the picture is too large to look at")
        limits = PictureLimits(size=self._limits.memory)
        found = picture_hash(content.data, limits=limits)
        if not found.stored.reliable:
            outcome.counts.flat += 1
            return []
        texts = dict.fromkeys((found.stored.text, found.upright.text))
        return [match for text in texts for match in self._ask("pdq", text)]

    def _rows(self, name: str, item: Item, outcome: Outcome) -> None:
        """Rows of a list, asked together: many at once cost a fraction of one by one."""
        asked: dict[str, list[tuple[int, str]]] = {}
        refused: dict[int, str] = {}
        for at, row in enumerate(item.rows):
            try:
                for algorithm, text in row_read(row) if row.text else ():
                    asked.setdefault(algorithm, []).append((at, text))
            except InvalidHash as error:
                refused[at] = str(error)
        matches: dict[int, list[Match]] = {}
        for algorithm, values in asked.items():
            if algorithm in self._known.algorithms:
                answers = self._known.find_many(algorithm, [text for _, text in values])
                for (at, _), hits in zip(values, answers, strict=True):
                    matches.setdefault(at, []).extend(map(match_of, hits or ()))
        for at, row in enumerate(item.rows):
            if row.text:
                found = tuple(matches.get(at, ()))
                finding = Finding(f"{name}:{row.line}", "", refused.get(at, ""), found)
                outcome.add(finding, keep_clean=self._keep_clean)
            else:
                outcome.counts.skipped += 1

    def _ask(self, algorithm: str, text: str) -> list[Match]:
        if algorithm not in self._known.algorithms:
            return []
        return [match_of(hit) for hit in self._known.find(algorithm, text)]

    def _refuse(self, name: str, reason: str, outcome: Outcome) -> None:
        outcome.add(Finding(name, reason=reason))


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


def is_picture(head: bytes) -> bool:
    """Whether the first bytes are a picture's; what then cannot be decoded is damaged, not another file."""
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        return head[8:12] in (b"avif", b"avis")
    if head[:2] == b"BM":  # two letters are little: the reserved zeros stand for the rest
        return head[6:10] == bytes(4)
    return head.startswith(_PICTURES)


def _open(path: str) -> IO[bytes]:
    """A regular file, whatever the name has come to mean since it was listed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(None, "no longer a file")
    return os.fdopen(descriptor, "rb")
