"""Many combinations of one document's parameters over the same bars, much cheaper than one run each.

The bars are checked once, and what several combinations need of them (an average of the same period, a
comparison of the same two) is computed once. Each combination folds the shared blocks with its own state;
it writes no fills, events or positions, only what its metrics are made of, to the same bits as a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.altered import altered
from engine.combinations import Combination, Combinations
from engine.errors import StrategyError
from engine.feed import Feed
from engine.given import Given
from engine.machine import bad_bar, evaluation_of, imported_kernel
from engine.measures import Metrics, metrics_of
from engine.plan_arrays import funding_arrays, plan_arrays
from engine.program import compile_together
from engine.result import PlanSettings, plan_for, series_of
from engine.state import initial_arrays
from engine.strategy import Strategy
from engine.threads import processors

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Unpack

    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.plan import Plan

TOGETHER = 256
"""Most combinations folded over one block before the next is read: their states stay in the cache."""
ROWS = 16_384
"""Rows of such a block: so many that the way back through the interpreter costs little."""
LATER = 0.75
"""What a thread is given of what the one before it got."""
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
    compiled = (kernel or imported_kernel()).COMPILED
    workers = threads or (min(MOST_THREADS, processors()) if compiled else 1)
    combinations = list(_combinations(parameters))
    # A thread has combinations of its own, from their programs to their metrics: what two compute both costs
    # less than what they would wait for each other.
    batches = list(_parsed(document, combinations, _shares(len(combinations), workers)))
    if not batches:
        return []
    strategies = list(dict.fromkeys(one.strategy for batch in batches for one in batch))
    reads = ((batch[0].strategy.graph, {node for one in batch for node in one.reads}) for batch in batches)
    first = plan_for(strategies, series, inside, reads, **settings)

    def measured(batch: list[Combination]) -> list[tuple[Metrics, NDArray[np.float64] | None]]:
        return _Batch(batch, first, series, inside or {}, equity, kernel).run()

    with ThreadPoolExecutor(workers) as pool:
        found = [one for batch in pool.map(measured, batches) for one in batch]
    return [Outcome(given, *one) for given, one in zip(combinations, found, strict=True)]


def _combinations(parameters: Sequence[Mapping[str, object]] | Grid) -> Iterator[Mapping[str, object]]:
    if isinstance(parameters, Mapping):
        for values in product(*parameters.values()):
            yield dict(zip(parameters, values, strict=True))
    else:
        yield from parameters


def _parsed(
    document: Mapping[str, object], combinations: Sequence[Mapping[str, object]], shares: Iterator[int]
) -> Iterator[list[Combination]]:
    """Parse the combinations into as few graphs as hold them, at most so many in each."""
    together, batch = Combinations(document), list[Combination]()
    most = next(shares)
    for combination in combinations:
        try:
            if len(batch) < most:
                batch.append(together.parse(combination))
                continue
        except StrategyError:
            # Too large for a graph that holds others already, perhaps: by itself it fits, or is at fault.
            if not batch:
                raise
        yield batch
        most = next(shares)
        together = Combinations(document)
        batch = [together.parse(combination)]
    if batch:
        yield batch


def _shares(count: int, workers: int) -> Iterator[int]:
    """How many combinations each thread is given at a time, so that they end together.

    The interpreter serves one of them at a time: each begins as much later as the one before it takes until
    it folds, which is about a quarter of all that it does.
    """
    weights = [LATER**number for number in range(workers)]
    for weight in weights:
        yield max(1, min(TOGETHER, math.ceil(count * weight / sum(weights))))
    while True:
        yield min(TOGETHER, max(1, count // workers))


def _plans(first: Plan, batch: Sequence[Combination]) -> list[Plan]:
    """The plan for each strategy, checked once for all that differ in nodes alone and share their graph."""
    plans: dict[Strategy, Plan] = {}
    for strategy in dict.fromkeys(one.strategy for one in batch):
        alike = strategy.like is not None
        plans[strategy] = altered(first, strategy=strategy) if alike else replace(first, strategy=strategy)
    return [plans[one.strategy] for one in batch]


class _Batch:
    """Combinations whose strategies share one graph, and the kernel's folds for them."""

    def __init__(
        self,
        combinations: Sequence[Combination],
        first: Plan,
        series: Mapping[str, Bars],
        finer: Mapping[str, Bars],
        equity: bool,
        kernel: ModuleType | None,
    ) -> None:
        import numpy as np

        self._kernel = kernel or imported_kernel()
        self._plans = plans = _plans(first, combinations)
        self._feed = Feed(self._kernel, evaluation_of(self._kernel))
        self._wanted = equity
        self._given = Given.of(plans[0], series, finer)
        self._programs, self._firsts = compile_together(
            [
                (plan.strategy, plan.needs_atr, one.rules)
                for plan, one in zip(plans, combinations, strict=True)
            ]
        )
        # The first state serves all: parameters change neither the number of rules nor the money. What the
        # evaluation carries is not part of it: that belongs to all of them.
        self._first = floats, ints = initial_arrays(plans[0], altered(self._programs[0], carry=()))
        rows = len(plans), 1
        self._floats, self._ints = np.tile(floats, rows), np.tile(ints, rows)
        self._arrays = self._plan_arrays()
        # Those who follow read the blocks of who leads.
        self._no_blocks = self._feed.no_blocks()
        self._nothing = np.empty(0)
        self._no_days = self._feed.give(self._nothing), self._feed.give(np.empty(0, dtype=np.int64))
        self._curves: list[NDArray[np.float64]] = []

    def run(self) -> list[tuple[Metrics, NDArray[np.float64] | None]]:
        """Fold all bars, close the books, and return what became of each plan. Raise BarsError."""
        shared = self._shared()
        # They fold one after the other.
        notes = self._feed.notes(self._programs[0], len(self._given.bars), ROWS)
        folds = [self._fold(number, shared, notes) for number in range(len(self._plans))]
        for fold, following in pairwise(folds):
            fold.chain(following)
        leader = self._leader(shared)
        while self._loaded(leader.load(leader.behind()), leader):
            folds[0].follow(leader)
        for fold, plan in zip(folds, self._plans, strict=True):
            fold.finish(plan.end_ms)
        self._feed.take_back()
        measured = metrics_of(self._plans, self._floats, self._ints)
        return list(zip(measured, self._curves if self._wanted else [None] * len(folds), strict=True))

    def _loaded(self, answer: int, leader: Any) -> bool:
        """Whether there is another block to fold. Raise BarsError."""
        if answer == L.RUN_BAD_BAR:
            raise bad_bar(self._plans[0], self._given.bars, *leader.bad())
        return answer == L.RUN_LOADED

    def _plan_arrays(self) -> list[tuple[Any, ...]]:
        """The arrays of each plan, made once for those that differ in their rules' place alone."""
        made: dict[object, tuple[NDArray[Any], ...]] = {}
        kinds: list[object] = []
        for plan, program in zip(self._plans, self._programs, strict=True):
            kind = (
                id(plan.strategy.like or plan.strategy),
                program.state_ranges,
                program.trigger_slots,
                program.atr_slot,
                program.volatility_slot,
            )
            kinds.append(kind)
            if kind not in made:
                made[kind] = arrays = plan_arrays(plan, program)
                arrays[1][L.PI_SUMMARY] = 1
                arrays[1][L.PI_GROSS] = 0
        # Where one combination counts by days, their first and last bars go the careful way in all.
        daily = any(arrays[1][L.PI_DAILY] for arrays in made.values())
        for arrays in made.values():
            arrays[1][L.PI_DAILY] = daily
        read = {kind: tuple(map(self._feed.read, arrays)) for kind, arrays in made.items()}
        return [read[kind] for kind in kinds]

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

    def _leader(self, shared: tuple[Any, ...]) -> Any:
        """A fold that loads blocks for all, and folds nothing itself."""
        blocks = self._feed.blocks(self._programs[0], len(self._given.bars), ROWS)
        notes = self._feed.notes(self._programs[0], len(self._given.bars), 0)
        return self._new_fold(0, self._first, shared, self._nothing, blocks, notes)

    def _fold(self, number: int, shared: tuple[Any, ...], notes: tuple[Any, ...]) -> Any:
        import numpy as np

        curve = np.empty(len(self._given.timeline)) if self._wanted else self._nothing
        self._curves.append(curve)
        state = self._floats[number], self._ints[number]
        return self._new_fold(number, state, shared, curve, self._no_blocks, notes)

    def _new_fold(
        self,
        number: int,
        state: tuple[NDArray[np.float64], NDArray[np.int64]],
        shared: tuple[Any, ...],
        curve: NDArray[np.float64],
        blocks: tuple[Any, ...],
        notes: tuple[Any, ...],
    ) -> Any:
        feed = self._feed
        return self._kernel.Fold(
            self._arrays[number],
            self._firsts[number],
            tuple(map(feed.give, state)),
            *shared,
            feed.give(curve),
            self._no_days[0],
            self._no_days,
            (*blocks, feed.cursors(len(self._given.bars)), *notes),
        )
