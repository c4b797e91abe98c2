"""The edge's status file: numbers only, no name and no address of anyone who asked."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from lachan.edge.dns.layout import C_BLOCKED, C_CACHED, C_LEFT, C_QUERIES
from lachan.edge.dns.responder import Counts
from lachan.formats.profiles.reader import ProfilesStatus
from lachan.formats.snapshot.records import SnapshotStatus
from lachan.kernel.files import file_write


class Way(msgspec.Struct):
    """What came by one way in.

    Attributes:
        connections: that are open.
        opened: since the start.
        questions: that came by them.
    """

    connections: int = 0
    opened: int = 0
    questions: int = 0


class Encrypted(msgspec.Struct, frozen=True):
    """An encrypted way in.

    Attributes:
        listen: where it is listened on.
        until: when its certificate ends, Unix time; 0 where there is none.
        fault: why the certificate in the files is not in use; empty where it is.
    """

    listen: tuple[str, ...] = ()
    until: float = 0.0
    fault: str = ""


class EdgeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`run/dns.json` under LACHAN_HOME.

    Attributes:
        compiled: whether the compiled path is at work; until it is loaded, the plain one answers.
        categories: those that are blocked; empty means all.
        fault: of the policy file; empty where it is followed.
        ways: what came by connections, by their kind.
        encrypted: how the encrypted way stands.
        profiles: how the table of profiles stands.
    """

    pid: int
    listen: list[str]
    started: float
    written: float
    compiled: bool
    snapshot: SnapshotStatus
    counts: Counts
    cached_answers: int
    categories: list[str]
    fault: str
    ways: dict[str, Way] = {}
    encrypted: Encrypted = Encrypted()
    profiles: ProfilesStatus = ProfilesStatus(state="absent")


def counts_sum(slow: Counts, fast: Iterable[Iterable[int]]) -> Counts:
    """The responder's counts and those of the compiled paths, each packet once."""
    total = msgspec.structs.replace(slow)
    for row in fast:
        numbers = list(row)
        total.queries += numbers[C_QUERIES] - numbers[C_LEFT]
        total.blocked += numbers[C_BLOCKED]
        total.cached += numbers[C_CACHED]
    return total


class StatusFile:
    def __init__(self, home: Path, name: str = "dns") -> None:
        self._path = home / "run" / f"{name}.json"

    def write(self, status: EdgeStatus) -> None:
        """Replace the file whole. A full or read-only disk must not stop answers."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file_write(self._path, msgspec.json.encode(status), mode=0o644, durable=False)

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()
