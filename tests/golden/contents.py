"""What the golden vectors hold: invented, and the same whenever they are written."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from lachan.formats.observables.record import Observable
from lachan.formats.sharing import SEVERAL
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.indicators.ledger import Change
from lachan.matching.collection import Collection
from lachan.matching.records import Facts
from lachan.matching.scanning.journal import Journal
from lachan.matching.scanning.records import Counts, Finding, Item, Match, Outcome
from lachan.reports.records import ReportContent

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891011, UTC)
UIDS = [UUID(f"0195607e-0000-7000-8000-00000000000{n}") for n in range(4)]
SCAN = "00112233445566778899aabbccddeeff"
ITEM = Item("/srv/pictures/a.jpg", 1234, 1_772_600_767_891_011_000)

CONTENT = ReportContent(about="me", words="Một chuyện nhỏ", traces="bad.example", contact="")
THINGS = [
    Observable("url", "https://bad.example/a"),
    Observable("domain", "worse.example"),
    Observable("phone", "+84912345678"),
]
CHANGES = [
    Change(
        uid=UIDS[0], kind="domain", value="bad.example", category="scam", confidence=85,
        tlp="green", live=True, valid_from=MOMENT, organisation_uid=UIDS[3], source="Đội",
    ),
    Change(
        uid=UIDS[1], kind="url", value="https://forum.example/đường", category="gambling",
        confidence=40, tlp="amber", live=True, valid_from=MOMENT,
        valid_until=datetime(2027, 1, 1, tzinfo=UTC),
    ),
    Change(
        uid=UIDS[0], kind="domain", value="bad.example", category="scam", confidence=85,
        tlp="green", live=False, was_tlp="green", reason="disputed", valid_from=MOMENT,
    ),
]  # fmt: skip
CIRCLED = Change(
    uid=UIDS[0], kind="domain", value="bad.example", category="scam", confidence=85,
    tlp="amber+strict", live=True, valid_from=MOMENT, circle=SEVERAL,
)  # fmt: skip
TRAIL: list[dict[str, Any]] = [
    {"actor": "person:1", "action": "case.read", "target": "case:2", "detail": {}},
    {"actor": "system", "action": "report.release", "target": "", "detail": {"count": 3, "đ": [1]}},
]

VERDICTS = [
    Verdict(kind="domain", value="bad.example", categories=("scam",), source="Hotline", sequence=1),
    Verdict(kind="domain", value="safe.bad.example", action="allow", sequence=2, exact=True),
    Verdict(kind="url", value="https://forum.example/đường", action="warn", sequence=3),
    Verdict(kind="phone", value="+84912345678", reason="Gọi lừa", indicator=str(UIDS[1])),
    Verdict(kind="ipv6", value="2001:db8::1", valid_until=4_000_000_000),
]
LATER = Verdict(kind="account", value="zalo:84912345678", categories=("scam", "gambling"))

PICTURES = [
    ("f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22", UIDS[0]),
    ("0f0f0f0ff0f0f0f00f0f0f0ff0f0f0f00f0f0f0ff0f0f0f00f0f0f0ff0f0f0f0", UIDS[1]),
]
NAMED = [
    ("address", "https://forum.example/a"),
    ("account", "tiktok:ten.nguoi"),
    ("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
]


def facts(uid: UUID, sequence: int) -> Facts:
    return Facts(
        sequence,
        uid,
        ("scam",),
        85,
        reach=2,
        circle=7,
        valid_until=4_000_000_000,
        source="Đội",
    )


def snapshot_fill(folder: Path) -> None:
    """A base, a delta with an addition and a removal over it."""
    with SnapshotWriter(folder) as writer:
        writer.rebuild(VERDICTS, 5)
        writer.put(LATER.kind, LATER.value, LATER)
        writer.remove("ipv6", "2001:db8::1")
        writer.commit(7)


def collection_fill(folder: Path) -> None:
    """Segments, and a log with additions and a removal over them."""
    with Collection.create(folder) as lists:
        lists.add(*_picture(0), algorithm="pdq")
        lists.add(PICTURES[1][0], facts(UIDS[2], 2), algorithm="pdq")
        for place, (algorithm, value) in enumerate(NAMED, 3):
            lists.add(value, facts(UIDS[3], place), algorithm=algorithm)
        lists.commit(5)
        lists.compact()
        lists.add(*_picture(1), algorithm="pdq")
        lists.remove(UIDS[2])
        lists.commit(7)


def _picture(place: int) -> tuple[str, Facts]:
    value, uid = PICTURES[place]
    return value, facts(uid, place + 1)


def journal_write(path: Path) -> None:
    match = Match("pdq", PICTURES[0][0], PICTURES[0][0], 0, 1, str(UIDS[0]), ("scam",), 85, "Đội")
    journal = Journal(path, SCAN, "collection at 7")
    journal.note(
        Outcome(ITEM, [Finding(ITEM.path, "00" * 32, "", (match,))], Counts(examined=1, known=1))
    )
    journal.close()
