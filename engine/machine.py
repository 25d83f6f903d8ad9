"""Brings a plan, a state and bars into the kernel's arrays, runs it, and collects its logs.

The compiled kernel works on numpy arrays in place. Uncompiled it works on lists, which plain Python
reads several times faster than arrays; they are converted on the way in and out.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine import layout as L  # noqa: N812
from engine.errors import BarsError
from engine.plan_arrays import funding_arrays, is_rich, plan_arrays, program_arrays, program_of, writes_gross

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.plan import Plan

LOG_ROWS = 16_384
MOST_LOG_ROWS = 1_048_576
"""Events that a log holds, at first and at most, until the kernel stops to have it emptied."""


@dataclass(frozen=True, eq=False)
class Segment:
    """What one call of the kernel found."""

    timeline: NDArray[np.int64]
    equity: NDArray[np.float64]
    gross: NDArray[np.float64]
    """Notional of all positions at each close, or empty where it follows from equity and cash."""
    columns: tuple[NDArray[np.float64], ...]
    """For each market a matrix of indicator columns × its bars inside the span."""
    floats: tuple[tuple[NDArray[np.float64], ...], ...]
    ints: tuple[tuple[NDArray[np.int64], ...], ...]
    """Logs in the order of layout's LOG_…, each in pieces: matrices with one row an entry."""


def kernel_is_compiled() -> bool:
    """Tell whether `import engine.kernel` and `engine.evaluation` find the compiled libraries."""
    return bool(_kernel().COMPILED)


@lru_cache(maxsize=1)
def _kernel() -> ModuleType:
    from engine import evaluation, kernel

    # One compiled without the other would hand arrays to what works on lists.
    return kernel if kernel.COMPILED == evaluation.COMPILED else uncompiled_kernel()


@lru_cache(maxsize=1)
def uncompiled_kernel() -> ModuleType:
    """Load the kernel's source as plain Python, whether or not it is compiled as well."""
    return _uncompiled("kernel")


def _evaluation(kernel: ModuleType) -> ModuleType:
    """What evaluates the rules for this kernel: compiled with it, or plain Python like it."""
    if kernel.COMPILED:
        from engine import evaluation

        return evaluation
    return _uncompiled("evaluation")


@lru_cache(maxsize=2)
def _uncompiled(name: str) -> ModuleType:
    path = Path(__file__).with_name(f"{name}.py")
    specification = importlib.util.spec_from_file_location(f"engine.{name}_uncompiled", path)
    if specification is None or specification.loader is None:
        raise ImportError(f"the kernel's source is not at {path}")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Machine:
    """One segment in work. `floats` and `ints` are a copy of the state; `run` moves them forward."""

    def __init__(
        self,
        plan: Plan,
        floats: NDArray[np.float64],
        ints: NDArray[np.int64],
        bars: tuple[Bars, ...],
        timeline: NDArray[np.int64],
        finer: tuple[Bars, ...],
        kernel: ModuleType | None = None,
    ) -> None:
        import numpy as np

        self._kernel = kernel or _kernel()
        self._plan = plan
        self._program = program_of(plan)
        self.floats = floats
        self.ints = ints
        self._bars = bars
        self._timeline = timeline
        self._equity = np.empty(len(timeline))
        self._gross = np.zeros(len(timeline) if writes_gross(plan) else 0)
        self._rich = is_rich(plan)
        firsts = [int(b.timestamp.searchsorted(plan.start_ms)) for b in bars]
        columns = len(self._program.columns)
        self._columns = tuple(
            np.empty((columns, len(b) - first)) for b, first in zip(bars, firsts, strict=True)
        )
        count, rules = len(bars), len(self._program.rules)
        # One row can log for each market: a gap, an allocation, payments, two exits and two entries, and
        # for each rule that it fired, was submitted, was blocked, and that a block before is over. A turn of
        # the kernel may add the decision of the row before.
        self._event_margin = 2 * count * (4 * rules + 12)
        self._fill_margin = 6 * count
        self._open: list[tuple[Any, Any]] = []
        scratch = self._registers()
        self._fold = self._kernel.Fold(
            tuple(self._read(array) for array in plan_arrays(plan)),
            (self._give(self.floats[: self._carried_at(0)]), self._give(self.ints)),
            [self._market(number, firsts[number], finer[number], scratch) for number in range(count)],
            tuple(map(self._read, funding_arrays(plan))),
            self._read(timeline),
            self._give(self._equity),
            self._give(self._gross),
            self._workspace(count),
        )
        self._log_floats: list[Any] = []
        self._log_ints: list[Any] = []
        self._floats: list[list[NDArray[np.float64]]] = [[] for _ in range(L.LOG_COUNT)]
        self._ints: list[list[NDArray[np.int64]]] = [[] for _ in range(L.LOG_COUNT)]

    def run(self, finish_at: int | None = None) -> Segment:
        """Fold all bars (and close the books at `finish_at`). Raise BarsError."""
        if finish_at is not None:
            self._new_logs(extra_events=self._event_margin + 2)
            self._fold.finish(finish_at)
            self._keep_logs()
        else:
            while True:
                self._new_logs()
                answer = self._fold.run()
                self._keep_logs()
                if answer == L.RUN_BAD_BAR:
                    raise self._bad_bar()
                if answer == L.RUN_DONE:
                    break
        for array, used in self._open:
            if used is not array:
                array.reshape(-1)[:] = used
        return Segment(
            self._timeline,
            self._equity,
            self._gross,
            self._columns,
            tuple(map(tuple, self._floats)),
            tuple(map(tuple, self._ints)),
        )

    # --- arrays in, arrays out ---------------------------------------------------------------

    def _read(self, array: NDArray[Any]) -> Any:
        """What the kernel reads: the array, or a list of it."""
        return array if self._kernel.COMPILED else array.tolist()

    def _give(self, array: NDArray[Any]) -> Any:
        """What the kernel writes; a list is copied back when the run is over."""
        used = array.reshape(-1) if self._kernel.COMPILED else array.reshape(-1).tolist()
        if not self._kernel.COMPILED:
            self._open.append((array, used))
        return used

    def _scratch(self, size: int, kind: type[Any]) -> Any:
        import numpy as np

        return np.zeros(size, dtype=kind) if self._kernel.COMPILED else [kind(0).item()] * size

    def _carried_at(self, number: int) -> int:
        """Where the carried values of a market lie in the state; behind the last, where they end."""
        count, rules = len(self._bars), len(self._program.rules)
        fixed = L.GF_SIZE + count * (L.SF_SIZE + rules * L.NF_SIZE)
        return fixed + number * len(self._program.carry)

    def _market(self, number: int, first: int, finer: Bars, scratch: Any) -> Any:
        bars = self._bars[number]
        series = tuple(map(self._read, bars.columns))
        code, params = program_arrays(self._program)
        evaluator = _evaluation(self._kernel).Evaluator(
            (self._read(code), self._read(params), len(code) // I.CODE_WIDTH),
            series,
            self._give(self._columns[number]),
            first,
            self._give(self.floats[self._carried_at(number) : self._carried_at(number + 1)]),
            self._plan.timeframe_ms,
            scratch,
        )
        return self._kernel.Market(series, first, evaluator, tuple(map(self._read, finer.columns[:4])))

    def _registers(self) -> Any:
        """What all evaluators compute in, constants filled in."""
        import numpy as np

        program = self._program
        registers = self._scratch(max(1, program.registers) * L.PIECE, np.float64)
        for register, value in program.constants:
            registers[register * L.PIECE : (register + 1) * L.PIECE] = (
                value if self._kernel.COMPILED else [value] * L.PIECE
            )
        return registers

    def _workspace(self, count: int) -> tuple[Any, ...]:
        import numpy as np

        rules = max(1, len(self._program.rules))
        return (
            self._scratch(count * L.CELLS * L.BLOCK, np.float64),
            self._scratch(count * L.BLOCK, np.int64),
            self._scratch(count * L.BLOCK, np.uint64),
            self._scratch(max(1, count * self._program.board * L.BLOCK), np.float64),
            self._scratch(3 * count, np.int64),
            self._scratch(L.BLOCK, np.int64),
            self._scratch(256, np.float64),
            self._scratch(rules, np.int64),
            self._scratch(rules, np.int64),
            self._scratch(I.STATE_REGISTERS, np.float64),
        )

    def _new_logs(self, extra_events: int = 0) -> None:
        """Give the kernel empty logs, as large as the bars to come will need by what those before needed."""
        import numpy as np

        count = len(self._bars)
        rows = LOG_ROWS
        done = self._fold.folded()
        if self._kernel.COMPILED and done:
            # One large array is cheaper than many small ones: the system backs it with large pages.
            logged = sum(map(len, self._ints[L.LOG_EVENTS]))
            rows += min(int(1.1 * logged * (len(self._timeline) - done) / done), MOST_LOG_ROWS)
        fills = rows // (2 * count) + self._fill_margin
        events = rows + self._event_margin + extra_events
        # A row of fills or payments writes at most one row of positions for each market and one of balances;
        # a market whose allocation is smaller than a quantity step writes balances without a fill.
        snapshots = events + count if self._rich else fills + count if count > 1 else 0
        sizes = (fills, events, events, snapshots * count, snapshots, fills if self._rich else 0)
        self._log_floats = [
            self._log(size, width, np.float64) for size, width in zip(sizes, L.FLOAT_WIDTHS, strict=True)
        ]
        self._log_ints = [
            self._log(size, width, np.int64) for size, width in zip(sizes, L.INT_WIDTHS, strict=True)
        ]
        self._fold.set_logs(
            self._log_floats, self._log_ints, fills - self._fill_margin, events - self._event_margin
        )

    def _log(self, rows: int, width: int, kind: type[Any]) -> Any:
        import numpy as np

        size = rows * width
        return np.empty(size, dtype=kind) if self._kernel.COMPILED else [kind(0).item()] * size

    def _keep_logs(self) -> None:
        import numpy as np

        for log, rows in enumerate(self._fold.logged()):
            if rows or not self._floats[log]:
                floats = np.asarray(self._log_floats[log][: rows * L.FLOAT_WIDTHS[log]], dtype=np.float64)
                ints = np.asarray(self._log_ints[log][: rows * L.INT_WIDTHS[log]], dtype=np.int64)
                self._floats[log].append(floats.reshape(rows, L.FLOAT_WIDTHS[log]))
                self._ints[log].append(ints.reshape(rows, L.INT_WIDTHS[log]))

    def _bad_bar(self) -> BarsError:
        market, bar = self._fold.bad()
        bars, symbol = self._bars[market], self._plan.markets[market].symbol
        stamp = int(bars.timestamp[bar])
        if bar > 0 and stamp <= bars.timestamp[bar - 1]:
            return BarsError(
                f"{symbol}: bar {bar} at {stamp} does not come after the one before it at "
                f"{int(bars.timestamp[bar - 1])}; sort the bars and drop doubles"
            )
        values = ", ".join(f"{n} {getattr(bars, n)[bar]:g}" for n in ("open", "high", "low", "close"))
        return BarsError(
            f"{symbol}: bar {bar} at {stamp} is no candle ({values}); prices must be finite and above 0, "
            "low the smallest and high the largest"
        )
