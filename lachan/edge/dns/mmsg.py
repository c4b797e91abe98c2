"""recvmmsg and sendmmsg: many datagrams in one system call, by ctypes, without a compiler.

Layout of Linux's `struct mmsghdr` on 64-bit machines, as eight 64-bit words: name, name's length, iovec,
their number, control, its length, flags, bytes received (recvmmsg(2), socket.h).
"""

import ctypes
import socket
import struct
import sys

import numpy as np

from lachan.edge.dns.layout import STRIDE

BATCH = 64
NAME_SIZE = 32
RECEIVE = 1400
"""Longer queries are cut and refused; a reply needs the rest of the frame."""
_WAIT_FOR_ONE = 0x10000


def mmsg_available() -> bool:
    """Whether this machine has what the compiled path needs; the plain one answers alike elsewhere."""
    if not (sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 2**32):
        return False
    libc = ctypes.CDLL(None)
    return hasattr(libc, "recvmmsg") and hasattr(libc, "sendmmsg")


class Frames:
    """Buffers for a batch of datagrams on one socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        for call, extra in ((self._libc.recvmmsg, [ctypes.c_void_p]), (self._libc.sendmmsg, [])):
            call.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, *extra]
            call.restype = ctypes.c_int
        self._descriptor = sock.fileno()
        self.frames = np.zeros(BATCH * STRIDE, np.uint8)
        self._names = np.zeros(BATCH * NAME_SIZE, np.uint8)
        self._iovecs = np.zeros((BATCH, 2), np.uint64)
        self.pieces = np.zeros((BATCH, 2), np.uint64)
        self.received = np.zeros((BATCH, 8), np.uint64)
        self.sending = np.zeros((BATCH, 8), np.uint64)
        for i in range(BATCH):
            self._iovecs[i] = self.frames.ctypes.data + i * STRIDE, RECEIVE
            self.received[i, 0] = self._names.ctypes.data + i * NAME_SIZE
            self.received[i, 2] = self._iovecs.ctypes.data + i * 16
            self.sending[i, 2] = self.pieces.ctypes.data + i * 16
        self.received[:, 3] = self.sending[:, 3] = 1
        self._received_at = self.received.ctypes.data
        self._sending_at = self.sending.ctypes.data

    def receive(self) -> int:
        """Wait for at least one datagram, at most the socket's timeout; how many came."""
        self.received[:, 1] = 28
        count: int = self._libc.recvmmsg(
            self._descriptor, self._received_at, BATCH, _WAIT_FOR_ONE, None
        )
        return max(0, count)

    def send(self, count: int) -> None:
        """Send the first `count` replies. One that the kernel refuses (a forged source port 0, say) is
        left out, and does not hold up those behind it.
        """
        sent = 0
        while sent < count:
            place = self._sending_at + 64 * sent
            done = self._libc.sendmmsg(self._descriptor, place, count - sent, 0)
            sent += done if done > 0 else 1

    def packet(self, number: int) -> bytes:
        length = int(self.received[number, 7]) & 0xFFFFFFFF
        return self.frames[number * STRIDE : number * STRIDE + length].tobytes()

    def address(self, number: int) -> tuple[str, int] | tuple[str, int, int, int]:
        """Where a datagram came from, in the form that `sendto` takes."""
        raw = self._names[number * NAME_SIZE : (number + 1) * NAME_SIZE].tobytes()
        port = int.from_bytes(raw[2:4], "big")
        if struct.unpack_from("=H", raw)[0] == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
        flow, scope = int.from_bytes(raw[4:8], "big"), struct.unpack_from("=I", raw, 24)[0]
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, flow, scope
