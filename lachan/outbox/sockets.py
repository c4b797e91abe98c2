"""The local wake-up: one datagram to each process of this instance that waits.

Threat: another user of the machine floods or listens. The folder is the owner's alone (0700), and a
wake-up carries one word and no data.
"""

import contextlib
import os
import select
import signal
import socket
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from lachan.kernel.doors import socket_folder, socket_folder_make
from lachan.kernel.home import home_path

if TYPE_CHECKING:
    from psycopg import Connection  # SQLite knows no driver

# A question instead of a topic, and its answer: no topic is spelled so.
_THERE, _HERE = b"?", b"!"


def _folder() -> Path:
    return socket_folder(home_path() / "run" / "wake")


def wake(topic: str) -> None:
    """Send `topic` to every process that waits for it; a missing or full one is passed over."""
    with contextlib.suppress(FileNotFoundError):
        for path in _folder().iterdir():
            if path.suffix not in {"", f".{topic}"}:
                continue
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.setblocking(False)
                try:
                    out.sendto(topic.encode(), str(path))
                except ConnectionRefusedError:
                    # Its process was killed. Linux refuses so for what is no socket too: that is not ours.
                    if path.is_socket():
                        path.unlink(missing_ok=True)
                except OSError:
                    pass


def is_waiting(pid: int, seconds: float) -> bool:
    """Whether a process of this instance waits for wake-ups: asked of it, and answered within `seconds`."""
    for path in _folder().glob(f"{pid}-*"):
        mine = _folder() / f"ask-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            mine.unlink(missing_ok=True)
            out.bind(str(mine))
            out.settimeout(seconds)
            try:
                out.sendto(_THERE, str(path))
                while out.recv(200) != _HERE:  # a wake-up reaches whoever has a socket here
                    pass
            except OSError:
                continue
            finally:
                mine.unlink(missing_ok=True)
            return True
    return False


class Listener:
    """Waits for wake-ups; also for PostgreSQL's notifications when given such a connection."""

    def __init__(self, database_url: str = "", topic: str = "") -> None:
        """`topic`: the one that is waited for; others come only by PostgreSQL, which tells all."""
        folder = _folder()
        socket_folder_make(folder)
        self._path = (folder / f"{os.getpid()}-{id(self):x}").with_suffix(topic and f".{topic}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._socket.setblocking(False)
        self._url = database_url
        self._notices: Connection[Any] | None = None
        self._connect()
        _open.add(self)

    def _connect(self) -> None:
        if not self._url:
            return
        import psycopg

        with contextlib.suppress(psycopg.Error):
            notices = self._notices = psycopg.connect(self._url, autocommit=True)
            notices.execute("LISTEN lachan")

    def wait(self, seconds: float) -> set[str]:
        """The topics woken within `seconds`; empty when nothing came."""
        if self._url and self._notices is None:
            self._connect()
        sources = [s for s in (self._socket, self._notices) if s is not None]
        ready, _, _ = select.select(sources, [], [], seconds)
        return {topic for source in ready for topic in self._read(source)}

    def _read(self, source: object) -> list[str]:
        if source is self._socket:
            topics = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, asker = self._socket.recvfrom(200)
                    if data != _THERE:
                        topics.append(data.decode(errors="replace"))
                    elif asker:
                        with contextlib.suppress(OSError):
                            self._socket.sendto(_HERE, asker)
            return topics
        import psycopg

        assert self._notices is not None  # noqa: S101  it was selected
        try:
            return [notice.payload for notice in self._notices.notifies(timeout=0)]
        except psycopg.Error:
            # The server went away: forget the connection, look at the ledger anyway, try again later.
            self._notices = None
            return ["reconnect"]

    def interrupt(self) -> None:
        """End the wait that goes on, or the next one, as if woken for no topic."""
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", str(self._path))

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)
        if self._notices is not None:
            self._notices.close()


_open: WeakSet[Listener] = WeakSet()


def stop_on_signal() -> Event:
    """What SIGTERM and SIGINT set, in the main thread; they also end a listener's wait, which a signal alone
    does not (PEP 475).
    """
    stop = Event()

    def end(*_: object) -> None:
        stop.set()
        for listener in list(_open):
            listener.interrupt()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop
