"""After a run: does everything that was acknowledged stand, and nothing twice?"""

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.publisher import is_withdrawn, name_of
from tests.faults.walks import inbox_read
from tests.instance import Instance

_CENSUS = """
import json
from lachan.cli.setup import django_ready
django_ready(migrate=False)
from lachan.cases.models import Case
from lachan.indicators.selectors import ledger_verify
from lachan.outbox.selectors import event_count_waiting
from lachan.reports.models import Report
found = ledger_verify()
print(json.dumps({
    "reports": Report.objects.count(),
    "open": Report.objects.filter(status="open").count(),
    "cases": Case.objects.count(),
    "waiting": event_count_waiting(),
    "ledger_rows": found.rows,
    "ledger_fault": found.fault,
}))
"""

_CHECK = """
import json, sys
from lachan.cli.check import Check
from lachan.cli.setup import django_ready
from lachan.kernel.discovery import discover
from lachan.kernel.home import home_path
django_ready(migrate=False)
found = discover("lachan.cli.checks", Check)[sys.argv[1]]
print(found.look(home_path(), lambda _: None).level.name.lower())
"""


def report_fields(number: int) -> dict[str, str]:
    return {
        "urgency": "soon",
        "words": f"chuyện số {number} ở trường",
        "traces": f"la{number}.example",
        "contact": f"cô giáo {number}",
    }


def census(instance: Instance) -> dict[str, Any]:
    """What the database of an instance holds, counted in a process of its own."""
    return json.loads(_said(instance, _CENSUS))


def checked(instance: Instance, name: str) -> str:
    """The level that one of the doctor's checks finds; a whole doctor takes four times as long."""
    return _said(instance, _CHECK, name).strip()


def _said(instance: Instance, program: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env=instance.environment,
        cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


def reckon(
    instance: Instance, receipts: dict[int, str], published: set[int], *,
    besides: int = 0, small_disk: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The figures, and under `lost` a line for everything that is not as it was acknowledged.

    Number 0 is published too, and `besides` counts rows of the ledger that came another way; on a `small_disk`
    the doctor may say so.
    """
    lost = [
        f"receipt of report {number}"
        for number, receipt in receipts.items()
        if not _opened(instance, number, receipt)
    ]
    blocked = {n for n in published if not is_withdrawn(n)} | {0}
    released = {n for n in published if is_withdrawn(n)}
    for numbers, code in ((blocked, "NXDOMAIN"), (released, "NOERROR")):
        lost += [f"{name_of(n)} is not {code}" for n in sorted(numbers)
                 if not _becomes(instance, name_of(n), code)]  # fmt: skip
    counted = instance.until(lambda: _delivered(census(instance)), "to deliver its events")
    rows = len(blocked) + 2 * len(released) + besides
    if counted["ledger_fault"]:
        lost.append(f"ledger: {counted['ledger_fault']}")
    if counted["ledger_rows"] != rows:
        lost.append(f"ledger: {counted['ledger_rows']} rows, not {rows}")
    if counted["reports"] != len(receipts):
        lost.append(f"{counted['reports']} reports, not {len(receipts)}")
    if counted["cases"] != counted["open"]:
        lost.append(f"{counted['open']} open reports have {counted['cases']} cases")
    doctor = instance.until(lambda: _running(instance.doctor()), "to start what was killed")
    lost += [f"doctor: {check['name']}: {check['says']}"
             for check in doctor["checks"] if check["level"] == "fault" and not (small_disk and check["name"] == "disk")]  # fmt: skip
    return {
        "receipts_shown": len(receipts),
        "blocked": len(blocked),
        "released": len(released),
        **counted,
        "doctor": doctor["level"],
        "lost": lost,
    }


def _delivered(counted: dict[str, Any]) -> dict[str, Any] | None:
    return counted if counted["waiting"] == 0 else None


def _running(doctor: dict[str, Any]) -> dict[str, Any] | None:
    """What the doctor says, where all processes run."""
    fallen = [c for c in doctor["checks"] if c["name"] == "processes" and c["level"] == "fault"]
    return doctor if not fallen else None


def _is_whole(instance: Instance, number: int, receipt: str) -> bool:
    page = inbox_read(instance.web, receipt)
    fields = report_fields(number)
    return all(fields[name] in page.text for name in ("words", "traces", "contact"))


def _becomes(instance: Instance, name: str, code: str) -> bool:
    try:
        instance.until(lambda: instance.rcode(name) == code, f"to answer {code}", seconds=20)
    except AssertionError:
        return False
    return True


def _opened(instance: Instance, number: int, receipt: str) -> bool:
    """As `_is_whole`; a server that just falls or rises is asked again, since nothing is lost by that."""
    for _ in range(5):
        try:
            return _is_whole(instance, number, receipt)
        except (OSError, http.client.HTTPException):
            instance.until(instance.answers, "to come back")
    return _is_whole(instance, number, receipt)
