"""Memory by its address, for compiled code: whoever hands an address on holds what stands there."""

from typing import Any

from lachan.kernel.jit import intrinsic, voidptr


@intrinsic
def pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return voidptr(address), generate
