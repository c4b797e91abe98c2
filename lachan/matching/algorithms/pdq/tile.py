"""Sixteen numbers at once, in the processor's vector registers, and rows turned into columns.

LLVM's own vectors, so that it takes whatever the machine has: AVX-512, AVX2, NEON. All arguments are
addresses of float32; nobody checks them.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from lachan.matching.algorithms.pdq.vector import intrinsic

LANES = 16
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INT = ir.IntType(32)


def _pointer(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _VECTOR.as_pointer())


def _load(builder: Any, address: Any) -> Any:
    return builder.load(_pointer(builder, address), align=4)


def _spread(builder: Any, value: Any) -> Any:
    """The same number in every lane."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(_INT, 0))
    zeros = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    return builder.shuffle_vector(one, nothing, zeros)


def _summing(operation: str) -> Any:
    """An intrinsic that changes a vector of sums by another one."""

    @intrinsic
    def change(context: Any, sums: Any, source: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            sums, source = arguments
            result = getattr(builder, operation)(_load(builder, sums), _load(builder, source))
            builder.store(result, _pointer(builder, sums), align=4)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return change


add, drop = _summing("fadd"), _summing("fsub")
"""`add(sums, source)`: add a vector to the sums; `drop(sums, source)`: take it from them."""


def _slide(builder: Any, moved: Any, written: Any = None) -> None:
    """Move sums on: `moved` is where they are, the new, the old, and how many; `written` is called with each state
    of theirs and its place in bytes.

    They stay in registers meanwhile: `add` and `drop` in turn would wait for memory twice a step.
    """
    sums, new, old, count = moved
    allocate: Any = cgutils.alloca_once_value
    now = allocate(builder, _load(builder, sums))
    with cgutils.for_range(builder, count) as loop:
        at = builder.mul(loop.index, ir.Constant(loop.index.type, 4 * LANES))
        more = builder.fadd(builder.load(now), _load(builder, builder.add(new, at)))
        less = builder.fsub(more, _load(builder, builder.add(old, at)))
        builder.store(less, now)
        if written is not None:
            written(less, at)
    builder.store(builder.load(now), _pointer(builder, sums), align=4)


@intrinsic
def slide(context: Any, sums: Any, new: Any, old: Any, count: Any) -> Any:
    """`count` times: add the next vector of `new` to the sums, and take the next of `old` from them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _slide(builder, arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


@intrinsic
def slide_mean(
    context: Any, sums: Any, new: Any, old: Any, count: Any, held: Any, target: Any
) -> Any:
    """As `slide`; each time the sums divided by `held`, a float32, go to the next vector of `target`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *moved, held, target = arguments
        divisor = _spread(builder, held)

        def written(sums: Any, at: Any) -> None:
            place = _pointer(builder, builder.add(target, at))
            builder.store(builder.fdiv(sums, divisor), place, align=4)

        _slide(builder, moved, written)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4, types.float32, types.int64), generate


@intrinsic
def mean(context: Any, sums: Any, held: Any, target: Any) -> Any:
    """Write the sums divided by `held`, a float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, held, target = arguments
        result = builder.fdiv(_load(builder, sums), _spread(builder, held))
        builder.store(result, _pointer(builder, target), align=4)
        return context.get_dummy_value()

    return types.void(types.int64, types.float32, types.int64), generate


def _exchange(builder: Any, rows: list[Any], distance: int) -> None:
    """Exchange the off-diagonal quarters of all squares of twice this width."""
    first, second = [], []
    for lane in range(LANES):
        stays = not lane & distance
        first.append(lane if stays else LANES + lane - distance)
        second.append(lane + distance if stays else LANES + lane)
    masks = [ir.Constant(ir.VectorType(_INT, LANES), mask) for mask in (first, second)]
    for row in range(LANES):
        if not row & distance:
            pair = rows[row], rows[row + distance]
            rows[row], rows[row + distance] = (builder.shuffle_vector(*pair, m) for m in masks)


@intrinsic
def transpose(context: Any, source: Any, source_step: Any, target: Any, target_step: Any) -> Any:
    """16 × 16 numbers, transposed; the steps are bytes from one row to the next."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_step, target, target_step = arguments

        def place(base: Any, step: Any, row: int) -> Any:
            return builder.add(base, builder.mul(step, ir.Constant(step.type, row)))

        rows = [_load(builder, place(source, source_step, row)) for row in range(LANES)]
        # Neighbours at these distances change places: then every number is where it belongs.
        for distance in (8, 4, 2, 1):
            _exchange(builder, rows, distance)
        for row, values in enumerate(rows):
            builder.store(values, _pointer(builder, place(target, target_step, row)), align=4)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate
