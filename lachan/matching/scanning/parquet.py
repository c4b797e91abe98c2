"""Parquet files as lists, where pyarrow is installed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.records import ScanUnreadable


def parquet_open(path: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`.

    Raises:
        ExtraMissing: there is no pyarrow.
        ScanUnreadable: it is no Parquet file.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise ExtraMissing("Parquet needs pyarrow: pip install pyarrow") from None
    with parquet_errors():
        return pq.ParquetFile(path)


@contextlib.contextmanager
def parquet_errors() -> Iterator[None]:
    """What pyarrow raises while it reads, in our words."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise ScanUnreadable(f"no Parquet file: {type(error).__name__}") from None


def cell_text(cell: Any) -> str:
    """A cell as a list has it: bytes are digests."""
    if cell is None:
        return ""
    return cell.hex() if isinstance(cell, bytes) else str(cell)
