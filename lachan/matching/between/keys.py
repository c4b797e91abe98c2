"""The API keys that open look-ups, in a small file of the owner's alone: hashes and rights, no secret, no name."""

from pathlib import Path

import msgspec

from lachan.formats.sharing import Level, Viewer


class LookupKey(msgspec.Struct, frozen=True):
    """Attributes:
    prefix: by what it is found.
    hash: hexadecimal; see `kernel/bearer`.
    level, circles: whose eyes it has, as `Viewer`; `organisation` is a circle too, `owner` is whose it is.
    expires: Unix seconds.
    """

    prefix: str
    hash: str
    level: int
    organisation: int
    owner: int
    expires: int
    circles: tuple[int, ...] = ()

    @property
    def viewer(self) -> Viewer:
        # 3 stands in files of before: of an organisation, and a member's sight.
        circles = filter(None, (self.organisation, *self.circles))
        return Viewer.of(min(self.level, Level.MEMBERS), *circles)


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
