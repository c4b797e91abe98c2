"""Files that are there whole or not at all."""

import os
from pathlib import Path


def file_write(path: Path, content: bytes) -> None:
    """Put `content` in the place of `path`, for its owner alone, durable before it takes the name.

    Raises:
        OSError: the disk would not; what stood there stays, and nothing else.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
