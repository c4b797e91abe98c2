"""HPACK (RFC 7541), as far as a server needs it: all of reading, and of writing what needs no table.

Limits: a block's fields together, so that a few bytes that point into the table do not become megabytes.
"""

from collections import deque

TABLE = 4_096
"""Bytes of the dynamic table, as RFC 9113, section 6.5.2, has it where nothing else is said."""
FIELDS = 32_768
Field = tuple[bytes, bytes]

_STATIC = """:authority|
:method|GET
:method|POST
:path|/
:path|/index.html
:scheme|http
:scheme|https
:status|200
:status|204
:status|206
:status|304
:status|400
:status|404
:status|500
accept-charset|
accept-encoding|gzip, deflate
accept-language|
accept-ranges|
accept|
access-control-allow-origin|
age|
allow|
authorization|
cache-control|
content-disposition|
content-encoding|
content-language|
content-length|
content-location|
content-range|
content-type|
cookie|
date|
etag|
expect|
expires|
from|
host|
if-match|
if-modified-since|
if-none-match|
if-range|
if-unmodified-since|
last-modified|
link|
location|
max-forwards|
proxy-authenticate|
proxy-authorization|
range|
referer|
refresh|
retry-after|
server|
set-cookie|
strict-transport-security|
transfer-encoding|
user-agent|
vary|
via|
www-authenticate|"""
STATIC: tuple[Field, ...] = tuple(
    (name, value)
    for name, _, value in (line.partition(b"|") for line in _STATIC.encode().splitlines())
)
# Appendix B: the code's lengths by symbol; the code is canonical, so they say all of it.
_LENGTHS = [
    13, 23, *[28] * 7, 24, 30, 28, 28, 30, *[28] * 8, 30, *[28] * 9,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8,
    15, 6, 12, 10, 13, 6, *[7] * 22, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5,
    7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23,
    23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22,
    23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22,
    23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26,
    28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26,
    26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
]  # fmt: skip
_END = 256


class HpackFault(Exception):
    """A block that cannot be read, after which no other of its connection can."""


class Decoder:
    """One connection's.

    Attributes:
        changes: how often the dynamic table has changed: what a block says may be remembered until then.
    """

    def __init__(self) -> None:
        self._table: deque[Field] = deque()
        self._size, self._most = 0, TABLE
        self.changes = 0

    def decode(self, block: bytes) -> list[Field]:
        """The fields of a whole block.

        Raises:
            HpackFault: it cannot be read.
        """
        try:
            return self._decode(block)
        except IndexError:
            raise HpackFault("cut short") from None

    def _decode(self, block: bytes) -> list[Field]:
        found, at, total = list[Field](), 0, 0
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _number(block, at, 7)
                field = self._field(index)
            elif first & 0xE0 == 0x20:
                if found:
                    raise HpackFault("the table's size is said late")
                size, at = _number(block, at, 5)
                if size > TABLE:
                    raise HpackFault("a table larger than was offered")
                self._most = size
                self._evict()
                continue
            else:
                kept = first & 0x40
                index, at = _number(block, at, 6 if kept else 4)
                if index:
                    name = self._field(index)[0]
                else:
                    name, at = _string(block, at)
                value, at = _string(block, at)
                field = name, value
                if kept:
                    self._put(field)
            found.append(field)
            total += len(field[0]) + len(field[1]) + 32
            if total > FIELDS:
                raise HpackFault("too many fields, or too large")
        return found

    def _field(self, index: int) -> Field:
        if index <= len(STATIC):
            if index == 0:
                raise HpackFault("no such field")
            return STATIC[index - 1]
        return self._table[index - len(STATIC) - 1]

    def _put(self, field: Field) -> None:
        self._table.appendleft(field)
        self._size += len(field[0]) + len(field[1]) + 32
        self._evict()

    def _evict(self) -> None:
        self.changes += 1
        while self._size > self._most:
            name, value = self._table.pop()
            self._size -= len(name) + len(value) + 32


def _number(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """(the integer at `at`, where it ends): section 5.1, of four further bytes at most."""
    most = (1 << bits) - 1
    number, shift = block[at] & most, 0
    at += 1
    if number < most:
        return number, at
    while True:
        byte = block[at]
        at += 1
        number += (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return number, at
        if shift > 21:
            raise HpackFault("a number without end")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    packed = block[at] & 0x80
    size, at = _number(block, at, 7)
    end = at + size
    if end > len(block):
        raise HpackFault("cut short")
    return (huffman_decode(block[at:end]) if packed else block[at:end]), end


def literal(index: int, value: bytes) -> bytes:
    """A field with a name of the static table, and a value of fewer than 127 bytes, that nobody is to remember."""
    name = bytes((index,)) if index < 15 else bytes((15, index - 15))
    return name + bytes((len(value),)) + value


# Reading by bytes: a state is a place in the code's tree; each byte leads from one to the next.
_Step = tuple[int, bytes, bool]  # next state, what was spelled out, whether it may end there


def _tree_make() -> list[list[int]]:
    """Places with two ways on each; a negative one is a symbol: -1 - symbol."""
    tree, code, length = [[0, 0]], 0, 0
    for size, symbol in sorted((size, symbol) for symbol, size in enumerate(_LENGTHS)):
        code <<= size - length
        length, place = size, 0
        for bit in range(size - 1, 0, -1):
            way = code >> bit & 1
            if tree[place][way] == 0:
                tree.append([0, 0])
                tree[place][way] = len(tree) - 1
            place = tree[place][way]
        tree[place][code & 1] = -1 - symbol
        code += 1
    return tree


_TREE = _tree_make()
_STEPS: list[dict[int, _Step]] = [{} for _ in _TREE]


def _step(state: int, byte: int) -> _Step:
    place, out, ones = state, bytearray(), 0
    # Of a text that ends here no more than seven ones may be left over (section 5.2): those of this byte, or fewer.
    filling = state == 0
    for bit in range(7, -1, -1):
        way = byte >> bit & 1
        ones, filling = (ones + 1, filling) if way else (0, False)
        place = _TREE[place][way]
        if place < 0:
            symbol = -1 - place
            if symbol == _END:
                raise HpackFault("the end within a text")
            out.append(symbol)
            place, ones, filling = 0, 0, True
    whole = place == 0 or (filling and ones < 8)
    _STEPS[state][byte] = step = place, bytes(out), whole
    return step


def huffman_decode(packed: bytes) -> bytes:
    """The text that was packed.

    Raises:
        HpackFault: it ends wrongly.
    """
    state, pieces, whole, steps = 0, [], True, _STEPS
    for byte in packed:
        state, piece, whole = steps[state].get(byte) or _step(state, byte)
        pieces.append(piece)
    if not whole:
        raise HpackFault("a text that does not end")
    return b"".join(pieces)
