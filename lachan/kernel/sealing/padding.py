"""Padding that hides how long a text is.

A sealed text is as long as its plain text, and the length alone can tell a short "help" from a long
story, or which of two known messages a report holds. Padmé (Nikitin et al., "Reducing Metadata Leakage
from Encrypted Files and Communication with PURBs", PoPETs 2019, section 4) rounds a length L up so that
it leaks O(log log L) bits and costs at most 12 %. Everything under `FLOOR` bytes looks alike.
"""

FLOOR = 1024  # most children write less: one size for nearly all of them
_HEAD = 4  # the true length, big-endian


def padme(length: int) -> int:
    """The padded size for `length` bytes."""
    if length <= FLOOR:
        return FLOOR
    exponent = length.bit_length() - 1
    mantissa = exponent.bit_length()
    mask = (1 << (exponent - mantissa)) - 1
    return (length + mask) & ~mask


def pad(plain: bytes) -> bytes:
    """`plain` with its length before it and zeros after it."""
    body = len(plain).to_bytes(_HEAD, "big") + plain
    return body.ljust(padme(len(body)), b"\0")


def unpad(padded: bytes) -> bytes:
    """What `pad` was given.

    Raises:
        ValueError: the bytes were not padded by `pad`.
    """
    length = int.from_bytes(padded[:_HEAD], "big")
    if len(padded) < _HEAD or _HEAD + length > len(padded):
        raise ValueError("not padded")
    return padded[_HEAD : _HEAD + length]
