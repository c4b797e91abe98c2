"""Doors between processes of one home: a question to each of a kind that runs, and their answers, in memory alone.

A door is a socket in LACHAN_HOME/run/doors that its owner alone can open (0600, in a folder of 0700). A message is 4
bytes of length and as many bytes; what they mean is between the two who speak. Nothing is logged, nothing stays.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

MESSAGE = 1 << 20
WAITING_SECONDS = 5.0
# sun_path holds 108 bytes on Linux, 104 on BSD and macOS.
_LONGEST_PATH = 100


def socket_folder(folder: Path) -> Path:
    """Where sockets that belong into `folder` stand: there, or below /tmp where its path is too long for one."""
    if len(str(folder)) > _LONGEST_PATH - 30:
        name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        # Not gettempdir(): TMPDIR may be long too, and may differ between processes that must meet.
        folder = Path("/tmp") / f"lachan-{os.getuid()}-{name}"  # noqa: S108  its owner is checked below
    return folder


def socket_folder_make(folder: Path) -> None:
    """Have a `socket_folder` that is the owner's alone.

    Raises:
        OSError: it cannot be had, or is another's.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # lstat: a link that somebody left in /tmp would lead into a folder that is the owner's indeed.
    if not stat.S_ISDIR((found := folder.lstat()).st_mode) or found.st_uid != os.getuid():
        raise PermissionError(1, "it belongs to another user", str(folder))


def _folder(home: Path) -> Path:
    return socket_folder(home / "run" / "doors")


class Door:
    """One process's own; open until `close`."""

    def __init__(self, home: Path, kind: str, answer: Callable[[bytes], bytes]) -> None:
        """`answer`: to each message; called in the loop, so it must not wait. What it raises shuts the asker out."""
        self._path = _folder(home) / f"{kind}-{os.getpid()}"
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises:
        OSError: the folder cannot be had, or is another's.
        """
        socket_folder_make(self._path.parent)
        self._path.unlink(missing_ok=True)  # of a process that had this number before
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(str(self._path))
            self._path.chmod(0o600)
            self._server = await asyncio.start_unix_server(self._serve, sock=sock)
        except OSError:
            sock.close()
            raise

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(WAITING_SECONDS):
                size = int.from_bytes(await reader.readexactly(4), "big")
                if size <= MESSAGE:
                    answer = self._answer(await reader.readexactly(size))
                    writer.write(len(answer).to_bytes(4, "big") + answer)
                    await writer.drain()
        writer.close()


def doors_ask(home: Path, kind: str, message: bytes, *, seconds: float = 1.0) -> list[bytes]:
    """What each open door of a kind answers; one that does not within `seconds` in all is left out."""
    end, found = time.monotonic() + seconds, []
    for path in sorted(_folder(home).glob(f"{kind}-*")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as out:
            out.settimeout(max(0.01, end - time.monotonic()))
            try:
                out.connect(str(path))
                out.sendall(len(message).to_bytes(4, "big") + message)
                size = int.from_bytes(_exactly(out, 4), "big")
                if size <= MESSAGE:
                    found.append(_exactly(out, size))
            except ConnectionRefusedError:
                # Its process was killed. Linux refuses so for what is no socket too: that is not ours.
                if path.is_socket():
                    path.unlink(missing_ok=True)
            except OSError:
                continue
    return found


def _exactly(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = sock.recv(size - len(found))
        if not piece:
            raise ConnectionResetError
        found += piece
    return found
