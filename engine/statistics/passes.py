"""Calls of `engine.summing`: with arrays where it is compiled, with lists where it is plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray


def summing() -> ModuleType:
    """Return the compiled library, or its source as plain Python."""
    from engine import summing as module

    return module


def decoded(codes: NDArray[np.int64], shift: int, bits: int, table: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return what `table` has for some bits of each code: an entry for each value that they can have."""
    import numpy as np

    out = np.empty(len(codes), dtype=np.int32)
    module = summing()
    decode: Any = module.decode  # its annotations are C types
    mask = (1 << bits) - 1
    if module.COMPILED:
        decode(codes, shift, mask, table, out)
        return out
    written = out.tolist()
    decode(codes.tolist(), shift, mask, table.tolist(), written)
    return np.array(written, dtype=np.int32)


def sum_exactly(values: NDArray[np.float64]) -> float:
    """Return the sum rounded once, as math.fsum, which takes ten times as long where it is not needed."""
    module = summing()
    if module.COMPILED:
        found, sure = module.sum_surely(values)
        if sure:
            return float(found)
    return math.fsum(values.tolist())


def add_up(name: str, *given: Any, into: tuple[list[Any], ...]) -> list[list[Any]]:
    """Call a function of the module with arrays and scratch columns; return what it makes of `into`.

    `into` are sums so far: lists of one type each, none empty.
    """
    import numpy as np

    module = summing()
    function: Any = getattr(module, name)
    if module.COMPILED:
        arrays = [np.array(values) for values in into]
        function(*given, *arrays)
        return [array.tolist() for array in arrays]
    written = [list(values) for values in into]
    function(*(values.tolist() if isinstance(values, np.ndarray) else values for values in given), *written)
    return written
