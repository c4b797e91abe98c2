from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lachan.cases.models import Case, CaseEvent
from lachan.cases.records import Happening
from lachan.kernel.clock import now
from lachan.members.records import Actor


def happening_record(
    case: Case,
    kind: Happening,
    *,
    by: Actor,
    key: str | None = None,
    at: datetime | None = None,
    **detail: Any,
) -> bool:
    """Write one line of the timeline; False when `key` says that it stands there already.

    Args:
        case: whose timeline.
        kind: what happened.
        by: through whom; the system has no name there.
        key: names the happening, where it can be heard of twice.
        at: when; now, unless it must be rounded.
        detail: codes and identifiers, never words: the timeline rests in clear.
    """
    line = CaseEvent(
        case=case, kind=kind, person_id=by.person_id, key=key, at=at or now(), detail=detail
    )
    if key is None:
        line.save(force_insert=True)
        return True
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError:
        return False
    return True
