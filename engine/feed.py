"""What the kernel reads and writes: numpy arrays as they are, or lists where it is not compiled.

Plain Python reads lists several times faster than arrays; what was written to them is copied back at the end.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine import layout as L  # noqa: N812
from engine.plan_arrays import program_arrays

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.program import Program


LARGE_PAGE = 2 << 20
"""Bytes; the size on x86-64 and on arm64 with pages of 4 KB."""
KEPT = 96 << 20
"""Most bytes that are kept from one run for the next."""


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

    def empty(self, size: int, kind: type[Any]) -> Any:
        """Like scratch, for what is written before it is read."""
        import numpy as np

        return np.empty(size, dtype=kind) if self._kernel.COMPILED else [kind(0).item()] * size

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

    def blocks(self, program: Program, count: int, rows: int = L.BLOCK, places: int = 1) -> tuple[Any, ...]:
        """Room for blocks of `count` markets: cells, times, truths, board, gaps, heads, scratch of checks."""
        import numpy as np

        every = places * count * rows
        return (
            self.empty(every * L.CELLS, np.float64),
            self.empty(every, np.int64),
            self.empty(max(1, every * program.all_rules // L.LANE), np.uint64),
            self.empty(max(1, every * program.board), np.float64),
            self.empty(places * rows, np.int64),
            self.scratch(places * (L.HEAD_SIZE + count), np.int64),
            self.empty(256, np.float64),
        )

    def no_blocks(self) -> tuple[Any, ...]:
        """The same for who folds what another has loaded."""
        import numpy as np

        floats, ints, truths = (self.empty(0, kind) for kind in (np.float64, np.int64, np.uint64))
        return floats, ints, truths, floats, ints, ints, floats

    def cursors(self, count: int) -> Any:
        """Where one fold stands in the block: bars done, bars there are, next finer candle of each market."""
        import numpy as np

        return self.scratch(3 * count, np.int64)

    def notes(self, program: Program, count: int, rows: int) -> tuple[Any, ...]:
        """What a fold notes while it folds a block: signals, verdicts, closing legs, scalar registers.

        Folds that fold one after the other may share it.
        """
        import numpy as np

        rules = max(1, len(program.rules))
        return (
            self.empty(count * L.MASK_SIZE * rows // L.LANE, np.uint64),
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


_free: dict[int, NDArray[np.uint8]] = {}
"""Memory of arrays that nobody holds any more, the longest free first, each by a number of its own.

Threads, and finalizers in the middle of any of them, take and give by one operation on a number, and look
at a copy; what is gone by then is not missed. A lock would be waited for by the finalizer of the thread that
holds it.
"""
_numbers = itertools.count()


def unwritten(size: int, kind: type[Any]) -> NDArray[Any]:
    """An array whose values mean nothing yet; a large one begins and ends with large pages of the system.

    The system zeroes memory when it is first written, page by page, which took a long run's logs and equity a
    sixth of its time. So the memory of a large array is kept for the next, up to KEPT bytes, and begins with
    a large page: numpy asks for these but begins anywhere.
    """
    import weakref

    import numpy as np

    wanted = size * np.dtype(kind).itemsize
    if wanted < LARGE_PAGE:
        return np.empty(size, dtype=kind)
    room = _room((wanted // LARGE_PAGE + 2) * LARGE_PAGE)
    # A view's base is this array and not `room`, so that it ends with the last of them.
    held = np.frombuffer(room.data, dtype=np.uint8)
    weakref.finalize(held, _keep, room).atexit = False
    first = -room.ctypes.data % LARGE_PAGE
    found: NDArray[Any] = held[first : first + wanted].view(kind)
    return found


def _room(wanted: int) -> NDArray[np.uint8]:
    """The smallest free memory of this many bytes that is not much larger, or new memory."""
    import numpy as np

    fitting = [
        (len(room), number) for number, room in _free.copy().items() if wanted <= len(room) <= 2 * wanted
    ]
    for _, number in sorted(fitting):
        room = _free.pop(number, None)
        if room is not None:
            return room
    return np.empty(wanted, dtype=np.uint8)


def release() -> None:
    """Give back what is kept for the next run."""
    _free.clear()


def _keep(room: NDArray[np.uint8]) -> None:
    held = _free.copy()
    total = sum(map(len, held.values()))
    for number, free in held.items():
        if total + len(room) <= KEPT:
            break
        total -= len(free)
        _free.pop(number, None)
    if len(room) <= KEPT:
        _free[next(_numbers)] = room
