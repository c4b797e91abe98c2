"""What a scan takes, finds and counts.

MatchingError
├ ScanConflict     (Conflict)      the journal beside the report is of another scan, or one that runs
└ ScanUnreadable   (InvalidInput)  a list of hashes that cannot be read at all
"""

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from lachan.kernel.errors import Conflict, InvalidInput
from lachan.matching.records import Hit, MatchingError


class ScanConflict(MatchingError, Conflict):
    code = "scan-conflict"


class ScanUnreadable(MatchingError, InvalidInput):
    code = "scan-unreadable"


class Known(Protocol):
    """What is known: a collection, as a scan asks it. Opened anew in every process."""

    @property
    def algorithms(self) -> frozenset[str]:
        """Those that hold anything; nothing else is computed."""

    @property
    def state(self) -> str:
        """Which state of the lists answers; for the report."""

    def find(self, algorithm: str, text: str) -> list[Hit]:
        """Raises: InvalidHash, where the text is no value of the algorithm."""

    def find_many(self, algorithm: str, texts: list[str]) -> list[list[Hit] | None]:
        """None for a text that is no value of the algorithm."""


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost; what is beyond is set aside with its reason.

    Attributes:
        memory: bytes of one file or member held at once; of larger ones only digests are made.
        depth: archives within archives.
        members: files in one archive, those of archives within counted too.
        unpacked: bytes that come out of one archive, all depths together.
        seconds: without a sign of life, after which a process is replaced and its file set aside.
        frames: pictures looked at in one video.
    """

    memory: int = 64 * 1024 * 1024
    depth: int = 3
    members: int = 1_000_000
    unpacked: int = 64 * 1024**3
    seconds: float = 120.0
    frames: int = 3_600


class Row(msgspec.Struct, frozen=True):
    """One value of a list, the line that it stands on, and its kind where the list says it.

    Attributes:
        refused: why it is not to be taken, whatever it is.
    """

    line: int
    text: str
    kind: str = ""
    refused: str = ""


class Item(msgspec.Struct, frozen=True):
    """A piece of work for one process: a file, some members of a zip file, or some rows of a list.

    Attributes:
        path: as given to the operating system.
        size, changed: of the file, in bytes and nanoseconds: what they were tells an altered file.
        first, last: members of a zip file, or rows, from `first` up to before `last`.
        rows: where the file is a list of hashes.
    """

    path: str
    size: int
    changed: int
    task: Literal["file", "members", "rows"] = "file"
    first: int = 0
    last: int = 0
    rows: tuple[Row, ...] = ()

    @property
    def weight(self) -> int:
        """Its share of the progress; opening a small file costs as much as reading 64 KiB.

        What is done in shares counts with the first.
        """
        whole = self.task == "file" or (self.task == "rows" and self.first == 0)
        return self.size + 65_536 if whole else 0


class Match(msgspec.Struct, frozen=True):
    """One hit: which value of the file equals, or is near, which listed one, and what the list says.

    In a video, `second` is where its nearest frame is shown, and `share` how much of the video's frames,
    0 to 1, the same indicator is found in. `turned` says what had been done to the listed picture to make it
    this one, as people see it (`Transform.text`); empty where nothing, and where nobody asked for that.
    """

    algorithm: str
    asked: str
    value: str
    distance: int
    sequence: int
    indicator: str
    categories: tuple[str, ...] = ()
    confidence: int = 100
    source: str = ""
    second: float | None = None
    share: float | None = None
    turned: str = ""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scan says of one thing. Of the content nothing is kept but its digest.

    Attributes:
        path: `folder/archive.zip!/picture.jpg`, or `list.csv:12`; letters that are no text are escaped.
        sha256: hexadecimal; empty for a row, and for what could not be read.
        reason: why it was not examined, or not wholly; empty where all went well.
        matches: what it is known as.
    """

    path: str
    sha256: str = ""
    reason: str = ""
    matches: tuple[Match, ...] = ()

    @property
    def status(self) -> str:
        """`known`, `quarantined` or `clean`; what is known although it is damaged is `known`."""
        if self.matches:
            return "known"
        return "quarantined" if self.reason else "clean"


class Counts(msgspec.Struct):
    """examined = known + clean + quarantined. Links, sockets and empty places of lists are `skipped`.

    `flat`, among the clean ones: pictures without enough to see for their PDQ to mean anything.
    """

    examined: int = 0
    known: int = 0
    clean: int = 0
    quarantined: int = 0
    skipped: int = 0
    flat: int = 0
    bytes: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Outcome(msgspec.Struct):
    """What came of one item: findings worth keeping, counts of all, and work that it turned out to hold."""

    item: Item
    findings: list[Finding] = []
    counts: Counts = msgspec.field(default_factory=Counts)
    follow: list[tuple[int, int]] = []

    def add(self, finding: Finding, *, keep_clean: bool = False) -> None:
        self.counts.examined += 1
        status = finding.status
        setattr(self.counts, status, getattr(self.counts, status) + 1)
        if status != "clean" or keep_clean:
            self.findings.append(finding)


class Examines(Protocol):
    """What a process does with items; `state`: of what it asks, sent once it is ready, never empty."""

    state: str

    def examine(self, outcome: Outcome) -> None: ...


class Orders(Protocol):
    """What `Workers` can be told to do: it is sent to each process, and makes there what examines."""

    limits: Limits

    def examiner(self, sign: Callable[[], None]) -> Examines: ...


class Summary(msgspec.Struct):
    """How a scan went.

    Attributes:
        resumed: items whose outcome an earlier, interrupted run had noted.
        state: of the lists when the scan began, in the first of its runs.
        state_end: of the lists when it ended. Where that is another, what came in between was compared with
            a part of the files only.
    """

    counts: Counts
    reasons: dict[str, int]
    seconds: float
    resumed: int = 0
    state: str = ""
    state_end: str = ""
