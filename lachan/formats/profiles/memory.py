"""What numba does not offer by itself: a word from any byte on, and lines of memory asked for ahead of their use."""

from typing import Any

from llvmlite import ir

from lachan.kernel.jit import intrinsic, uint64, void

_BYTES = ir.IntType(8).as_pointer()


@intrinsic
def load64(typing: Any, address: Any) -> Any:
    """`load64(address)`: the eight bytes there as one word; they need not be aligned."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return uint64(uint64), generate


@intrinsic
def prefetch(typing: Any, address: Any) -> Any:
    """`prefetch(address)`: have the line of 64 bytes fetched while other work goes on; never faults."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = [_BYTES, *[ir.IntType(32)] * 3]
        kind = ir.FunctionType(ir.VoidType(), kinds)
        module = builder.module
        fetch = module.globals.get("llvm.prefetch.p0") or ir.Function(
            module, kind, "llvm.prefetch.p0"
        )
        # to read (0), to be kept from the first cache on (3), as data (1)
        words = [ir.Constant(ir.IntType(32), n) for n in (0, 3, 1)]
        builder.call(fetch, [builder.inttoptr(arguments[0], _BYTES), *words])
        return context.get_dummy_value()

    return void(uint64), generate
