"""The API keys that open look-ups, in a small file of the owner's alone: hashes and rights, no secret, no name."""

from pathlib import Path

import msgspec

from lachan.matching.records import Viewer


class LookupKey(msgspec.Struct, frozen=True):
    """Attributes:
    prefix: by what it is found.
    hash: hexadecimal; see `kernel/bearer`.
    level, organisation: whose eyes it has, as `Viewer`; `owner` is whose it is.
    expires: Unix seconds.
    """

    prefix: str
    hash: str
    level: int
    organisation: int
    owner: int
    expires: int

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.level, self.organisation)


def keys_encode(keys: list[LookupKey]) -> bytes:
    return msgspec.json.encode(keys)


def keys_read(path: Path) -> dict[str, LookupKey]:
    """By prefix; empty where there is no such file.

    Raises:
        ValueError: it cannot be read as what it should be.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    return {key.prefix: key for key in msgspec.json.decode(raw, type=list[LookupKey])}
