"""Many combinations of one document's parameters over the same bars, much cheaper than one run each.

The bars are checked once, and what several combinations need of them (an average of the same period, a
comparison of the same two) is computed once. Each combination folds the shared blocks with its own state;
it writes no fills, events or positions, only what its metrics are made of, to the same bits as a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise, product
from threading import Event, Semaphore
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
from engine.threads import MOST, beside, processors

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Unpack

    import numpy as np
    from numpy.typing import NDArray

    from engine.bars import Bars
    from engine.plan import Plan

TOGETHER = 256
"""Most combinations folded over one block before the next is read: their states stay in the cache."""
ROWS = 8192
"""Rows of such a block: its prices stay in a core's second cache while all combinations read them."""
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
    # Not all of the threads there are: those who wait for one cannot be interrupted.
    workers = min(threads or (min(MOST_THREADS, processors()) if compiled else 1), MOST // 2)
    combinations = list(_combinations(parameters))
    # A thread has combinations of its own: what two compute both costs less than what they would wait for
    # each other.
    batches = _parsed(document, combinations, _shares(len(combinations), workers))
    known = list(islice(batches, 1))
    if not known:
        return []
    if settings.get("start_ms") is None or len(combinations) > workers * TOGETHER:
        # All say how many bars they need before the first; and of many the last is not refused after hours.
        known += batches
    strategies = list(dict.fromkeys(one.strategy for batch in known for one in batch))
    reads = ((batch[0].strategy.graph, {node for one in batch for node in one.reads}) for batch in known)
    first = plan_for(strategies, series, inside, reads, **settings)
    running: list[Future[list[tuple[Metrics, NDArray[np.float64] | None]]]] = []
    free = Semaphore(workers)
    try:
        # The interpreter serves one thread at a time: this one makes all that another has to do, and gives
        # it up until that one has begun.
        for batch in chain(known, batches):
            free.acquire()
            if any(one.done() and one.exception() for one in running):
                break  # it is told below; what would follow is not made
            prepared, begun = _Batch(batch, first, series, inside or {}, equity, kernel), Event()
            running.append(beside().submit(prepared.run, begun))
            running[-1].add_done_callback(lambda _: free.release())
            begun.wait()
    finally:
        wait(running)
    found = [one for folding in running for one in folding.result()]
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

    Each begins later than the one before it by what is made for it first.
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
        self._nothing = np.empty(0)
        self._no_days = self._feed.give(self._nothing), self._feed.give(np.empty(0, dtype=np.int64))
        self._curves: list[NDArray[np.float64]] = []
        shared = self._shared()
        self._folds = list(self._new_folds(shared))
        for fold, following in pairwise(self._folds):
            fold.chain(following)
        self._leader = self._new_leader(shared)

    def run(self, begun: Event) -> list[tuple[Metrics, NDArray[np.float64] | None]]:
        """Fold all bars, close the books, and return what became of each plan. Raise BarsError."""
        begun.set()
        if self._folds[0].fold_all(self._leader, self._plans[0].end_ms) == L.RUN_BAD_BAR:
            raise bad_bar(self._plans[0], self._given.bars, *self._leader.bad())
        self._feed.take_back()
        measured = metrics_of(self._plans, self._floats, self._ints)
        return list(zip(measured, self._curves if self._wanted else [None] * len(measured), strict=True))

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

    def _new_leader(self, shared: tuple[Any, ...]) -> Any:
        """A fold that loads blocks for all, and folds nothing itself."""
        count = len(self._given.bars)
        blocks = self._feed.blocks(self._programs[0], count, ROWS)
        notes = self._feed.notes(self._programs[0], count, 0)
        state = tuple(map(self._feed.give, self._first))
        return self._new_fold(0, shared, state, self._nothing, self._feed.cursors(count), blocks, notes)

    def _new_folds(self, shared: tuple[Any, ...]) -> Iterator[Any]:
        """A fold for each plan; all but the first of those with the same arrays are its twins."""
        import numpy as np

        feed, count = self._feed, len(self._given.bars)
        # They fold one after the other, what the leader has loaded.
        notes, blocks = feed.notes(self._programs[0], count, ROWS), feed.no_blocks()
        made: dict[int, Any] = {}
        for number, arrays in enumerate(self._arrays):
            curve = np.empty(len(self._given.timeline)) if self._wanted else self._nothing
            self._curves.append(curve)
            state = feed.give(self._floats[number]), feed.give(self._ints[number])
            equity, cursors = feed.give(curve), feed.cursors(count)
            twin = made.get(id(arrays))
            if twin is None:
                made[id(arrays)] = fold = self._new_fold(
                    number, shared, state, equity, cursors, blocks, notes
                )
            else:
                fold = twin.twin(self._firsts[number], state, equity, cursors)
            yield fold

    def _new_fold(
        self,
        number: int,
        shared: tuple[Any, ...],
        state: tuple[Any, ...],
        equity: Any,
        cursors: Any,
        blocks: tuple[Any, ...],
        notes: tuple[Any, ...],
    ) -> Any:
        return self._kernel.Fold(
            self._arrays[number],
            self._firsts[number],
            state,
            *shared,
            equity,
            self._no_days[0],
            self._no_days,
            (*blocks, cursors, *notes),
        )
