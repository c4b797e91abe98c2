"""What is compiled ahead, so that the first question is answered at full speed: `lachan warm`."""

import time
from collections.abc import Callable
from importlib import import_module

# What people read, and the module whose import (or `warm()`, where it has one) compiles its kernels.
KERNELS = (
    ("picture hashing", "lachan.matching.algorithms.pdq.hashing"),
    ("picture search", "lachan.matching.algorithms.pdq.segment"),
    ("picture groups", "lachan.matching.algorithms.pdq.clusters"),
    ("exact look-ups", "lachan.matching.table.warm"),
)


def warm(say: Callable[[str], object]) -> None:
    """Compile what is not yet in the cache on the disk; `say` hears of each step."""
    for number, (words, module) in enumerate(KERNELS, 1):
        say(f"compiling {words}, {number} of {len(KERNELS)} (up to half a minute, once) …")
        began = time.monotonic()
        getattr(import_module(module), "warm", lambda: None)()
        say(f"{words} ready, {time.monotonic() - began:.1f} s")
