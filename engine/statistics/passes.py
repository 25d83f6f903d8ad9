"""Calls of `engine.summing`: with arrays where it is compiled, with lists where it is plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def summing() -> ModuleType:
    """Return the compiled library, or its source as plain Python."""
    from engine import summing as module

    return module


def scratch(rows: int, kind: str) -> Any:
    """Return a column to be written and read by passes alone: an array of this dtype, or a list."""
    import numpy as np

    return np.zeros(rows, dtype=kind) if summing().COMPILED else [0] * rows


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
