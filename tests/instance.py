"""A real instance for the tests: `lachan up` in a folder of its own, on free ports, with an upstream of its own.

    with Instance(tmp_path) as instance:
        page = Browser(instance.web).get("/")
        instance.kill("worker")

Its home is migrated already, which takes half of a start; with `anew=True` it begins with nothing.

Nothing outside this machine is asked. `log` holds what every process said; all that an instance may write
stands below `folder`: its home, its temporary files, its log.
"""

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import dns.message
import dns.query
import dns.rcode

from lachan.cli.browser import Browser
from lachan.edge.dns.tests.upstream import Upstream
from lachan.kernel.process import started_at

NAMES = ("dns", "shield", "family", "matching", "web", "web worker", "worker", "up")
SHARED = "TESTS_SHARED"
"""Names the folder of what one run of the tests makes once, for all of pytest-xdist's workers."""
_OURS = ("LACHAN_", "DATABASE_URL", "DJANGO_")


class NotReady(AssertionError):
    """Something did not come true in time; the message holds the end of the log."""


class Instance:
    """One home, stopped until `start`.

    Attributes:
        home: LACHAN_HOME. log: what its processes wrote. web: ADDRESS:PORT of the pages.
        dns_port: of the DNS edge, on 127.0.0.1.
    """

    def __init__(self, folder: Path, *, anew: bool = False, **settings: str) -> None:
        self.folder = folder
        self.home, self.log, self._temporary = folder / "home", folder / "log", folder / "tmp"
        for path in (self.home, self._temporary):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.web = f"127.0.0.1:{_free_port()}"
        self.dns_port = _free_port()
        self.upstream = Upstream()
        self.browsers: list[Browser] = []
        self._up: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "LACHAN_HOME": str(self.home),
            "LACHAN_DNS_UPSTREAM": f"127.0.0.1:{self.upstream.port}",
            "LACHAN_DNS_FORWARD": "test",  # our own upstream knows it
            "LACHAN_DNS_TLS_LISTEN": "none",
            "LACHAN_DNS_HTTPS_LISTEN": "none",
            "TMPDIR": str(self._temporary),
            **settings,
        }
        if not anew and "DATABASE_URL" not in settings:
            home_copy(self.home)

    def start(self, *, wait: bool = True) -> Self:
        """Start the supervisor; with `wait`, until pages and names are answered."""
        self._up = self.lachan_start("up", "--web", self.web, "--dns", f"127.0.0.1:{self.dns_port}")
        if wait:
            self.until(lambda: self.answers() and self.rcode("ready.test") is not None, "to start")
        return self

    def stop(self) -> None:
        """Stop in order; whatever is left is killed."""
        if self._up is not None and self._up.poll() is None:
            self._up.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._up.wait(20)
        for name in NAMES:
            self.kill(name)

    def close(self) -> None:
        for browser in self.browsers:
            browser.close()
        self.stop()
        self.upstream.close()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def pid(self, name: str) -> int | None:
        """The process number of one of NAMES; None while it does not run."""
        if name == "up":
            return self._up.pid if self._up is not None and self._up.poll() is None else None
        if name == "web worker":
            return _child(self.pid("web"))
        try:
            pid, began = json.loads((self.home / "run" / "up.json").read_text())[name]
        except (OSError, ValueError, KeyError):
            return None
        return pid if began is not None and started_at(pid) == began else None

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> bool:
        """Send a signal to one of NAMES; whether there was a process to send it to."""
        pid = self.pid(name)
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        if name == "up" and number is signal.SIGKILL and self._up is not None:
            self._up.wait()
        return True

    def answers(self) -> bool:
        """Whether the pages answer."""
        try:
            with urllib.request.urlopen(f"http://{self.web}/healthz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def browser(self) -> Browser:
        """Somebody's browser; closed with the instance."""
        self.browsers.append(Browser(self.web))
        return self.browsers[-1]

    def rcode(self, name: str, *, timeout: float = 1.0) -> str | None:
        """What the DNS edge says of a name: NOERROR, NXDOMAIN …; None where it says nothing."""
        query = dns.message.make_query(name, "A")
        try:
            reply = dns.query.udp(query, "127.0.0.1", port=self.dns_port, timeout=timeout)
        except (OSError, dns.exception.DNSException):
            return None
        return dns.rcode.to_text(reply.rcode())

    def until(self, wanted: Callable[[], Any], what: str, *, seconds: float = 90) -> Any:
        """Wait for something that must come true; its value.

        Raises:
            NotReady: it did not.
        """
        end = time.monotonic() + seconds
        while not (found := wanted()):
            if time.monotonic() > end:
                raise NotReady(
                    f"waited {seconds:.0f} s for the instance {what}\n{self.said()[-3000:]}"
                )
            time.sleep(0.05)
        return found

    def said(self) -> str:
        """What all processes have written until now."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def lachan(self, *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
        """A command of this instance, to its end, with its output."""
        return subprocess.run(
            [sys.executable, "-m", "lachan", *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=300, **more,
        )  # fmt: skip

    def doctor(self) -> dict[str, Any]:
        """What `lachan doctor --json` says of it."""
        return json.loads(self.lachan("doctor", "--json").stdout)

    def lachan_start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command of this instance that runs on; what it says goes to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "lachan", *arguments],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip


@cache
def _prepared() -> Path:
    """A home in which `lachan migrate` has run, and nothing else; one for all processes of a run of the tests."""
    shared = _shared()
    folder = shared / "prepared"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = Path(tempfile.mkdtemp(dir=shared))
            kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
            command = [sys.executable, "-m", "lachan", "migrate"]
            subprocess.run(command, env={**kept, "LACHAN_HOME": str(draft)}, check=True)
            draft.rename(folder)
    return folder


def _shared() -> Path:
    """A folder of the whole run (conftest.py); of this process, where it is none of the tests'."""
    if SHARED in os.environ:
        return Path(os.environ[SHARED])
    folder = Path(tempfile.mkdtemp(prefix="lachan-shared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def home_copy(home: Path) -> None:
    """Make a folder a home with a secret and a present database of its own, and no more in it."""
    shutil.copytree(_prepared(), home, dirs_exist_ok=True)
    home.chmod(0o700)


def _child(pid: int | None) -> int | None:
    """A process's youngest child."""
    alive = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if pid is not None and _parent(path) == pid
    ]
    return max(alive, default=None)


def _parent(stat: Path) -> int | None:
    """proc(5): field 4; a zombie counts as gone."""
    try:
        fields = stat.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[1])


def _free_port() -> int:
    """A port that is free for TCP and UDP on 127.0.0.1 now."""
    for _ in range(50):
        with (
            socket.create_server(("127.0.0.1", 0)) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            port = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port
    raise NotReady("no free port")
