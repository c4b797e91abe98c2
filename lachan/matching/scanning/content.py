"""Reading one file, or one member of an archive: once through, for all digests together."""

import hashlib
import io
import os
import stat
from collections.abc import Callable, Sequence
from typing import IO, NamedTuple

_HEAD = 512
_PIECE = 1 << 20
_PICTURES = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*"),
    *(b"\0\0\0\x0cJXL \r\n\x87\n", b"\0\0\0\x0cjP  \r\n\x87\n"),
)
_STILLS = (
    *(b"avif", b"avis", b"mif1", b"msf1"),
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
)


class Content(NamedTuple):
    """What was read.

    Attributes:
        digests: hexadecimal, by name.
        size: in bytes.
        data: the bytes, unless they were too many to hold.
        head: the first 512.
        again: reads it once more, where that is possible.
    """

    digests: dict[str, str]
    size: int
    data: bytes | None
    head: bytes
    again: IO[bytes] | None


def content_read(
    stream: IO[bytes], digests: Sequence[str], memory: int, sign: Callable[[], None],
    again: IO[bytes] | None = None,
) -> Content:  # fmt: skip
    """Read a stream to its end, holding at most `memory` bytes of it.

    Args:
        stream: from where it stands.
        digests: to be made, by name.
        memory: more than so many bytes are not held.
        sign: called with every piece: a disk image takes longer to read than a silent process may live.
        again: what reads it once more, where that is possible.

    Raises: whatever the stream raises.
    """
    made = {name: hashlib.new(name, usedforsecurity=False) for name in digests}
    data = piece = stream.read(memory + 1)
    whole = len(data) <= memory
    size = 0
    while piece:
        size += len(piece)
        for digest in made.values():
            digest.update(piece)
        sign()
        piece = b"" if whole else stream.read(_PIECE)
    return Content(
        {name: digest.hexdigest() for name, digest in made.items()},
        size,
        data if whole else None,
        data[:_HEAD],
        io.BytesIO(data) if whole else again,
    )


def file_open(path: str) -> IO[bytes]:
    """A regular file, whatever the name has come to mean since it was listed.

    Raises:
        OSError: it cannot be read, or is none.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(None, "no longer a file")
    return os.fdopen(descriptor, "rb")


def is_picture(head: bytes) -> bool:
    """Whether the first bytes are a picture's; what then cannot be decoded is damaged, not another file.

    Also of kinds that nothing here decodes (HEIC, JPEG XL, JPEG 2000): not to be looked at is not to be clean.
    """
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        return head[8:12] in _STILLS
    if head[:2] == b"BM":  # two letters are little: the reserved zeros stand for the rest
        return head[6:10] == bytes(4)
    return head.startswith(_PICTURES)
