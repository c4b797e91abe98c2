"""Sixteen numbers at once, in the processor's vector registers, and rows turned into columns.

LLVM's own vectors, so that it takes whatever the machine has: AVX-512, AVX2, NEON. All arguments are
addresses of float32; nobody checks them.
"""

from typing import Any

from llvmlite import ir
from numba.core import types

from lachan.matching.algorithms.pdq.vector import intrinsic

LANES = 16
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INT = ir.IntType(32)


def _pointer(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _VECTOR.as_pointer())


def _load(builder: Any, address: Any) -> Any:
    return builder.load(_pointer(builder, address), align=4)


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


@intrinsic
def mean(context: Any, sums: Any, held: Any, target: Any) -> Any:
    """Write the sums divided by `held`, a float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, held, target = arguments
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), held, ir.Constant(_INT, 0))
        zeros = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
        all_ = builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)
        result = builder.fdiv(_load(builder, sums), all_)
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
