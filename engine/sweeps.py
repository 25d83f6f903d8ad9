"""Many combinations of one document's parameters over the same bars, much cheaper than one run each.

The bars are checked once, and what several combinations need of them (an average of the same period, a
comparison of the same two) is computed once. Each combination folds the shared blocks with its own state;
it writes no fills, events or positions, only what its metrics are made of, to the same bits as a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.altered import altered
from engine.combinations import Combinations
from engine.errors import StrategyError
from engine.feed import Feed
from engine.given import Given
from engine.machine import bad_bar, evaluation_of, imported_kernel, processors
from engine.measures import Metrics, metrics
from engine.plan_arrays import funding_arrays, plan_arrays
from engine.program import compile_together
from engine.result import PlanSettings, plan_for, series_of
from engine.state import State, initial_arrays
from engine.strategy import Strategy

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Unpack

    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.plan import Plan

TOGETHER = 256
"""Most combinations folded over one block before the next is read: their states stay in the cache."""
AHEAD_ROWS = 16_384
"""Rows of a block where several threads fold it: so many that handing over costs little."""
CHAIN = 64
"""Most folds that a thread is given at once."""
MOST_THREADS = 8

Grid = Mapping[str, Sequence[object]]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one combination."""

    parameters: Mapping[str, object]
    """As given; those left out have the document's defaults."""
    metrics: Metrics
    """All that the fold's state tells: `run` has more, which need every day and every trade."""
    equity: NDArray[np.float64] | None
    """Closing equity at each timestamp of the run, if it was asked for."""


def sweep(
    document: Mapping[str, object],
    bars: Mapping[str, Bars] | Bars | Any,
    parameters: Sequence[Mapping[str, object]] | Grid,
    *,
    equity: bool = False,
    threads: int | None = None,
    kernel: ModuleType | None = None,
    finer: Mapping[str, Bars] | Bars | Any | None = None,
    **settings: Unpack[PlanSettings],
) -> list[Outcome]:
    """Run a document once for each combination of parameters, in the order given.

    `parameters` is a list of combinations, or a mapping of names to values of which every combination is
    taken, the last name varying fastest. Bars and settings are those of `run`; without `start_ms` all begin
    after as many bars as the combination needs that looks back furthest, so that they can be compared.
    `threads` is by default one for each processor. Raise StrategyError, PlanError, BarsError.
    """
    series = series_of(bars)
    inside = None if finer is None else series_of(finer)
    combinations = list(_combinations(parameters))
    batches = list(_parsed(document, combinations))
    strategies = [strategy for batch in batches for strategy in batch]
    if not strategies:
        return []
    first = plan_for(strategies, series, inside, **settings)
    found: list[tuple[State, Plan, NDArray[np.float64] | None]] = []
    for batch in batches:
        found += _Batch(_plans(first, batch), series, inside or {}, equity, kernel).run(threads)
    return [
        Outcome(combination, metrics(plan, state), curve)
        for combination, (state, plan, curve) in zip(combinations, found, strict=True)
    ]


def _combinations(parameters: Sequence[Mapping[str, object]] | Grid) -> Iterator[Mapping[str, object]]:
    if isinstance(parameters, Mapping):
        for values in product(*parameters.values()):
            yield dict(zip(parameters, values, strict=True))
    else:
        yield from parameters


def _parsed(
    document: Mapping[str, object], combinations: Sequence[Mapping[str, object]]
) -> Iterator[list[Strategy]]:
    """Parse the combinations into as few graphs as hold them."""
    together, batch = Combinations(document), list[Strategy]()
    for combination in combinations:
        try:
            if len(batch) < TOGETHER:
                batch.append(together.parse(combination))
                continue
        except StrategyError:
            # Too large for a graph that holds others already, perhaps: by itself it fits, or is at fault.
            if not batch:
                raise
        yield batch
        together = Combinations(document)
        batch = [together.parse(combination)]
    if batch:
        yield batch


def _plans(first: Plan, batch: Sequence[Strategy]) -> list[Plan]:
    """The plan for each strategy, checked once for all that differ in nodes alone and share their graph."""
    plans: list[Plan] = []
    for strategy in batch:
        alike = strategy.like is not None
        plans.append(altered(first, strategy=strategy) if alike else replace(first, strategy=strategy))
    return plans


class _Batch:
    """Combinations whose strategies share one graph, and the kernel's folds for them."""

    def __init__(
        self,
        plans: list[Plan],
        series: Mapping[str, Bars],
        finer: Mapping[str, Bars],
        equity: bool,
        kernel: ModuleType | None,
    ) -> None:
        import numpy as np

        self._kernel = kernel or imported_kernel()
        self._plans = plans
        self._feed = Feed(self._kernel, evaluation_of(self._kernel))
        self._wanted = equity
        self._given = Given.of(plans[0], series, finer)
        self._programs = compile_together([p.strategy for p in plans], [p.needs_atr for p in plans])
        # The first state serves all: parameters change neither the number of rules nor the money. What the
        # evaluation carries is not part of it: that belongs to all of them.
        self._first = floats, ints = initial_arrays(plans[0], altered(self._programs[0], carry=()))
        rows = len(plans), 1
        self._states = [
            State("", *both) for both in zip(np.tile(floats, rows), np.tile(ints, rows), strict=True)
        ]
        self._arrays = self._plan_arrays()
        # Those who follow read the blocks of who leads.
        self._no_block = self._feed.block(self._programs[0], len(self._given.bars), 0)
        self._curves: list[NDArray[np.float64]] = []

    def run(self, threads: int | None) -> list[tuple[State, Plan, NDArray[np.float64] | None]]:
        """Fold all bars and close the books. Raise BarsError."""
        workers = threads or (min(MOST_THREADS, processors()) if self._kernel.COMPILED else 1)
        count = len(self._plans)
        each = max(1, min(CHAIN, -(-count // (2 * workers))))
        shared = self._shared()
        folds: list[Any] = []
        heads: list[Any] = []
        for at in range(count):
            fold = self._fold(at, shared, self._feed.give(self._new_curve()))
            if at % each == 0:
                heads.append(fold)
            else:
                folds[-1].chain(fold)
            folds.append(fold)
        if workers == 1:
            leader = self._leader(shared, L.BLOCK)
            while self._loaded(leader.load(leader.behind()), leader):
                for head in heads:
                    head.follow(leader)
        else:
            self._fold_behind(heads, [self._leader(shared, AHEAD_ROWS) for _ in range(2)], workers)
        for fold, plan in zip(folds, self._plans, strict=True):
            fold.finish(plan.end_ms)
        self._feed.take_back()
        return [
            (state, plan, self._curves[number] if self._wanted else None)
            for number, (state, plan) in enumerate(zip(self._states, self._plans, strict=True))
        ]

    def _fold_behind(self, heads: list[Any], leaders: list[Any], workers: int) -> None:
        """Fold a block with several threads, of which one begins with loading the next block."""
        first, second = leaders
        with ThreadPoolExecutor(workers) as pool:
            coming = pool.submit(first.load, 0)
            while self._loaded(coming.result(), first):
                coming = pool.submit(second.load, first.behind())
                following = [pool.submit(head.follow, first) for head in heads]
                for done in following:
                    done.result()
                first, second = second, first

    def _loaded(self, answer: int, leader: Any) -> bool:
        """Whether there is another block to fold. Raise BarsError."""
        if answer == L.RUN_BAD_BAR:
            raise bad_bar(self._plans[0], self._given.bars, *leader.bad())
        return answer == L.RUN_LOADED

    def _plan_arrays(self) -> list[tuple[NDArray[Any], ...]]:
        """The arrays of each plan, made once for those that differ in their rules' place alone."""
        made: dict[object, tuple[NDArray[Any], ...]] = {}
        found: list[tuple[NDArray[Any], ...]] = []
        for plan, program in zip(self._plans, self._programs, strict=True):
            kind = (
                id(plan.strategy.like or plan.strategy),
                program.state_ranges,
                program.trigger_slots,
                program.atr_slot,
                program.volatility_slot,
            )
            arrays = made.get(kind)
            if arrays is None:
                arrays = made[kind] = plan_arrays(plan, program)
                arrays[1][L.PI_SUMMARY] = 1
                arrays[1][L.PI_GROSS] = 0
            ints = arrays[1].copy()
            ints[L.PI_FIRST_RULE] = program.first_rule
            found.append((arrays[0], ints, *arrays[2:]))
        # Where one combination counts by days, their first and last bars go the careful way in all.
        daily = any(arrays[1][L.PI_DAILY] for arrays in made.values())
        for arrays in found:
            arrays[1][L.PI_DAILY] = daily
        return found

    def _shared(self) -> tuple[Any, ...]:
        """What all folds read: the markets, funding and the timeline."""
        import numpy as np

        plan, feed, given, program = self._plans[0], self._feed, self._given, self._programs[0]
        registers = feed.registers(program)
        markets = [
            feed.market(
                program,
                bars,
                int(bars.timestamp.searchsorted(plan.start_ms)),
                finer,
                np.empty((0, len(bars))),
                np.array(program.carry),
                plan.timeframe_ms,
                registers,
            )
            for bars, finer in zip(given.bars, given.finer, strict=True)
        ]
        funding = tuple(map(feed.read, funding_arrays(plan)))
        return markets, funding, feed.read(given.timeline)

    def _leader(self, shared: tuple[Any, ...], rows: int) -> Any:
        """A fold that loads blocks of so many rows for all, and folds nothing itself."""
        import numpy as np

        return self._new_fold(0, State("", *self._first), shared, self._feed.give(np.empty(0)), rows)

    def _fold(self, number: int, shared: tuple[Any, ...], curve: Any) -> Any:
        return self._new_fold(number, self._states[number], shared, curve)

    def _new_fold(self, number: int, state: State, shared: tuple[Any, ...], curve: Any, rows: int = 0) -> Any:
        import numpy as np

        feed = self._feed
        markets, funding, timeline = shared
        return self._kernel.Fold(
            tuple(map(feed.read, self._arrays[number])),
            (feed.give(state.floats), feed.give(state.ints)),
            markets,
            funding,
            timeline,
            curve,
            feed.give(np.empty(0)),
            (feed.give(np.empty(0)), feed.give(np.empty(0, dtype=np.int64))),
            (feed.block(self._programs[number], len(markets), rows) if rows else self._no_block)
            + feed.hand(self._programs[number], len(markets), 0 if rows else AHEAD_ROWS),
        )

    def _new_curve(self) -> NDArray[np.float64]:
        import numpy as np

        curve = np.empty(len(self._given.timeline) if self._wanted else 0)
        self._curves.append(curve)
        return curve
