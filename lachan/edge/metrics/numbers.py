"""Numbers for operators: what the status files under LACHAN_HOME/run and the folders beside them say.

No name, address or value of anybody is in any of them, so none can come out here.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from lachan.edge.dns.status import EdgeStatus
from lachan.formats.openmetrics import Family
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.kernel.running import running
from lachan.matching.between.lookup_status import LookupStatus
from lachan.matching.between.paths import status_files
from lachan.matching.between.spool import spool_list

FRESH_SECONDS = 10.0
"""What writes a status file does so twice a second: an older one is of a process that hangs or has gone."""
T = TypeVar("T")
Made = tuple[list[Family], int]  # and how many files could not be read


def families(home: Path) -> list[Family]:
    """Everything that this home says of itself now. A file that cannot be read costs only its own numbers."""
    unread = Family(
        name="lachan_status_files_unreadable",
        kind="gauge",
        help="Status files that could not be read.",
    )
    count, found = 0, []
    for part in (_processes, _dns, _lookups, _home):
        made, faults = part(home)
        found += made
        count += faults
    unread.add(count)
    return [*found, unread]


def _processes(home: Path) -> Made:
    up = Family(
        name="lachan_process_up",
        kind="gauge",
        help="Whether a part that `lachan up` started runs now.",
    )
    since = Family(
        name="lachan_process_start_time_seconds",
        kind="gauge",
        help="When it was last started, Unix time.",
    )
    try:
        parts = running(home)
    except ValueError:
        return [], 1
    for name, began in sorted(parts.items()):
        up.add(int(began is not None), process=name)
        if began is not None:
            since.add(began, process=name)
    return [up, since], 0


def _dns(home: Path) -> Made:
    """The edge's processes: plain DNS and DNS over TLS, and beside it DNS over HTTPS, which says who it is."""
    up = Family(
        name="lachan_dns_up",
        kind="gauge",
        help="Whether the DNS edge said something of itself just now.",
    )
    queries = Family(name="lachan_dns_queries", kind="counter", help="Questions that were asked.")
    answers = Family(
        name="lachan_dns_answers", kind="counter", help="Questions by what became of them."
    )
    state = [
        Family(name="lachan_dns_compiled", kind="gauge", help="Whether the compiled path answers."),
        Family(name="lachan_dns_cached_answers", kind="gauge", help="Answers kept in memory."),
        Family(
            name="lachan_dns_snapshot_sequence",
            kind="gauge",
            help="The ledger's sequence that it answers from.",
        ),
        Family(
            name="lachan_dns_policy_ignored",
            kind="gauge",
            help="Whether it cannot use dns-policy.json.",
        ),
    ]
    ways, faults = _Ways(), 0
    for name, labels in (("dns", {}), ("dns-https", {"process": "dns-https"})):
        statuses, unread = _read([home / "run" / f"{name}.json"], EdgeStatus)
        faults += unread
        for one in statuses:
            up.add(int(_is_fresh(one.written)), **labels)
            queries.add(one.counts.queries, **labels)
            for outcome, number in msgspec.structs.asdict(one.counts).items():
                if outcome != "queries":
                    answers.add(number, outcome=outcome, **labels)
            numbers = (one.compiled, one.cached_answers, one.snapshot.sequence, bool(one.fault))
            for family, value in zip(state, numbers, strict=True):
                family.add(int(value), **labels)
            ways.add(one)
    return [up, queries, answers, *state, *ways.families], faults


class _Ways:
    """By which way questions came, and how the certificates of the encrypted ones stand."""

    def __init__(self) -> None:
        self._questions = Family(
            name="lachan_dns_way_questions", kind="counter", help="Questions by how they came."
        )
        self._opened = Family(
            name="lachan_dns_way_connections", kind="counter", help="Connections that were opened."
        )
        self._open = Family(
            name="lachan_dns_way_open_connections", kind="gauge", help="Connections that are open."
        )
        self._until = Family(
            name="lachan_dns_certificate_end_time_seconds",
            kind="gauge",
            help="When the certificate in use ends, Unix time.",
        )
        self._ignored = Family(
            name="lachan_dns_certificate_ignored",
            kind="gauge",
            help="Whether what stands in the certificate's files cannot be used.",
        )
        self.families = [self._questions, self._opened, self._open, self._until, self._ignored]

    def add(self, status: EdgeStatus) -> None:
        for way, came in status.ways.items():
            self._questions.add(came.questions, way=way)
            self._opened.add(came.opened, way=way)
            self._open.add(came.connections, way=way)
        if status.listen:
            by_connection = sum(came.questions for came in status.ways.values())
            self._questions.add(max(0, status.counts.queries - by_connection), way="udp")
        way = "tls" if status.listen else "https"
        if status.encrypted.until:
            self._until.add(status.encrypted.until, way=way)
        if status.encrypted.until or status.encrypted.fault:
            self._ignored.add(int(bool(status.encrypted.fault)), way=way)


def _lookups(home: Path) -> Made:
    statuses, faults = _read(status_files(home), LookupStatus)
    number: dict[str, Callable[[LookupStatus], int]] = {
        "calls": lambda one: one.calls, "values": lambda one: one.values, "hits": lambda one: one.hits,
    }  # fmt: skip
    made = {
        name: Family(
            name=f"lachan_match_{name}", kind="counter", help=f"Look-ups by platforms: {name}."
        )
        for name in number
    }
    refused = Family(
        name="lachan_match_refused", kind="counter", help="Calls that got no answer, by code."
    )
    took = Family(name="lachan_match_call_seconds", kind="histogram", help="How long calls took.")
    sequence = Family(
        name="lachan_match_sequence",
        kind="gauge",
        help="The ledger's sequence that look-ups answer from.",
    )
    for one in statuses:
        if not _is_fresh(one.written):
            continue  # a process that was killed; the next has a number of its own
        process = str(one.pid)
        for name, family in made.items():
            family.add(number[name](one), process=process)
        for code, count in sorted(one.refused.items()):
            refused.add(count, process=process, code=code)
        took.buckets.append(({"process": process}, _bounds(one.took)))
        sequence.add(one.sequence, process=process)
    return [*made.values(), refused, took, sequence], faults


def _home(home: Path) -> Made:
    snapshot = SnapshotReader(home / "snapshots").status()
    numbers = {
        "lachan_snapshot_good": (int(snapshot.state == "good"), "Whether the newest snapshot can be used."),
        "lachan_snapshot_sequence": (snapshot.sequence, "The ledger's sequence that it includes."),
        "lachan_snapshot_entries": (snapshot.entries, "Its entries."),
        "lachan_sightings_waiting": (len(spool_list(home)), "Files of counts that the worker has not taken in."),
    }  # fmt: skip
    if home.is_dir():
        free = shutil.disk_usage(home).free
        numbers["lachan_home_free_bytes"] = (free, "Room on the disk of LACHAN_HOME.")
    return [
        Family(name=name, kind="gauge", help=words, samples=[({}, value)])
        for name, (value, words) in numbers.items()
    ], 0


def _read(paths: list[Path], kind: type[T]) -> tuple[list[T], int]:
    found, faults = [], 0
    for path in paths:
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=kind))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            faults += 1
    return found, faults


def _is_fresh(written: float) -> bool:
    return abs(time.time() - written) < FRESH_SECONDS


def _bounds(took: list[int]) -> list[tuple[float, int]]:
    """Place n counts what took less than 2**n microseconds; the last one everything else."""
    total, bounds = 0, []
    for place, count in enumerate(took):
        total += count
        bounds.append((float("inf") if place == len(took) - 1 else 2**place / 1e6, total))
    return bounds
