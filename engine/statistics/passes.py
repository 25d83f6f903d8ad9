"""Calls of `engine.summing`: with arrays where it is compiled, with lists where it is plain Python."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray


@cache
def summing() -> ModuleType:
    """Return the compiled library, or its source as plain Python."""
    from engine import summing as module

    return module


def taken_apart(codes: NDArray[np.int64], bits: Mapping[int, int]) -> NDArray[np.int32]:
    """Return a row for each part of the codes, given as its first bit and its number of bits."""
    import numpy as np

    out = np.empty((len(bits), len(codes)), dtype=np.int32)
    masks = [(1 << count) - 1 for count in bits.values()]
    call("take_apart", codes, np.array(list(bits)), np.array(masks), into=[out.reshape(-1)])
    return out


def looked_up(codes: NDArray[np.int32], table: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return what `table` has for each code, its first entry for -1."""
    import numpy as np

    out = np.empty(len(codes), dtype=np.int32)
    call("look_up", codes, table, into=[out])
    return out


def sum_exactly(values: NDArray[np.float64]) -> float:
    """Return the sum rounded once, as math.fsum, which takes ten times as long where it is not needed."""
    module = summing()
    if module.COMPILED:
        found, sure = module.sum_surely(values)
        if sure:
            return float(found)
    return math.fsum(values.tolist())


def call(name: str, *given: Any, into: Sequence[NDArray[Any]]) -> None:
    """Call a function of the module, which writes to the arrays `into`, or adds to them."""
    import numpy as np

    module = summing()
    function: Any = getattr(module, name)
    if module.COMPILED:
        function(*given, *into)
        return
    sums = [array.tolist() for array in into]
    function(*(value.tolist() if isinstance(value, np.ndarray) else value for value in given), *sums)
    for array, values in zip(into, sums, strict=True):
        array[:] = values


class Pass:
    """A call in two steps, with lists of one type as the sums so far, none of them empty.

    It is made and read with the interpreter's lock; `run` takes it for a moment only, where it is compiled.
    """

    def __init__(self, name: str, *given: Any, into: tuple[list[Any], ...]) -> None:
        import numpy as np

        self._name, self._given = name, given
        self._sums = [np.array(values) for values in into]

    def run(self) -> None:
        call(self._name, *self._given, into=self._sums)

    def sums(self) -> list[list[Any]]:
        """Return what became of `into`."""
        return [values.tolist() for values in self._sums]
