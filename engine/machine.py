"""Brings a plan, a state and bars into the kernel's arrays, runs it, and collects its logs.

The compiled kernel works on numpy arrays in place. Uncompiled it works on lists, which plain Python
reads several times faster than arrays; they are converted on the way in and out.
"""

from __future__ import annotations

import importlib.util
from concurrent.futures import wait
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine import layout as L  # noqa: N812
from engine.errors import BarsError
from engine.feed import Feed, unwritten
from engine.given import Given
from engine.plan_arrays import funding_arrays, plan_arrays, program_of, writes_gross
from engine.threads import beside, processors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.plan import Plan
    from engine.state import State

AHEAD_ROWS = 8 * L.AHEAD
"""Rows from which on a second thread is worth its start."""
BLOCKS_AHEAD = 8
"""Blocks that are loaded, being loaded or being folded at a time: so neither thread waits to be woken.

Half as many where markets meet, whose bars are copied into each.
"""
LOG_ROWS = 16_384
MOST_LOG_ROWS = 1_048_576
"""Events that a log holds, at least and at most, until the kernel stops to have it emptied."""
ROWS_AN_EVENT = 8
"""Bars for which a log has room for one event: a cross of averages has one in nine."""


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
    """Logs in the order of layout's LOG_…, each in pieces: matrices with one column an entry."""
    days: tuple[NDArray[np.float64], NDArray[np.int64]]
    """What the closes of each UTC day add up to, one row a day (layout's DF_…, DI_…)."""


def kernel_is_compiled() -> bool:
    """Tell whether `import engine.kernel` and `engine.evaluation` find the compiled libraries."""
    return bool(imported_kernel().COMPILED)


@lru_cache(maxsize=1)
def imported_kernel() -> ModuleType:
    """Return the compiled kernel, or its source as plain Python."""
    from engine import evaluation, kernel

    # One compiled without the other would hand arrays to what works on lists.
    return kernel if kernel.COMPILED == evaluation.COMPILED else uncompiled_kernel()


@lru_cache(maxsize=1)
def uncompiled_kernel() -> ModuleType:
    """Load the kernel's source as plain Python, whether or not it is compiled as well."""
    return uncompiled("kernel")


def evaluation_of(kernel: ModuleType | None = None) -> ModuleType:
    """What evaluates the rules for a kernel (or that which would be imported): compiled with it, or plain
    Python like it."""
    if (kernel or imported_kernel()).COMPILED:
        from engine import evaluation

        return evaluation
    return uncompiled("evaluation")


@lru_cache(maxsize=3)
def uncompiled(name: str) -> ModuleType:
    """Load a module of engine/ as plain Python."""
    path = Path(__file__).with_name(f"{name}.py")
    specification = importlib.util.spec_from_file_location(f"engine.{name}_uncompiled", path)
    if specification is None or specification.loader is None:
        raise ImportError(f"the kernel's source is not at {path}")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def state_values(
    plan: Plan, state: State, number: int, kernel: ModuleType | None = None
) -> tuple[float, ...]:
    """A market's values of instructions.STATE_NAMES, as rules saw them at the state's last close."""
    machine = Machine(plan, state.floats.copy(), state.ints.copy(), Given.nothing(len(plan.markets)), kernel)
    return machine.state_values(number)


class Machine:
    """One segment in work. `floats` and `ints` are a copy of the state; `run` moves them forward."""

    def __init__(
        self,
        plan: Plan,
        floats: NDArray[np.float64],
        ints: NDArray[np.int64],
        given: Given,
        kernel: ModuleType | None = None,
    ) -> None:
        import numpy as np

        self._kernel = kernel or imported_kernel()
        self._feed = Feed(self._kernel, evaluation_of(self._kernel))
        self._plan = plan
        self._program = program_of(plan)
        self.floats = floats
        self.ints = ints
        bars, finer, timeline = given.bars, given.finer, given.timeline
        self._bars = bars
        self._timeline = timeline
        self._equity = unwritten(len(timeline), np.float64)
        self._gross = np.zeros(len(timeline) if writes_gross(plan) else 0)
        days = min(len(timeline), int(timeline[-1] - timeline[0]) // L.DAY + 2) if len(timeline) else 0
        self._days = np.zeros((days, L.DAY_FLOATS)), np.zeros((days, L.DAY_INTS), dtype=np.int64)
        self._rich = plan.is_rich
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
        feed = self._feed
        registers = feed.registers(self._program)
        markets = [
            feed.market(
                self._program,
                bars[number],
                firsts[number],
                finer[number],
                self._columns[number],
                self.floats[self._carried_at(number) : self._carried_at(number + 1)],
                plan.timeframe_ms,
                registers,
            )
            for number in range(count)
        ]
        shared = tuple(map(feed.read, plan_arrays(plan, self._program)))
        funding = tuple(map(feed.read, funding_arrays(plan)))
        times = feed.read(timeline)
        # Who loads has a state of its own: what each market's last bar was.
        loading = feed.give(self.floats[: self._carried_at(0)].copy()), feed.give(self.ints.copy())
        nothing = np.empty(0), np.empty(0, dtype=np.int64)
        self._ahead = self._kernel.COMPILED and len(timeline) >= AHEAD_ROWS and processors() > 1
        rows, places = L.BLOCK, 1
        if self._ahead:
            rows, places = L.AHEAD, BLOCKS_AHEAD if count == 1 else BLOCKS_AHEAD // 2
        notes = feed.notes(self._program, count, rows)  # who loads takes none
        self._loader = self._kernel.Fold(
            shared,
            0,
            loading,
            markets,
            funding,
            times,
            feed.give(nothing[0]),
            feed.give(nothing[0]),
            tuple(map(feed.give, nothing)),
            (*feed.blocks(self._program, count, rows, places), feed.cursors(count), *notes),
        )
        self._fold = self._kernel.Fold(
            shared,
            0,
            (feed.give(self.floats[: self._carried_at(0)]), feed.give(self.ints)),
            markets,
            funding,
            times,
            feed.give(self._equity),
            feed.give(self._gross),
            tuple(map(feed.give, self._days)),
            (*feed.no_blocks(), feed.cursors(count), *notes),
        )
        self._log_sizes: tuple[int, ...] = ()
        self._log_floats: list[Any] = []
        self._log_ints: list[Any] = []
        self._floats: list[list[NDArray[np.float64]]] = [[] for _ in range(L.LOG_COUNT)]
        self._ints: list[list[NDArray[np.int64]]] = [[] for _ in range(L.LOG_COUNT)]

    def run(self, finish_at: int | None = None) -> Segment:
        """Fold all bars, and close the books at `finish_at` if it is given. Raise BarsError."""
        self._closing_events = 0 if finish_at is None else self._event_margin + 2
        self._new_logs()
        if self._ahead:
            self._fold_behind()
        else:
            row = 0
            while self._loaded(self._loader.load(row)):
                self._follow()
                row = self._loader.behind()
        self._fold.end_of_bars()
        if finish_at is not None:
            self._fold.finish(finish_at)
        self._keep_logs()
        self._feed.take_back()
        return Segment(
            self._timeline,
            self._equity,
            self._gross,
            self._columns,
            tuple(map(tuple, self._floats)),
            tuple(map(tuple, self._ints)),
            (self._days[0][: self._fold.days_logged()], self._days[1][: self._fold.days_logged()]),
        )

    def _fold_behind(self) -> None:
        """Fold block after block while another thread loads those that follow."""
        loading = None
        try:
            loading = beside().submit(self._loader.load_ahead)
            answer = self._fold.keep_up(self._loader)
            while answer in (L.RUN_LOADED, L.RUN_LOGS_FULL):
                if answer == L.RUN_LOGS_FULL:
                    self._keep_logs()
                    self._new_logs()
                answer = self._fold.keep_up(self._loader)
        finally:
            # Also where `submit` was interrupted: what it has begun would wait for a free place for ever.
            self._loader.stop_loading()
            if loading is not None:
                wait([loading])
        loading.result()  # what went wrong there goes wrong here
        self._loaded(answer)

    def _loaded(self, answer: int) -> bool:
        """Whether there is another block to fold. Raise BarsError."""
        if answer == L.RUN_BAD_BAR:
            raise bad_bar(self._plan, self._bars, *self._loader.bad())
        return answer == L.RUN_LOADED

    def _follow(self) -> None:
        """Fold what was loaded, with new logs whenever they are full."""
        done = self._fold.follow(self._loader)
        while not done:
            self._keep_logs()
            self._new_logs()
            done = self._fold.go_on()

    def state_values(self, number: int) -> tuple[float, ...]:
        """A market's values of instructions.STATE_NAMES at the last close."""
        return tuple(self._fold.state_value(number, name) for name in range(len(I.STATE_NAMES)))

    def _carried_at(self, number: int) -> int:
        """Where the carried values of a market lie in the state; behind the last, where they end."""
        count, rules = len(self._bars), len(self._program.rules)
        fixed = L.GF_SIZE + count * (L.SF_SIZE + rules * L.NF_SIZE)
        return fixed + number * len(self._program.carry)

    def _new_logs(self) -> None:
        """Give the kernel empty logs, as large as the bars to come will need by what those before needed."""
        import numpy as np

        count = len(self._bars)
        rows = LOG_ROWS
        done = self._fold.folded()
        if self._kernel.COMPILED and not done:
            # What is not written costs nothing, and what lies in one piece is read without a copy.
            rows = min(max(rows, count * len(self._timeline) // ROWS_AN_EVENT), MOST_LOG_ROWS)
        elif self._kernel.COMPILED:
            # One large array is cheaper than many small ones: the system backs it with large pages.
            logged = sum(piece.shape[1] for piece in self._ints[L.LOG_EVENTS])
            rows += min(int(1.1 * logged * (len(self._timeline) - done) / done), MOST_LOG_ROWS)
        fills = rows // (2 * count) + self._fill_margin
        margin = self._event_margin + self._closing_events
        events = rows + margin
        # A row of fills or payments writes at most one row of positions for each market and one of balances;
        # a market whose allocation is smaller than a quantity step writes balances without a fill.
        snapshots = events + count if self._rich else fills + count if count > 1 else 0
        sizes = (fills, events, events, snapshots * count, snapshots, fills if self._rich else 0)
        self._log_sizes = sizes
        self._log_floats = [
            self._feed.log(size, width, np.float64) for size, width in zip(sizes, L.FLOAT_WIDTHS, strict=True)
        ]
        self._log_ints = [
            self._feed.log(size, width, np.int64) for size, width in zip(sizes, L.INT_WIDTHS, strict=True)
        ]
        self._fold.set_logs(
            self._log_floats, self._log_ints, sizes, fills - self._fill_margin, events - margin
        )

    def _keep_logs(self) -> None:
        import numpy as np

        for log, rows in enumerate(self._fold.logged()):
            if rows or not self._floats[log]:
                floats = np.asarray(self._log_floats[log], dtype=np.float64)
                ints = np.asarray(self._log_ints[log], dtype=np.int64)
                self._floats[log].append(floats.reshape(L.FLOAT_WIDTHS[log], self._log_sizes[log])[:, :rows])
                self._ints[log].append(ints.reshape(L.INT_WIDTHS[log], self._log_sizes[log])[:, :rows])


def bad_bar(plan: Plan, given: tuple[Bars, ...], market: int, bar: int) -> BarsError:
    """Say what is wrong with a market's bar that the kernel refused."""
    bars, symbol = given[market], plan.markets[market].symbol
    stamp = int(bars.timestamp[bar])
    if bar > 0 and stamp <= bars.timestamp[bar - 1]:
        return BarsError(
            f"{symbol}: bar {bar} at {stamp} does not come after the one before it at "
            f"{int(bars.timestamp[bar - 1])}; sort the bars and drop doubles"
        )
    if bar > 0 and stamp < bars.timestamp[bar - 1] + plan.timeframe_ms:
        return BarsError(
            f"{symbol}: bar {bar} at {stamp} comes {stamp - int(bars.timestamp[bar - 1])} ms after the one "
            f"before it, but bars are {plan.timeframe_ms} ms long; name their timeframe, or join them"
        )
    values = ", ".join(f"{n} {getattr(bars, n)[bar]:g}" for n in ("open", "high", "low", "close"))
    return BarsError(
        f"{symbol}: bar {bar} at {stamp} is no candle ({values}); prices must be finite and above 0, "
        "low the smallest and high the largest"
    )
