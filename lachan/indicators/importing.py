"""Import of a list: chunk by chunk, each chunk with its counts in one transaction.

Cut off anywhere, what was counted is there and what was not is not; run again, the first part is duplicates
and the rest goes on. Whoever follows the ledger sees each chunk as it commits.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction

from lachan.formats.classification.categories import category_code
from lachan.formats.lists.parsing import form_fitting, read
from lachan.formats.lists.record import Entry, Rejected, UnreadableList
from lachan.formats.observables.record import Observable
from lachan.kernel.bounds import moment_checked
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.kernel.ids import uuid7
from lachan.members.policy import policy_check
from lachan.members.records import Actor
from lachan.members.selectors import organisation_uid
from lachan.members.services import audit_record
from lachan.outbox.services import event_publish

from .audit_actions import IndicatorAudit
from .bulk_sql import ready, rows_insert, uid_ready
from .conf import DEFAULT_CONFIDENCE
from .covering import cover_settle
from .events import ListImported
from .guard import guard_load
from .ledger import Change, head_lock, ledger_append
from .models import Indicator, LedgerHead, ListImport, Quarantined
from .policy import Action
from .queries import SHARED, raw_kept, standing_rows, tlp_checked
from .records import OVERTAKEN, ImportReport, Status
from .screening import Screened, Screener

# Long enough to be quick, short enough that a single publication never waits long for the ledger's lock.
CHUNK = 2000
KEPT_LINES = 10_000
_LOOKED_AT = 50
Progress = Callable[[int], None]


def list_import(
    *,
    by: Actor,
    stream: BinaryIO,
    file_name: str,
    category: str,
    source: str = "",
    form: str = "auto",
    kind: str | None = None,
    confidence: int = DEFAULT_CONFIDENCE,
    tlp: str = "clear",
    valid_until: datetime | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Publish what a list holds, with its provenance.

    Who may import vouches for the list as a whole: its values are published without a review of each, but
    for those that the guard warns of, and those that a person took back before: they become proposals and
    wait for a review that names its reason. What was merely proposed, or rejected once, is published, and
    counted apart (`reasons`).

    Args:
        stream: bytes; read line by line.
        form, kind: as `lachan.formats.lists.parsing.read` takes them.
        progress: called with the number of items done, after each chunk.
        dry_run: count what would happen, change nothing.

    Returns:
        Counts that sum to the number of lines with content (of values, where a line holds several).

    Raises:
        UnreadableList: also where no line has content. One that turns out to be damaged further down, packed
            as it is, leaves what was counted until then.
        UnknownCategory, InvalidInput, Refused.
    """
    policy_check(by, Action.INDICATOR_IMPORT, organisation_id=by.organisation_id)
    if tlp_checked(tlp) not in SHARED:
        raise InvalidInput(f"a list is shared: tlp is one of {', '.join(SHARED)}")
    if not 0 <= confidence <= 100:
        raise InvalidInput("confidence is a whole number from 0 to 100")
    if valid_until is not None:
        moment_checked(valid_until)
    run = _Run(
        by=by,
        category=category_code(category),
        confidence=confidence,
        tlp=tlp,
        valid_until=valid_until,
        screener=Screener(guard_load(), owner=by.organisation_id, remember=dry_run),
        source=(source or file_name)[:200],
        organisation=organisation_uid(by.organisation_id) if by.organisation_id else None,
    )
    items = read(stream, form=form, kind=kind)
    first = list(islice(items, CHUNK))  # an unreadable file leaves no trace behind
    if not first:
        raise UnreadableList("nothing stands in it: no line holds a value")
    if not dry_run:
        run.begin(file_name)
    return run.all(first, items, progress)


@dataclasses.dataclass
class _Run:
    by: Actor
    category: str
    confidence: int
    tlp: str
    valid_until: datetime | None
    screener: Screener
    source: str
    organisation: UUID | None
    row: ListImport | None = None
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    reasons: Counter[str] = dataclasses.field(default_factory=Counter)
    refused: list[str] = dataclasses.field(default_factory=list)
    first_seq: int | None = None
    last_seq: int | None = None

    def begin(self, file_name: str) -> None:
        with transaction.atomic():
            self.row = ListImport.objects.create(
                source=self.source,
                file_name=file_name[:200],
                category=self.category,
                tlp=self.tlp,
                by_label=self.by.label,
                organisation_id=self.by.organisation_id,
            )
            audit_record(
                by=self.by, action=IndicatorAudit.LIST_IMPORT, target=f"import:{self.row.uid}"
            )

    def all(
        self, chunk: list[Entry | Rejected], rest: Iterator[Entry | Rejected], say: Progress | None
    ) -> ImportReport:
        while chunk:
            self.do(chunk)
            if say is not None:
                say(len(chunk))
            chunk = list(islice(rest, CHUNK))
        if self.row is not None:
            self.finish(self.row)
        return self.report()

    def do(self, chunk: list[Entry | Rejected]) -> None:
        if self.row is None:
            self.count(self.screener.screen(chunk))
            return
        with transaction.atomic():
            # Locked before looking: nobody publishes one of these values in between.
            head = head_lock()
            found = self.screener.screen(chunk)
            self.publish(head, self.row, found)
            self.propose(self.row, found)
            self.quarantine(self.row, found.rejected)
            self.count(found)
            self.save(self.row)

    def publish(self, head: LedgerHead, row: ListImport, found: Screened) -> None:
        fresh, narrow = found.fresh, found.narrow
        if not fresh:
            return
        for observable in narrow:
            shared = Indicator(tlp=self.tlp, organisation_id=self.by.organisation_id)
            standing = standing_rows(observable.kind, observable.value).select_for_update()
            cover_settle(head, standing, coming=shared)
        moment = now()
        changes = [self.change(each, moment) for each in fresh]
        first = head.seq + 1
        uids = uid_ready()
        constants = self.constants(row, moment)
        rows = [
            (
                *(uids(each.uid), each.kind, each.value),
                *(raw_kept(observable), first + place, *constants.values()),
            )
            for place, (each, observable) in enumerate(zip(changes, fresh, strict=True))
        ]
        columns = ("uid", "kind", "value", "raw", "seq", *constants)
        rows_insert(Indicator, columns, rows)
        self.first_seq = self.first_seq or first
        self.last_seq = ledger_append(head, changes)[1]

    def constants(self, row: ListImport, moment: datetime) -> dict[str, Any]:
        """The columns that every imported row shares, each made ready for the database once."""
        values: dict[str, Any] = {
            "category": self.category,
            "confidence": self.confidence,
            "tlp": self.tlp,
            "status": Status.PUBLISHED,
            "valid_from": moment,
            "valid_until": self.valid_until,
            "evidence": "",
            "organisation_id": self.by.organisation_id,
            "proposed_by_id": self.by.person_id,
            "proposed_label": self.by.label,
            "case_uid": None,
            "list_import_id": row.pk,
            "warnings": [],
            "created_at": moment,
            "decided_at": moment,
        }
        return {
            name: ready(Indicator, name.removesuffix("_id"), value)
            for name, value in values.items()
        }

    def change(self, observable: Observable, moment: datetime) -> Change:
        return Change(
            uid=uuid7(),
            kind=observable.kind,
            value=observable.value,
            category=self.category,
            confidence=self.confidence,
            tlp=self.tlp,
            live=True,
            valid_from=moment,
            valid_until=self.valid_until,
            organisation_id=self.by.organisation_id,
            organisation_uid=self.organisation,
            source=self.source,
        )

    def propose(self, row: ListImport, found: Screened) -> None:
        Indicator.objects.bulk_create(
            Indicator(
                kind=observable.kind,
                value=observable.value,
                raw=raw_kept(observable),
                category=self.category,
                confidence=self.confidence,
                tlp=self.tlp,
                valid_until=self.valid_until,
                organisation_id=self.by.organisation_id,
                proposed_by_id=self.by.person_id,
                proposed_label=self.by.label,
                list_import=row,
                warnings=[[w.rule, w.matched, w.reason] for w in warnings],
            )
            for observable, warnings in found.guarded
        )

    def quarantine(self, row: ListImport, rejected: list[Rejected]) -> None:
        room = max(KEPT_LINES - self.counts["quarantined"], 0)
        Quarantined.objects.bulk_create(
            Quarantined(list_import=row, line=bad.line, reason=bad.reason, text=bad.text)
            for bad in rejected[:room]
        )

    def count(self, found: Screened) -> None:
        done = {
            "published": len(found.fresh),
            "duplicate": found.duplicate,
            "guarded": len(found.guarded) + found.waiting,
            "quarantined": len(found.rejected),
        }
        self.counts.update(done)
        self.counts["content"] += sum(done.values())
        self.reasons.update(bad.reason for bad in found.rejected)
        self.refused += [bad.text for bad in found.rejected[: _LOOKED_AT - len(self.refused)]]
        self.reasons.update(w.rule for _, warnings in found.guarded for w in warnings[:1])
        if found.waiting:
            self.reasons["already-in-review"] += found.waiting
        for state, number in found.overtaken.items():
            self.reasons[f"{OVERTAKEN}{state}"] += number

    def save(self, row: ListImport) -> None:
        for name, number in self.counts.items():
            setattr(row, name, number)
        row.first_seq, row.last_seq = self.first_seq, self.last_seq
        row.reasons = dict(self.reasons)
        row.save()

    def finish(self, row: ListImport) -> None:
        with transaction.atomic():
            row.finished_at = now()
            self.save(row)
            event_publish(
                ListImported(
                    list_import=row.uid,
                    published=self.counts["published"],
                    first_seq=self.first_seq,
                    last_seq=self.last_seq,
                )
            )

    def report(self) -> ImportReport:
        counts = self.counts
        nothing = counts["quarantined"] == counts["content"]
        return ImportReport(
            uid=self.row.uid if self.row else None,
            content=counts["content"],
            published=counts["published"],
            duplicate=counts["duplicate"],
            guarded=counts["guarded"],
            quarantined=counts["quarantined"],
            first_seq=self.first_seq,
            last_seq=self.last_seq,
            reasons=dict(self.reasons),
            readable_as=form_fitting(self.refused) if nothing else "",
        )
