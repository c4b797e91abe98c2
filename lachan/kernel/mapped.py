"""The head of a file that is mapped: magic, version, byte order, the file's own numbers, a checksum over all of it.

No number of a file counts before its head holds. Little-endian throughout, as the machines are on which compiled
code reads such files; one of another order or version is refused by name, and made anew from what it was made of.
"""

import struct
import sys
import zlib
from typing import Any

ORDER = 0x0A0B0C0D


class HeadForm:
    """The form of one sort of file's heads."""

    def __init__(
        self,
        fixed: struct.Struct,
        *,
        magic: bytes,
        version: int,
        size: int,
        altered: type[Exception],
        other: type[Exception],
        check: str = "<I",
        check_at: int = 0,
    ) -> None:
        """Args:
        fixed: of magic, version, order and then the numbers.
        magic: eight bytes.
        size: of the whole head, with what is kept beside these numbers.
        altered, other: the errors for what is no such head, and for one of another version or byte order.
        check: how the CRC-32 is written.
        check_at: where; else behind the numbers. What lies between is zero.
        """
        self._fixed, self._magic, self._version, self._size = fixed, magic, version, size
        self._altered, self._other = altered, other
        self._check, self._check_at = struct.Struct(check), check_at or fixed.size

    def pack(self, *numbers: Any) -> bytes:
        """The head's first bytes, the checksum last."""
        fixed = self._fixed.pack(self._magic, self._version, ORDER, *numbers)
        fixed = fixed.ljust(self._check_at, b"\0")
        return fixed + self._check.pack(zlib.crc32(fixed))

    def read(self, head: bytes, name: str) -> tuple[Any, ...]:
        """The numbers in the `size` bytes at a file's start; `name` is what an error calls it.

        Raises:
            altered: no such file, cut off, or its head was altered.
            other: of another version or byte order.
        """
        if len(head) < self._size or head[:8] != self._magic:
            raise self._altered(f"{name}: not such a file, or cut off within its head")
        version, order = struct.unpack_from("<II", head, 8)
        if order != ORDER or sys.byteorder != "little":
            raise self._other(
                f"{name} was written in another byte order, or is read on a {sys.byteorder}-endian machine: "
                "make it anew"
            )
        if version != self._version:
            raise self._other(
                f"{name} is of version {version}; this program reads {self._version}: make it anew"
            )
        if self._check.unpack_from(head, self._check_at)[0] != zlib.crc32(head[: self._check_at]):
            raise self._altered(f"{name}: the checksum of its head is wrong")
        return self._fixed.unpack_from(head)[3:]
