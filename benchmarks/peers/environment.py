"""Peers live in an environment of their own, `.venv-bench/`: the product needs none of them.

    from peers.environment import enter
    enter("pdqhash==0.2.8")       # first line of main(): from here on the peers can be imported

The program starts itself anew inside, with the product's own pinned versions of what it needs and the
sources on its path; so ours and theirs run in one process, in turn.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".venv-bench"
OURS = (
    "numpy", "numba", "llvmlite", "msgspec", "pillow",
    "can-ada", "idna", "phonenumberslite", "publicsuffixlist",
)  # fmt: skip
_INSIDE = "LACHAN_BENCH_PEERS"


def enter(*peers):
    """Go on inside `.venv-bench/`, with these packages; installs them the first time.

    Ends the program, with what to do, where they cannot be had.
    """
    if os.environ.get(_INSIDE):
        return
    python = HOME / "bin" / "python"
    wanted = [*_pins(), *peers]
    stamp = HOME / f".has-{hashlib.sha256(repr(wanted).encode()).hexdigest()[:16]}"
    if not stamp.exists():
        print(f"installing {', '.join(peers)} into {HOME.name}/ …", file=sys.stderr)
        _install(python, wanted)
        stamp.touch()
    env = os.environ | {_INSIDE: "1", "PYTHONPATH": str(ROOT)}
    os.execve(python, [str(python), *sys.argv], env)  # noqa: S606  ourselves, no shell


def _pins():
    """The lines of the lock that say which versions the product runs with."""
    lock = (ROOT / "requirements" / "base.txt").read_text()
    return re.findall(rf"^((?:{'|'.join(OURS)})==.*?) \\$", lock, re.MULTILINE)


def _install(python, wanted):
    uv = shutil.which("uv") or next((str(p) for p in (ROOT / ".venv" / "bin").glob("uv")), None)
    if not python.exists():
        make = (
            [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        )
        _run([*make, str(HOME)], "cannot make an environment: apt-get install python3-venv")
    pip = (
        [uv, "pip", "install", "-q", "--python"]
        if uv
        else [str(python), "-m", "pip", "-q", "install"]
    )
    pip = [*pip, str(python)] if uv else pip
    _run(
        [*pip, *wanted],
        "cannot install the peers. Some have no wheel and need a compiler (apt-get install g++ python3-dev), "
        "all need a package index; the lines above say which failed",
    )


def _run(command, way_out):
    # Its words are for people; standard output is for the one JSON object.
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        sys.exit(way_out)
