"""One file: what is known of it, and of whatever is inside it."""

import io
from collections.abc import Callable, Iterator
from typing import IO

from lachan.matching.records import ExtraMissing, PictureRefused
from lachan.matching.scanning import archives
from lachan.matching.scanning.content import Content, content_read, file_open
from lachan.matching.scanning.looking import Looker
from lachan.matching.scanning.records import Finding, Item, Known, Limits, Outcome
from lachan.matching.scanning.walking import printable, reason_of

_TOO_MUCH = "the archive holds more than the limits allow"
_DAMAGED = "the archive is damaged"


class Examiner:
    """Examines items for one process.

    Args:
        known: asked about every digest and hash.
        keep_clean: note what is clean, too.
        open_archives: look inside zip, tar and packed files.
        turned: ask for pictures also as they were before somebody turned or mirrored them.
        sign: called now and then in between: a sign of life.

    Attributes:
        state: of the lists that are asked.
    """

    def __init__(
        self,
        known: Known,
        limits: Limits,
        *,
        keep_clean: bool = False,
        open_archives: bool = True,
        turned: bool = False,
        sign: Callable[[], None] = lambda: None,
    ) -> None:
        self.state = known.state
        self._limits, self._sign = limits, sign
        self._looker = Looker(known, limits, sign, turned=turned)
        self._keep_clean, self._open_archives = keep_clean, open_archives

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
            stream = file_open(item.path)
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
            content = self._read(stream, again=stream)
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
            inside = archives.members_of(kind, stream, budget, name=name)
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
            inside = archives.members_of(kind, io.BytesIO(content.data), budget, name=name)
            self._members(name, inside, budget, outcome, depth + 1)

    def _note(self, name: str, content: Content, outcome: Outcome, reason: str = "") -> None:
        matches = self._looker.by_digest(content)
        try:
            sight = self._looker.by_sight(content)
        except (PictureRefused, ExtraMissing) as error:
            reason = reason or str(error)
        else:
            matches += sight.matches
            reason = reason or sight.reason
            outcome.counts.flat += sight.flat
        outcome.counts.bytes += content.size
        finding = Finding(name, content.digests["sha256"], reason, tuple(matches))
        outcome.add(finding, keep_clean=self._keep_clean)

    def _read(self, stream: IO[bytes], again: IO[bytes] | None = None) -> Content:
        return content_read(stream, self._looker.digests, self._limits.memory, self._sign, again)

    def _rows(self, name: str, item: Item, outcome: Outcome) -> None:
        answers = self._looker.by_rows(item.rows)
        for row, answer in zip(item.rows, answers, strict=True):
            if not row.text:
                outcome.counts.skipped += 1
                continue
            place = f"{name}:{row.line}"
            if isinstance(answer, str):
                self._refuse(place, answer, outcome)
            else:
                outcome.add(Finding(place, matches=tuple(answer)), keep_clean=self._keep_clean)

    def _refuse(self, name: str, reason: str, outcome: Outcome) -> None:
        outcome.add(Finding(name, reason=reason))
