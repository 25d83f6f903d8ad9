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


class Pass:
    """A call of a function of the module, and the sums so far that it adds to: lists of one type, none empty.

    It is made and read with the interpreter's lock; `run` takes it for a moment only, where it is compiled.
    """

    def __init__(self, name: str, *given: Any, into: tuple[list[Any], ...]) -> None:
        import numpy as np

        module = summing()
        self._function: Any = getattr(module, name)
        if module.COMPILED:
            self._given: tuple[Any, ...] = given
            self._sums: list[Any] = [np.array(values) for values in into]
        else:
            self._given = tuple(v.tolist() if isinstance(v, np.ndarray) else v for v in given)
            self._sums = [list(values) for values in into]

    def run(self) -> None:
        self._function(*self._given, *self._sums)

    def sums(self) -> list[list[Any]]:
        """Return what became of `into`."""
        return [values if isinstance(values, list) else values.tolist() for values in self._sums]


def add_up(name: str, *given: Any, into: tuple[list[Any], ...]) -> list[list[Any]]:
    """Call a function of the module and return what it makes of `into` (see Pass)."""
    found = Pass(name, *given, into=into)
    found.run()
    return found.sums()
