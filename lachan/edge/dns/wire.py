"""Network byte order, for compiled code."""

from typing import Any

import numpy as np

from lachan.kernel.jit import njit


@njit(cache=True)
def read_be16(data: Any, at: Any) -> Any:
    return np.int64(data[at]) << 8 | np.int64(data[at + 1])


@njit(cache=True)
def write_be16(data: Any, at: Any, value: Any) -> None:
    data[at] = (value >> 8) & 255
    data[at + 1] = value & 255


@njit(cache=True)
def write_be32(data: Any, at: Any, value: Any) -> None:
    write_be16(data, at, value >> 16)
    write_be16(data, at + 2, value & 0xFFFF)


@njit(cache=True)
def append_bytes(frames: Any, at: Any, data: Any, start: Any, size: Any) -> Any:
    for i in range(size):
        frames[at + i] = data[start + i]
    return at + size


@njit(cache=True)
def write_head(
    frames: Any, at: Any, rcode: Any, answers: Any, authorities: Any, extras: Any
) -> None:
    frames[at + 2] = 0x80 | (frames[at + 2] & 0x79)
    frames[at + 3] = 0x80 | (frames[at + 3] & 0x10) | rcode
    write_be16(frames, at + 6, answers)
    write_be16(frames, at + 8, authorities)
    write_be16(frames, at + 10, extras)
