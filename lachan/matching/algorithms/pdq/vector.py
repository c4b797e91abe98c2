"""What numba does not offer by itself: memory by address, prefetches, counts of bits, many words at once.

Each function here is one to ten instructions of LLVM's own language, which is the same for all machines:
LLVM turns "32 lanes of 16 bits" into whatever the processor has (two instructions with AVX-512, a table
look-up with AVX2, SSSE3 or NEON), so there is no code for one processor anywhere.

Two rules hold for all code that uses them. Every number is a *signed* 64-bit integer, the words of a
hash too: numba makes a float of a signed and an unsigned number that meet. And an address is only as good
as the array that it came from: whoever takes one keeps the array until the call is over.
"""

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import extending
from numba.core import cgutils, types

from lachan.kernel.jit import njit

intrinsic: Any = (
    extending.intrinsic
)  # it takes the context away from the arguments, which no type says

_BIT, _BYTE = ir.IntType(1), ir.IntType(8)
_SHORT, _INT, _LONG = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_BYTES = _BYTE.as_pointer()
_SHORTS = ir.VectorType(_SHORT, 32)
_I64 = types.int64


def _external(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(result, arguments)
    insert: Any = cgutils.get_or_insert_function
    return insert(builder.module, kind, name)


def _spread(builder: Any, value: Any, lanes: int) -> Any:
    """The same value in every lane."""
    kind = ir.VectorType(value.type, lanes)
    nothing = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(_INT, 0))
    zeros = ir.Constant(ir.VectorType(_INT, lanes), [0] * lanes)
    return builder.shuffle_vector(one, nothing, zeros)


def _narrow(builder: Any, value: Any, word: Any) -> Any:
    return value if word.width == 64 else builder.trunc(value, word)


def _widen(builder: Any, value: Any) -> Any:
    return value if value.type.width == 64 else builder.zext(value, _LONG)


def _near(builder: Any, words: Any, word: Any, limit: Any) -> Any:
    """One bit a lane: whether the lane differs from `word` in at most `limit` bits."""
    lane, lanes = words.type.element, words.type.count
    count = _external(builder, f"llvm.ctpop.v{lanes}i{lane.width}", words.type, [words.type])
    other = _spread(builder, _narrow(builder, word, lane), lanes)
    bits = builder.call(count, [builder.xor(words, other)])
    near = builder.icmp_unsigned("<=", bits, _spread(builder, _narrow(builder, limit, lane), lanes))
    return builder.bitcast(near, ir.IntType(lanes))


def _load(builder: Any, address: Any, kind: Any, align: int) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=align)


def _loader(word: Any) -> Any:
    @intrinsic
    def load(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = _load(builder, arguments[0], word, 1)
            return _widen(builder, value)

        return _I64(_I64), generate

    return load


def _storer(word: Any) -> Any:
    @intrinsic
    def store(context: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = builder.inttoptr(arguments[0], word.as_pointer())
            builder.store(_narrow(builder, arguments[1], word), place, align=1)
            return context.get_dummy_value()

        return types.void(_I64, _I64), generate

    return store


load8, load16, load32, load64 = (_loader(word) for word in (_BYTE, _SHORT, _INT, _LONG))
"""`load…(address)`: 8, 16 and 32 bits come back as 0 … 2**bits - 1."""
store8, store16, store32, store64 = (_storer(word) for word in (_BYTE, _SHORT, _INT, _LONG))
"""`store…(address, value)`: the value's low bits."""


@intrinsic
def prefetch(context: Any, address: Any) -> Any:
    """`prefetch(address)`: have the line of 64 bytes fetched while other work goes on; never faults.

    Into the second cache: the first one has only a few dozen lines under way, and drops or holds up what is asked
    for beyond them.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _BYTES)
        kinds = [_BYTES, _INT, _INT, _INT]
        fetch = _external(builder, "llvm.prefetch.p0", ir.VoidType(), kinds)
        # to read (0), to be kept from the second cache on (2), as data (1)
        builder.call(fetch, [place, *(ir.Constant(_INT, n) for n in (0, 2, 1))])
        return context.get_dummy_value()

    return types.void(_I64), generate


@intrinsic
def bits(context: Any, word: Any) -> Any:
    """`bits(word)`: how many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.call(_external(builder, "llvm.ctpop.i64", _LONG, [_LONG]), arguments)

    return _I64(_I64), generate


@intrinsic
def lowest(context: Any, word: Any) -> Any:
    """`lowest(word)`: the place of the lowest set bit; undefined for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = _external(builder, "llvm.cttz.i64", _LONG, [_LONG, _BIT])
        return builder.call(count, [arguments[0], ir.Constant(_BIT, 1)])

    return _I64(_I64), generate


def _counted(builder: Any, address: Any, word: Any, limit: Any) -> Any:
    """Which shorts are near, by counting bits: one instruction where the processor has it, a dozen elsewhere."""
    return _near(builder, _load(builder, address, _SHORTS, 2), word, limit)


def _cleared(builder: Any, limit: int, address: Any, word: Any) -> Any:
    """The same by clearing the lowest set bit `limit` times: half of that dozen for 2, and never a table."""
    words = _load(builder, address, _SHORTS, 2)
    left = builder.xor(words, _spread(builder, _narrow(builder, word, _SHORT), 32))
    for _ in range(limit):
        left = builder.and_(left, builder.add(left, ir.Constant(_SHORTS, [-1] * 32)))
    none = builder.icmp_unsigned("==", left, ir.Constant(_SHORTS, [0] * 32))
    return builder.bitcast(none, _INT)


@intrinsic
def _shorts_counted(context: Any, address: Any, word: Any, limit: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _widen(builder, _counted(builder, *arguments))

    return _I64(_I64, _I64, _I64), generate


@intrinsic
def _shorts_counted_store(context: Any, address: Any, word: Any, limit: Any, target: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        mask = _counted(builder, *arguments[:3])
        builder.store(mask, builder.inttoptr(arguments[3], _INT.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(_I64, _I64, _I64, _I64), generate


def _shorts_cleared(limit: int) -> Any:
    @intrinsic
    def near(context: Any, address: Any, word: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _widen(builder, _cleared(builder, limit, *arguments))

        return _I64(_I64, _I64), generate

    return near


def _shorts_cleared_store(limit: int) -> Any:
    @intrinsic
    def near(context: Any, address: Any, word: Any, target: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            mask = _cleared(builder, limit, *arguments[:2])
            builder.store(mask, builder.inttoptr(arguments[2], _INT.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(_I64, _I64, _I64), generate

    return near


# Limits of 2 and 3 are nearly all that is asked: the second chunk's, at a radius of 31 (`chunks.BOUNDS`).
COUNTS_SHORTS: bool = get_host_cpu_features().get("avx512bitalg", False)
_two, _three = _shorts_cleared(2), _shorts_cleared(3)
_two_store, _three_store = _shorts_cleared_store(2), _shorts_cleared_store(3)


@njit(cache=True)
def near_shorts(address: int, word: int, limit: int) -> Any:
    """Of the 32 words of 16 bits at `address`, those that differ from `word` in at most `limit` bits, as a mask
    of 32 bits.
    """
    if not COUNTS_SHORTS and limit == 2:
        mask = _two(address, word)
    elif not COUNTS_SHORTS and limit == 3:
        mask = _three(address, word)
    else:
        mask = _shorts_counted(address, word, limit)
    return mask


@njit(cache=True)
def near_shorts_store(address: int, word: int, limit: int, target: int) -> None:
    """As `near_shorts`, the mask written as 32 bits at `target`: the processor does so without a detour."""
    if not COUNTS_SHORTS and limit == 2:
        _two_store(address, word, target)
    elif not COUNTS_SHORTS and limit == 3:
        _three_store(address, word, target)
    else:
        _shorts_counted_store(address, word, limit, target)


@intrinsic
def near_pairs(context: Any, first: Any, second: Any, word: Any, other: Any, limit: Any) -> Any:
    """`near_pairs(first, second, word, other, limit)`: of 16 entries whose words of 64 bits lie one after
    the other at `first`, and their second words at `second`, those that differ from (`word`, `other`) in at
    most `limit` bits, as a mask of 16 bits.
    """
    kind = ir.VectorType(_LONG, 16)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = _external(builder, "llvm.ctpop.v16i64", kind, [kind])
        sums = None
        for address, one in ((arguments[0], arguments[2]), (arguments[1], arguments[3])):
            words = _load(builder, address, kind, 8)
            found = builder.call(count, [builder.xor(words, _spread(builder, one, 16))])
            sums = found if sums is None else builder.add(sums, found)
        near = builder.icmp_unsigned("<=", sums, _spread(builder, arguments[4], 16))
        return _widen(builder, builder.bitcast(near, _SHORT))

    return _I64(_I64, _I64, _I64, _I64, _I64), generate


@intrinsic
def nonzero_ints(context: Any, address: Any) -> Any:
    """`nonzero_ints(address)`: which of the 16 words of 32 bits at `address` are not 0, as a mask of 16."""
    kind = ir.VectorType(_INT, 16)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = _load(builder, arguments[0], kind, 4)
        mask = builder.icmp_unsigned("!=", words, ir.Constant(kind, [0] * 16))
        return _widen(builder, builder.bitcast(mask, _SHORT))

    return _I64(_I64), generate
