"""A real PostgreSQL server for the tests, of Debian's package, in a temporary folder on a free port."""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path


class NoServer(RuntimeError):
    """No PostgreSQL is installed; the message says how to get it."""


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    if path := shutil.which("postgres"):
        return Path(path).parent
    raise NoServer("PostgreSQL is not installed: sudo apt-get install postgresql")


def _run(*command: str) -> None:
    # initdb and postgres refuse root: step down to nobody.
    user = {"user": "nobody"} if os.getuid() == 0 else {}
    subprocess.run(command, check=True, capture_output=True, **user)


@cache
def server_url() -> str:
    """Start a server (once a process; it ends with the process) and give its URL.

    Raises:
        NoServer: nothing is installed.
    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="lachan-pg-"))
    if os.getuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(folder / "data")
    _run(
        str(binaries / "initdb"),
        "-D",
        data,
        "-U",
        "lachan",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    )
    options = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"
    )
    start = [str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
    _run(*start, "-o", options, "start")

    def stop() -> None:
        _run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql://lachan@127.0.0.1:{port}/postgres"
