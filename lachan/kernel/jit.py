"""numba's `njit`, with a safe place for what it compiles. Kernels take it from here, never from numba.

numba looks at the time and size of the one file that holds a function, not of those whose functions it
calls: after an upgrade, yesterday's code could run on today's tables. So the cache's name holds a digest
of every source that kernels are made of. Cached code is executed: it stands only where nobody but the
owner of the product writes, never in a shared temporary folder.
"""

import functools
import hashlib
import os
import tempfile
from importlib import import_module
from pathlib import Path

from lachan.kernel.home import home_path

_PACKAGE = Path(__file__).resolve().parent.parent
_ROOMS = ("edge", "formats", "matching")


def jit_cache_prepare() -> Path:
    """Choose the folder, once a process; NUMBA_CACHE_DIR stands where it is set.

    Beside the sources; where they are read-only, under LACHAN_HOME; where that is too, in a folder of
    this process alone, so that it starts, though it compiles anew.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen is None:
        name = f"numba-{sources_digest()}"
        # Whoever only asks something must not make a home by it.
        homes = [home_path() / "run" / name] if home_path().is_dir() else []
        places = (_PACKAGE / "__pycache__" / name, *homes)
        chosen = next((str(path) for path in places if _writable(path)), None)
        os.environ["NUMBA_CACHE_DIR"] = chosen = chosen or tempfile.mkdtemp(prefix="lachan-numba-")
    return Path(chosen)


def sources_digest() -> str:
    """Of all modules in every folder that holds a kernel: kernels freeze their neighbours' constants."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in _ROOMS:
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            if path.parent.name != "tests" and _has_kernels(path.parent):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _has_kernels(folder: Path) -> bool:
    return any(
        b"lachan.kernel.jit import njit" in path.read_bytes() for path in folder.glob("*.py")
    )


def _writable(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(path, os.W_OK | os.X_OK)


jit_cache_prepare()
_numba = import_module("numba")  # it reads the variable at its import, and never again
njit, carray, voidptr = _numba.njit, _numba.carray, _numba.types.voidptr
uint64, void = _numba.types.uint64, _numba.types.void
intrinsic = import_module("numba.extending").intrinsic
