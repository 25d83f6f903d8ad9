"""Values of a graph's nodes over bars, beside a run: the same evaluation, hence the same bits."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine import layout as L  # noqa: N812
from engine.machine import evaluation_of
from engine.program import compile_columns

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.graph import Graph


class Observer:
    """Evaluates nodes that do not depend on the position over one market's bars, segment after segment.

    Begun at the bar at which a run begins to warm up, it finds what the run found.
    """

    def __init__(
        self, graph: Graph, nodes: Collection[int], step_ms: int, kernel: ModuleType | None = None
    ) -> None:
        import numpy as np

        self.nodes = tuple(sorted(nodes))
        self._module = evaluation_of(kernel)
        self._step_ms = step_ms
        program = compile_columns(graph, {str(node): node for node in self.nodes})
        self._program = (
            self._read(np.array(program.code, dtype=np.int64)),
            self._read(np.array(program.params, dtype=np.float64)),
            len(program.code) // I.CODE_WIDTH,
        )
        self._carried = np.array(program.carry, dtype=np.float64)
        registers = np.zeros(max(1, program.registers) * L.PIECE)
        for register, value in program.constants:
            registers[register * L.PIECE : (register + 1) * L.PIECE] = value
        self._registers = self._read(registers)

    def take(self, bars: Bars, keep: int | None = None) -> NDArray[np.float64]:
        """Evaluate the next bars; return a matrix of nodes × the last `keep` of them (all of them for None).

        Rows are in the order of `nodes`; conditions are 1 or 0, NaN is missing.
        """
        import numpy as np

        kept = len(bars) if keep is None else min(keep, len(bars))
        if len(bars) == 0 or not self.nodes:
            return np.empty((len(self.nodes), kept))
        columns = self._read(np.empty(len(self.nodes) * kept))
        carried = self._read(self._carried)
        evaluator = self._module.Evaluator(
            self._program,
            tuple(map(self._read, bars.columns)),
            columns,
            len(bars) - kept,
            carried,
            self._step_ms,
            self._registers,
        )
        evaluator.write_to(self._read(np.zeros(1, dtype=np.uint64)), self._read(np.zeros(1)))
        for begin in range(0, len(bars), L.BLOCK):
            evaluator.evaluate(begin, min(L.BLOCK, len(bars) - begin), 0, 0, L.BLOCK)
        self._carried = np.asarray(carried, dtype=np.float64)
        return np.asarray(columns, dtype=np.float64).reshape(len(self.nodes), kept)

    def _read(self, array: NDArray[Any]) -> Any:
        """What the evaluation works on: the array, or a list where it is not compiled."""
        return array if self._module.COMPILED else array.tolist()
