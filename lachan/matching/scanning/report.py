"""What a scan found, as JSON, CSV or Parquet. Of the content nothing but paths, digests and hits."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from lachan.kernel.clock import now
from lachan.kernel.files import file_write
from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.records import Finding, ScanUnreadable, Summary

COLUMNS = (
    *("status", "path", "sha256", "reason", "algorithm", "asked", "value", "distance"),
    *("sequence", "indicator", "categories", "confidence", "source", "second", "share"),
    "turned",
)
"""Of CSV and Parquet: one row a hit; one for what has none."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report_check(path: Path) -> None:
    """Say before a long scan, not after it, that its report could not be written.

    Raises:
        ScanUnreadable: the suffix names no form.
        ExtraMissing: the form needs what is not installed.
    """
    if path.suffix.lower() not in FORMS:
        raise ScanUnreadable(f"a report ends with one of: {', '.join(FORMS)}")
    if path.suffix.lower() == ".parquet":
        _arrow()


def report_write(path: Path, summary: Summary, findings: list[Finding]) -> None:
    """Write beside it, then move into place: a report is whole or it is not there. Its owner alone may read it.

    Raises:
        OSError: it cannot be written.
    """
    file_write(path, FORMS[path.suffix.lower()](summary, findings))


def report_json(summary: Summary, findings: list[Finding]) -> bytes:
    """One object: when, which lists, the counts, and the findings by status."""
    groups: dict[str, list[Finding]] = {"known": [], "quarantined": [], "clean": []}
    for finding in findings:
        groups[finding.status].append(finding)
    whole = {"version": 1, "made": now(), "summary": summary, **groups}
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def _report_csv(summary: Summary, findings: list[Finding]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in _rows(findings):
        row["categories"] = " ".join(row["categories"])
        writer.writerow({name: unarmed(value) for name, value in row.items()})
    return text.getvalue().encode()


def _report_parquet(summary: Summary, findings: list[Finding]) -> bytes:
    pa, pq = _arrow()
    types = {
        "distance": pa.int32(), "sequence": pa.int64(), "confidence": pa.int16(),
        "second": pa.float64(), "share": pa.float64(), "categories": pa.list_(pa.string()),
    }  # fmt: skip
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    facts = {b"lachan.summary": msgspec.json.encode(summary)}
    table = pa.Table.from_pylist(list(_rows(findings)), schema.with_metadata(facts))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


FORMS: dict[str, Callable[[Summary, list[Finding]], bytes]] = {
    ".json": report_json,
    ".csv": _report_csv,
    ".parquet": _report_parquet,
}


def _rows(findings: list[Finding]) -> Iterator[dict[str, Any]]:
    for finding in findings:
        own = dict.fromkeys(COLUMNS) | {
            "status": finding.status,
            "path": finding.path,
            "sha256": finding.sha256,
            "reason": finding.reason,
            "categories": (),
        }
        for match in finding.matches:
            yield own | msgspec.structs.asdict(match)
        if not finding.matches:
            yield own


def unarmed(value: Any) -> Any:
    """A file can be named `=cmd|…`: in a spreadsheet it would be a formula, and run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ExtraMissing("Parquet needs pyarrow: pip install pyarrow") from None
    return pa, pq
