"""The bytes of a segment: PDQ hashes and, from a few thousand on, the index that finds their neighbours.

    0       header: magic, version, byte order, what the file holds and where, checksums
    4096    with an index:                                   without:
            codes         32 bytes a hash, chunk by chunk    words  the hashes' first words of 64
            directories   16 times 65,537 ends of buckets           bits, then all the second ones,
            next          16 times 2 bytes a hash                   the third, the fourth
            after         16 times 2 bytes a hash
            rows          16 times 3 bytes a hash (4 from 2**24 hashes on)

For chunk t, `directories[t][k]` says where the bucket of the hashes with chunk t = k begins, and the next
entry where it ends. At those places lie, one after the other, the hashes' chunk t + 1 (`next`), chunk t + 2
(`after`) and row (`rows`), so that a bucket is sifted without a look at any hash. All numbers are
little-endian, as the machines are on which the kernels run; sections begin on a page.
"""

import struct
from typing import Self

import msgspec

from lachan.kernel.mapped import HeadForm
from lachan.matching.algorithms.pdq.chunks import BUCKETS, CHUNKS
from lachan.matching.records import SegmentCorrupt, SegmentVersion

MAGIC = b"LCPDQSEG"
VERSION = 1
PAGE = 4096
LINE = 64
LANES = 16  # hashes that a scan compares at once
SPARE = 128  # vector reads run past a section's last entry
DIRECTORY_STRIDE = (
    4 * BUCKETS + LINE
)  # the 65,537th number, and no two directories in the same cache sets
COUNT_LIMIT = (1 << 32) - 1
EVEN, ODD, MIXED = range(3)
# Magic, version, order, flags, parity, count, six places, size, checksum of all that follows the header.
_FIXED = struct.Struct("<8sIIIIQQQQQQQQ")
_HEAD = HeadForm(
    _FIXED,
    magic=MAGIC,
    version=VERSION,
    size=PAGE,
    altered=SegmentCorrupt,
    other=SegmentVersion,
)
_INDEXED = 1


def _pages(size: int) -> int:
    return (size + PAGE - 1) // PAGE * PAGE


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds; all places follow from it. Places and strides are in bytes.

    Attributes:
        count: hashes.
        indexed: whether there are directories; without, a search compares every hash.
        parity: EVEN or ODD where all hashes have an even or odd number of set bits, else MIXED.
        checksum: of the bytes after the header (`build.weigh`).
    """

    count: int
    indexed: bool
    parity: int = MIXED
    checksum: int = 0

    @property
    def row_bytes(self) -> int:
        return 3 if self.count < 1 << 24 else 4

    @property
    def words_stride(self) -> int:
        """Without an index: from the first words of all hashes to their second words."""
        return 8 * ((self.count + LANES - 1) // LANES * LANES)

    @property
    def short_stride(self) -> int:
        """From one chunk's `next` (or `after`) to the following chunk's."""
        return (2 * self.count + SPARE + LINE - 1) // LINE * LINE

    @property
    def rows_stride(self) -> int:
        return (self.row_bytes * self.count + SPARE + LINE - 1) // LINE * LINE

    @property
    def codes_at(self) -> int:
        return PAGE

    @property
    def directories_at(self) -> int:
        return _pages(self.codes_at + 32 * self.count + SPARE)

    @property
    def next_at(self) -> int:
        return _pages(self.directories_at + CHUNKS * DIRECTORY_STRIDE)

    @property
    def after_at(self) -> int:
        return _pages(self.next_at + CHUNKS * self.short_stride)

    @property
    def rows_at(self) -> int:
        return _pages(self.after_at + CHUNKS * self.short_stride)

    @property
    def size(self) -> int:
        if not self.indexed:
            return _pages(self.codes_at + 4 * self.words_stride)
        return _pages(self.rows_at + CHUNKS * self.rows_stride)

    def pack(self) -> bytes:
        """The header's first bytes; zeros follow up to the page's end."""
        places = (self.directories_at, self.next_at, self.after_at, self.rows_at)
        return _HEAD.pack(
            _INDEXED if self.indexed else 0,
            self.parity,
            self.count,
            self.codes_at,
            *(places if self.indexed else (0, 0, 0, 0)),
            self.size,
            self.checksum,
        )

    @classmethod
    def read(cls, head: bytes, size: int) -> Self:
        """The layout that a file of `size` bytes declares in its first page.

        Raises:
            SegmentVersion: of another version or byte order.
            SegmentCorrupt: no such file, cut off, or its header altered.
        """
        flags, parity, count, *_, checksum = _HEAD.read(head, "the segment of PDQ hashes")
        layout = cls(indexed=bool(flags & _INDEXED), parity=parity, count=count, checksum=checksum)
        if not head.startswith(layout.pack()):
            raise SegmentCorrupt("the header contradicts itself")
        if layout.size != size:
            raise SegmentCorrupt(
                f"{size} bytes long instead of {layout.size}: cut off or overwritten"
            )
        return layout
