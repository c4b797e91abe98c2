"""One entry of a table: a key and its verdict, as bytes.

u16 key length, u8 kind, u8 flags, u32 profile, u32 sequence, [u64 valid-until], [16-byte UUID], key,
[u16 length and text of an identifier that is no UUID], padding to 4. In a delta a check word follows
(u32): after a power cut the disk may hold a slot whose entry it never wrote.
"""

import struct
import uuid

import msgspec

from lachan.formats.observables.record import InvalidKey
from lachan.formats.snapshot.keys import kind_of
from lachan.formats.snapshot.records import Profile, SnapshotCorrupt, Verdict

TOMBSTONE, EXACT, UNTIL, UUID, TEXT = 1, 2, 4, 8, 16
SEQUENCE_LIMIT = 1 << 32
_FIXED = struct.Struct("<HBBII")
_UNTIL = struct.Struct("<Q")
_LENGTH = struct.Struct("<H")


class Entry(msgspec.Struct, frozen=True):
    """A decoded entry; `profile` is a number in its own file's directory."""

    code: int
    flags: int
    profile: int
    sequence: int
    valid_until: int | None
    indicator: str
    key: bytes
    size: int


def entry_encode(code: int, key: bytes, profile: int, verdict: Verdict) -> bytes:
    """An entry's bytes, without check word.

    Raises:
        InvalidKey: the sequence or the identifier does not fit.
    """
    if not 0 <= verdict.sequence < SEQUENCE_LIMIT:
        raise InvalidKey(f"sequence {verdict.sequence} does not fit 32 bits")
    flags, until, identifier, text = 0, b"", b"", b""
    if verdict.exact:
        flags |= EXACT
    if verdict.valid_until is not None:
        flags |= UNTIL
        until = _UNTIL.pack(max(0, int(verdict.valid_until)))
    if verdict.indicator:
        identifier = _uuid_bytes(verdict.indicator)
        if identifier:
            flags |= UUID
        else:
            flags |= TEXT
            text = _text_field(verdict.indicator)
    fixed = _FIXED.pack(len(key), code, flags, profile, verdict.sequence)
    body = b"".join((fixed, until, identifier, key, text))
    return body + b"\0" * (-len(body) % 4)


def tombstone_encode(code: int, key: bytes) -> bytes:
    body = _FIXED.pack(len(key), code, TOMBSTONE, 0, 0) + key
    return body + b"\0" * (-len(body) % 4)


def entry_decode(data: memoryview, at: int) -> Entry:
    """The entry at `at`.

    Raises:
        SnapshotCorrupt: it would reach past the end.
    """
    try:
        length, code, flags, profile, sequence = _FIXED.unpack_from(data, at)
        place = at + _FIXED.size
        until = None
        if flags & UNTIL:
            until = _UNTIL.unpack_from(data, place)[0]
            place += _UNTIL.size
        indicator = ""
        if flags & UUID:
            indicator = str(uuid.UUID(bytes=bytes(data[place : place + 16])))
            place += 16
        key = bytes(data[place : place + length])
        place += length
        if flags & TEXT:
            size = _LENGTH.unpack_from(data, place)[0]
            place += 2
            indicator = bytes(data[place : place + size]).decode("utf-8", "replace")
            place += size
    except (struct.error, ValueError):
        raise SnapshotCorrupt("an entry reaches past the end of its file") from None
    size = (place - at + 3) // 4 * 4
    if at + size > len(data):
        raise SnapshotCorrupt("an entry reaches past the end of its file")
    return Entry(code, flags, profile, sequence, until, indicator, key, size)


def entry_verdict(entry: Entry, profile: Profile) -> Verdict:
    kind = kind_of(entry.code)
    return Verdict(
        kind=kind.name,
        value=kind.from_key(entry.key),
        categories=profile.categories,
        action=profile.action,
        source=profile.source,
        sequence=entry.sequence,
        reason=profile.reason,
        indicator=entry.indicator,
        valid_until=entry.valid_until,
        exact=bool(entry.flags & EXACT),
    )


def _text_field(text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if len(raw) > 1024:
        raise InvalidKey("an identifier has at most 1024 bytes")
    return _LENGTH.pack(len(raw)) + raw


def _uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID in its usual form; empty for any other text."""
    if len(text) != 36:
        return b""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return b""
    return parsed.bytes if str(parsed) == text else b""
