"""Identifiers: UUIDv7 (RFC 9562, section 5.7), which sort by time, and keys that say nothing of time."""

import secrets
import time
import uuid
from datetime import datetime


def uuid7(at: datetime | None = None) -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    `at` is for things whose exact moment must not be kept: give a rounded one.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    random_bits = secrets.randbits(74)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random_bits >> 62) << 64
    value |= 0b10 << 62
    value |= random_bits & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def key_random() -> int:
    """A database's own key, 62 random bits. Serial ones lie on the disk in the order in which rows were made:
    whoever steals it finds a report between two acts of staff whose minute is known.
    """
    return secrets.randbits(62)
