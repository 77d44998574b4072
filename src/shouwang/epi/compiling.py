"""How the kernels are compiled: signatures, the disk cache, and pointers from addresses, which Python does not have.

Numba renews a cached function when its own file changes, not when this one does: after a change to an intrinsic here,
raise `cards.LAYOUT` and the number in every file of kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import njit
from numba import types as numba_types
from numba.extending import intrinsic

types: Any = numba_types  # its constructors carry no annotations
carray: Any = vars(numba)["carray"]  # its stubs leave it out

I32, I64, U8 = types.int32, types.int64, types.uint8
W32, W64, W8, WU64 = I32[::1], I64[::1], U8[::1], types.uint64[::1]
M32, M64 = I32[:, ::1], I64[:, ::1]
# Read-only types accept writable arrays too, so they stand wherever a column of a result may come in.
R32, R64 = types.Array(I32, 1, "C", readonly=True), types.Array(I64, 1, "C", readonly=True)
R8S = types.Array(types.int8, 1, "C", readonly=True)


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """njit with the disk cache, or without it where neither the package's nor the user's folder can be written."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            kept: Callable[..., Any] = njit(signature, cache=True, nogil=True)(function)
            return kept
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
            fresh: Callable[..., Any] = njit(signature, nogil=True)(function)
            return fresh

    return decorate


def _pointer_to(scalar: Any) -> Any:
    """An intrinsic that takes an address (int64) for a pointer to `scalar`."""

    @intrinsic
    def as_pointer(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(scalar)(types.int64), generate

    return as_pointer


pointer_32, pointer_64, pointer_8 = _pointer_to(I32), _pointer_to(I64), _pointer_to(U8)
