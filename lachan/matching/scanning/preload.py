"""Loaded once, by the process that all others are forked from: compiled kernels come in seconds, and with
64 processes the seconds and the memory would be paid 64 times.
"""

import contextlib

import lachan.matching.algorithms.pdq.picture
import lachan.matching.algorithms.pdq.segment
import lachan.matching.scanning.known
import lachan.matching.scanning.workers  # noqa: F401  all for what their import brings
from lachan.matching.table.warm import warm

with contextlib.suppress(OSError):  # no temporary folder: then each process loads its own
    warm()
