"""What the kernel reads and writes: numpy arrays as they are, or lists where it is not compiled.

Plain Python reads lists several times faster than arrays; what was written to them is copied back at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine import layout as L  # noqa: N812
from engine.plan_arrays import program_arrays

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.program import Program


LARGE_PAGE = 2 << 20
"""Bytes; the size on x86-64 and on arm64 with pages of 4 KB."""


class Feed:
    """Arrays for one kernel and the module that evaluates rules for it."""

    def __init__(self, kernel: ModuleType, evaluation: ModuleType) -> None:
        self._kernel = kernel
        self._evaluation = evaluation
        self._open: list[tuple[Any, Any]] = []

    def read(self, array: NDArray[Any]) -> Any:
        """What the kernel reads: the array, or a list of it."""
        return array if self._kernel.COMPILED else array.tolist()

    def give(self, array: NDArray[Any]) -> Any:
        """What the kernel writes; a list is copied back by `take_back`."""
        used = array.reshape(-1) if self._kernel.COMPILED else array.reshape(-1).tolist()
        if not self._kernel.COMPILED:
            self._open.append((array, used))
        return used

    def take_back(self) -> None:
        """Bring what was written to lists into the arrays that were given."""
        for array, used in self._open:
            array.reshape(-1)[:] = used

    def scratch(self, size: int, kind: type[Any]) -> Any:
        import numpy as np

        return np.zeros(size, dtype=kind) if self._kernel.COMPILED else [kind(0).item()] * size

    def log(self, rows: int, width: int, kind: type[Any]) -> Any:
        """An empty log; what it holds before it is written means nothing."""
        size = rows * width
        return unwritten(size, kind) if self._kernel.COMPILED else [kind(0).item()] * size

    def registers(self, program: Program) -> Any:
        """What all evaluators compute in, constants filled in."""
        import numpy as np

        registers = self.scratch(max(1, program.registers) * L.PIECE, np.float64)
        for register, value in program.constants:
            registers[register * L.PIECE : (register + 1) * L.PIECE] = (
                value if self._kernel.COMPILED else [value] * L.PIECE
            )
        return registers

    def block(self, program: Program, count: int) -> tuple[Any, ...]:
        """One block of `count` markets: cells, times, bits, board, gaps, and the check's scratch."""
        import numpy as np

        return (
            self.scratch(count * L.CELLS * L.BLOCK, np.float64),
            self.scratch(count * L.BLOCK, np.int64),
            self.scratch(count * program.words * L.BLOCK, np.uint64),
            self.scratch(max(1, count * program.board * L.BLOCK), np.float64),
            self.scratch(L.BLOCK, np.int64),
            self.scratch(256, np.float64),
        )

    def hand(self, program: Program, count: int) -> tuple[Any, ...]:
        """What one fold notes while it works: cursors, verdicts, closing legs, scalar registers."""
        import numpy as np

        rules = max(1, len(program.rules))
        return (
            self.scratch(3 * count, np.int64),
            self.scratch(rules, np.int64),
            self.scratch(rules, np.int64),
            self.scratch(I.STATE_REGISTERS, np.float64),
        )

    def market(
        self,
        program: Program,
        bars: Bars,
        first: int,
        finer: Bars,
        columns: NDArray[Any],
        carried: NDArray[Any],
        step_ms: int,
        registers: Any,
    ) -> Any:
        """A market of the kernel with its evaluator; `columns` and `carried` are written."""
        series = tuple(map(self.read, bars.columns))
        code, params = program_arrays(program)
        evaluator = self._evaluation.Evaluator(
            (self.read(code), self.read(params), len(code) // I.CODE_WIDTH),
            series,
            self.give(columns),
            first,
            self.give(carried),
            step_ms,
            registers,
        )
        return self._kernel.Market(series, first, evaluator, tuple(map(self.read, finer.columns[:4])))


def unwritten(size: int, kind: type[Any]) -> NDArray[Any]:
    """An array whose values mean nothing yet; a large one begins and ends with large pages of the system.

    The system zeroes memory when it is first written, page by page, and 2,273 small pages at the ends of a
    long run's logs took it 4 of 36 ms. numpy asks for large pages but begins anywhere.
    """
    import numpy as np

    count = size * np.dtype(kind).itemsize
    if count < LARGE_PAGE:
        return np.empty(size, dtype=kind)
    room = np.empty((count // LARGE_PAGE + 2) * LARGE_PAGE, dtype=np.uint8)
    first = -room.ctypes.data % LARGE_PAGE
    found: NDArray[Any] = room[first : first + count].view(kind)
    return found
