"""Compiles the table's kernels ahead, by using each once: `lachan warm`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lachan.matching.table.build import table_build
from lachan.matching.table.index import TableIndex


def warm() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        table_build(np.zeros((2, 16), np.uint8), path, name="warm")
        TableIndex(path, name="warm", width=16).find(bytes(16))
