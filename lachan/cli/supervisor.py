"""Runs the processes of one machine: starts them, starts again what falls, stops all in order.

When the supervisor itself is killed its children live on, so that names are still answered; the next
supervisor ends each when it starts its successor.
"""

import contextlib
import dataclasses
import fcntl
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TextIO

import click

from lachan.kernel.errors import Conflict
from lachan.kernel.files import file_write
from lachan.kernel.process import SUPERVISED, fault_file, processes_marked, started_at

_PATIENCE = 10.0  # seconds a process may take to stop
_LONGEST_PAUSE = 30.0
_LIVED_WELL = 5.0  # a process that lived so long is started again without a pause
_OFTEN = 3  # one that ends so many times, each after a short life, will not stay by itself


@dataclasses.dataclass
class Child:
    """One process and its restarts.

    Attributes:
        falls: how many times in a row it ended after a short life.
        reason: why it ended last, as far as it said.
    """

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.0
    due: float = math.inf
    began: float = 0.0
    falls: int = 0
    reason: str = ""


class Supervisor:
    def __init__(self, home: Path, commands: dict[str, list[str]]) -> None:
        """`commands`: name → arguments after `python -m lachan`.

        Raises:
            Conflict: another supervisor runs in this home.
        """
        self._home = home
        self._pids = home / "run" / "up.json"
        self._lock = self._locked(home / "run" / "up.lock")
        self._children = [
            Child(name, [sys.executable, "-m", "lachan", *arguments])
            for name, arguments in commands.items()
        ]
        self._left = orphans(home)
        self.stop = Event()

    @staticmethod
    def _locked(path: Path) -> TextIO:
        lock = path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise Conflict(
                f"an instance already runs in {path.parent.parent}: stop it, or set LACHAN_HOME"
            ) from None
        os.set_inheritable(lock.fileno(), False)
        return lock

    def start(self, *names: str) -> None:
        """Start these children, or all. What a killed supervisor left goes on until its successor starts."""
        for child in self._children:
            if names and child.name not in names:
                continue
            _end_all(self._left.pop(child.name, []))
            self._start(child)
            self._write_pids()

    def run(self, each: Callable[[], None] = lambda: None) -> None:
        """Watch until `stop` is set, and call `each` with every look; then stop the children, last started first."""
        try:
            while not self.stop.wait(0.1):
                self.look()
                each()
        finally:
            self.end()

    def look(self) -> None:
        """Start again what fell: at once the first time, later with growing pauses."""
        for child in self._children:
            if child.process is None:
                if time.monotonic() >= child.due:
                    self._start(child)
                    self._write_pids()
            elif (status := child.process.poll()) is not None:
                lived = time.monotonic() - child.began
                short = lived < _LIVED_WELL
                child.pause = min(max(2 * child.pause, 0.5), _LONGEST_PAUSE) if short else 0.0
                child.falls = child.falls + 1 if short else 1
                child.due, child.process = time.monotonic() + child.pause, None
                child.reason = self._reason(child, status)
                click.echo(f"{child.name} ended: {child.reason}; starting it again", err=True)

    def running(self) -> dict[str, int]:
        """Name → process number of the children that run now."""
        return {
            c.name: c.process.pid
            for c in self._children
            if c.process is not None and c.process.poll() is None
        }

    def falling(self) -> dict[str, str]:
        """Name → reason of the children that end again and again."""
        return {c.name: c.reason for c in self._children if c.falls >= _OFTEN}

    def age(self, name: str) -> float:
        """Seconds since a child was last started; 0 where it has not been, or does not run."""
        for child in self._children:
            if child.name == name and child.process is not None:
                return time.monotonic() - child.began
        return 0.0

    def stands(self, name: str) -> None:
        """A child works: what it fell of before is past."""
        for child in self._children:
            if child.name == name:
                child.falls = 0

    def fallen(self) -> list[str]:
        """Names of the children that do not run now."""
        return [c.name for c in self._children if c.process is None or c.process.poll() is not None]

    def end(self) -> None:
        """Stop all, and what an earlier supervisor left."""
        _end_all([pid for pids in self._left.values() for pid in pids])
        for child in reversed(self._children):
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _PATIENCE
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._pids.unlink(missing_ok=True)
        self._lock.close()

    def _reason(self, child: Child, status: int) -> str:
        file = fault_file(self._home, child.name)
        with contextlib.suppress(OSError):
            said = " ".join(file.read_text(encoding="utf-8", errors="replace").split())
            file.unlink()
            return said
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        return f"status {status}; the lines above say why" if status else "of itself"

    def _start(self, child: Child) -> None:
        child.began = time.monotonic()
        fault_file(self._home, child.name).unlink(missing_ok=True)
        # A session of its own: Ctrl-C reaches the supervisor alone, which then stops all in order.
        child.process = subprocess.Popen(
            child.arguments,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {SUPERVISED: f"{child.name}@{self._home}"},
        )

    def _write_pids(self) -> None:
        left = {name: pids[0] for name, pids in self._left.items()}
        alive = left | {c.name: c.process.pid for c in self._children if c.process is not None}
        listed = {n: [p, started_at(p)] for n, p in alive.items()}
        # Of this start of the machine: no process outlives it.
        file_write(self._pids, json.dumps(listed).encode(), durable=False)


def orphans(home: Path) -> dict[str, list[int]]:
    """What a killed supervisor of this home left running, by name.

    Its list (run/up.json) may lack what it started a moment before it was killed, and knows no children of
    children: where the system tells, every process that carries the mark counts.
    """
    found: dict[str, list[int]] = {}
    with contextlib.suppress(FileNotFoundError, ValueError):
        listed = json.loads((home / "run" / "up.json").read_text(encoding="ascii"))
        found = {n: [p] for n, (p, began) in listed.items() if began and started_at(p) == began}
    for pid, mark in processes_marked(SUPERVISED).items():
        name, _, where = mark.partition("@")
        if where == str(home) and pid not in found.setdefault(name, []):
            found[name].append(pid)
    return {name: pids for name, pids in found.items() if pids}


def _end_all(pids: list[int]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + _PATIENCE
        while pids and time.monotonic() < deadline:
            time.sleep(0.02)
            pids = [pid for pid in pids if started_at(pid) is not None]
