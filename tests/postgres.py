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

# Nothing here must survive a power cut.
_OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"


class NoServer(RuntimeError):
    """No PostgreSQL is installed; the message says how to get it."""


def binaries() -> Path:
    """The folder of `postgres`, `pg_ctl`, `pg_dump`.

    Raises:
        NoServer: nothing is installed.
    """
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


class Server:
    """One server, stopped until `start`; it can be stopped and started again on the same data.

    Attributes:
        data: its data folder. url: of a database in it.
    """

    def __init__(self) -> None:
        self._binaries = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="lachan-pg-"))
        if os.getuid() == 0:
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.data = self.folder / "data"
        self.url = f"postgresql://lachan@127.0.0.1:{self._port}/postgres"
        command = [str(self._binaries / "initdb"), "-D", str(self.data), "-U", "lachan"]
        _run(*command, "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-p {self._port} -k {self.folder} {_OPTIONS}"
        self._control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """At once: open connections are cut."""
        self._control("-m", "immediate", "stop")

    def dump(self) -> bytes:
        """Everything in the database, as text."""
        command = [str(self._binaries / "pg_dump"), "--dbname", self.url]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def remove(self) -> None:
        """Stop, if it runs, and delete the data."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        _run(str(self._binaries / "pg_ctl"), "-D", str(self.data), *arguments)


@cache
def server_url() -> str:
    """Start a server (once a process; it ends with the process) and give its URL.

    Raises:
        NoServer: nothing is installed.
    """
    server = Server()
    server.start()
    atexit.register(server.remove)
    return server.url
