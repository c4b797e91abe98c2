"""The keyring: the keys that the follower wrote down, looked at again several times a second."""

import time
from pathlib import Path

from lachan.edge.matching.problems import key_refused
from lachan.kernel.bearer import bearer_opens, bearer_prefix
from lachan.matching.between.keys import LookupKey, keys_read

_LOOK_SECONDS = 0.25


class Keyring:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._look_at = 0.0
        self._keys: dict[str, LookupKey] = {}

    def open(self, authorization: str | None) -> LookupKey:
        """The key that a request came with.

        Raises:
            Problem: none, unknown, expired or revoked: they are not told apart.
        """
        self._refresh()
        scheme, _, text = (authorization or "").partition(" ")
        key = self._keys.get(bearer_prefix(text))
        kept = bytes.fromhex(key.hash) if key is not None else None
        opens = bearer_opens(text, kept)
        if key is None or not opens or scheme.lower() != "bearer" or key.expires <= time.time():
            raise key_refused()
        return key

    def _refresh(self) -> None:
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_SECONDS
        try:
            found = self._path.stat()
            stamp = (found.st_ino, found.st_mtime_ns)
            if stamp != self._stamp:
                self._keys, self._stamp = keys_read(self._path), stamp
        except FileNotFoundError:
            self._keys, self._stamp = {}, None
        except (OSError, ValueError):
            return  # what was known stays; each key still ends by itself
