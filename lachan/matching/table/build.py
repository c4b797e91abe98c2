"""Building a table: keys in, one immutable file out."""

import mmap
import zlib
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.formats.snapshot.layout import new_key
from lachan.formats.snapshot.table import frozen
from lachan.kernel.errors import InvalidInput
from lachan.kernel.files import file_draft
from lachan.matching.table import layout as ly


def table_build(keys: npt.NDArray[np.uint8], path: Path, *, name: str) -> None:
    """Write a table of `keys` (uint8[n, width]) at `path`, durable, or leave what stood there.

    Ten million SHA-256 take about three seconds and, meanwhile, the file's size twice in memory.

    Raises:
        InvalidInput: more than 2**32 - 1 keys: make several tables.
        OSError: no room on the disk, or no right to write.
    """
    count, width = keys.shape
    if count > ly.MAX_COUNT:
        raise InvalidInput("a table holds at most 4,294,967,295 keys: make several")
    layout = ly.Layout(
        name=name, width=width, bits=ly.bits_for(count), count=count, secret=new_key()
    )
    with file_draft(path, size=layout.size) as descriptor:
        _write(descriptor, layout, np.ascontiguousarray(keys))


def _write(descriptor: int, layout: ly.Layout, keys: npt.NDArray[np.uint8]) -> None:
    mapped = mmap.mmap(descriptor, layout.size)  # unmapped with its last view, not by close()
    while not _fill(mapped, layout, keys):
        # Two different keys with one 64-bit hash: at ten million keys, once in 400,000 tables.
        layout = msgspec.structs.replace(layout, secret=new_key())
    with memoryview(mapped) as view, view[ly.HEAD_SIZE :] as body:
        check = zlib.crc32(body)
    mapped[: ly.HEAD_SIZE] = msgspec.structs.replace(layout, body_check=check).pack()


def _fill(mapped: mmap.mmap, layout: ly.Layout, keys: npt.NDArray[np.uint8]) -> bool:
    from lachan.matching.table.compiled import hash_keys, table_fill

    flat = frozen(keys.reshape(-1))
    k0, k1 = (np.uint64(half) for half in layout.secret)
    hashes = np.empty(layout.count, np.uint64)
    hash_keys(flat, layout.width, k0, k1, hashes)
    order = np.argsort(hashes)
    directory = np.frombuffer(mapped, np.uint32, (1 << layout.bits) + 1, layout.directory_at)
    out_keys = np.frombuffer(mapped, np.uint8, layout.count * layout.width, layout.keys_at)
    out_rows = np.frombuffer(mapped, np.uint32, layout.count, layout.rows_at)
    parts = (directory, out_keys, out_rows)
    return bool(table_fill(flat, layout.width, hashes, order, layout.bits, *parts))
