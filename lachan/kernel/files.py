"""Atomic writes: files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def draft_path(path: Path) -> Path:
    """A name beside `path` that nothing else has, whoever writes there meanwhile: `.NAME.xxxxxxxx.tmp`."""
    return path.with_name(f".{path.name[:50]}.{os.urandom(4).hex()}.tmp")


@contextmanager
def file_draft(
    path: Path, *, mode: int = 0o600, size: int = 0, durable: bool = True, replace: bool = True
) -> Iterator[int]:
    """The descriptor of a new file beside `path`, which takes that name when the block ends.

    Until then it has another (`draft_path`); a kill leaves it, so a folder that gets large ones is swept of them.

    Args:
        mode: for whom, as far as the process's mask lets it.
        size: bytes that are reserved, not sparse: a full disk is an error here and now, not a SIGBUS later.
        durable: content before name, and the name before this returns; for what cannot be had again.
        replace: whether what stands there gives way.

    Raises:
        OSError: the disk would not. Nothing but what stood there stays; or, where it would not keep the name
            durably, all of the new file.
        FileExistsError: something stands there, and is not to be replaced.
    """
    draft = draft_path(path)
    # Never one that is there: it would keep its mode, and a link would lead elsewhere.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(draft, flags, mode)
    except OSError as error:
        error.filename = os.fspath(path)
        raise
    try:
        try:
            if size:
                os.posix_fallocate(descriptor, 0, size)
            yield descriptor
            if durable:
                # Also of what was written through a map; unlike msync, without the GIL.
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)  # fails where the name exists: of several, the first wins
            draft.unlink()
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        folder_sync(path.parent)


def file_write(
    path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True, replace: bool = True
) -> None:
    """Put `content` in the place of `path`; arguments and errors as of `file_draft`."""
    with (
        file_draft(path, mode=mode, durable=durable, replace=replace) as descriptor,
        open(descriptor, "wb", closefd=False) as file,
    ):
        file.write(content)


def folder_sync(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the disk would not.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
