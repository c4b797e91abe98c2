"""A Ray cluster of this machine and this process alone: nobody else reaches it, it asks nobody, nothing stays.

Ray is made for data centres. By itself, a cluster of one machine listens on every address of it, with a token
that other users of the machine can read; asks the network which cloud this is, whatever is said of usage
statistics; and keeps logs in /tmp that everybody may read.
"""

import functools
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@functools.cache  # Ray keeps the first token of a process
def _surroundings() -> dict[str, str]:
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen on loopback only: not just on Windows
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        # The question about the cloud cannot be switched off: it is sent where nobody listens (RFC 863).
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "localhost,127.0.0.1",
    }


@contextmanager
def local_ray_options(jobs: int) -> Iterator[dict[str, Any]]:
    """Options for `ray.init`: so many jobs at once, or one a core that this process may use.

    Ray is imported, used and shut down inside.
    """
    before = dict(os.environ)
    os.environ.update(_surroundings())
    try:
        with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
            # One below, for Ray lets everybody into the folder that it is given.
            own = str(Path(folder) / "r")
            cores = jobs or len(os.sched_getaffinity(0))
            yield {
                "address": "local", "num_cpus": cores, "include_dashboard": False, "_temp_dir": own,
            }  # fmt: skip
    finally:
        for name in _surroundings():
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
