"""The fold: `simulate(plan, state, bars) -> (state, output)`.

Deterministic, and any cut of the bars in time gives the same bits as one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.bars import Bars
from engine.columns import Table
from engine.errors import StateError
from engine.events import build_blocks
from engine.given import Given
from engine.machine import Machine, Segment
from engine.state import State
from engine.tables import build_days, build_tables

if TYPE_CHECKING:
    from types import ModuleType

    from engine.plan import Plan


@dataclass(frozen=True, eq=False)
class Output:
    """What one segment adds to the result.

    `tables`: equity, fills, trades, positions, events, and `indicators/{symbol}` for each market when
    the plan records indicators. Concatenated over all segments and `finish` they are the whole result.

    `blocks`: `first` (epoch ms), `reason` and `count` of each `trade_blocked` among the events.

    `days`: `day` (number since 1970, UTC), `bars`, `exposed` (bars at whose close a position was open) and
    `high`, `low`, `close` of the equity at their closes; its first may be the last of the segment before.
    """

    tables: Mapping[str, Table]
    blocks: Table
    days: Table


def simulate(
    plan: Plan,
    state: State,
    bars: Mapping[str, Bars],
    *,
    finer: Mapping[str, Bars] | None = None,
    kernel: ModuleType | None = None,
    last: bool = False,
) -> tuple[State, Output]:
    """Fold `bars` (one entry for each symbol that has any) into `state`.

    The bars of all symbols must come after those of earlier calls. Bars before the plan's start feed
    indicators only; bars at or after its end are left out. `state` itself is not changed. `finer` are candles
    of the plan's finer timeframe that decide what came first inside a bar, where there are any. Raise
    BarsError, StateError. `kernel` replaces the kernel that would be imported (the tests hold both equal).
    `last` says that no bars come after these: the books are closed too, as by `finish`.
    """
    _check_state(plan, state)
    given = Given.of(plan, bars, finer or {}, state.last_timestamp)
    after = State(state.fingerprint, state.floats.copy(), state.ints.copy())
    segment = Machine(plan, after.floats, after.ints, given, kernel).run(plan.end_ms if last else None)
    return after, _output(plan, state, after, segment, given)


def finish(plan: Plan, state: State, *, kernel: ModuleType | None = None) -> tuple[State, Output]:
    """Close the books: decisions that wait for a bar are blocked `end_of_data`; positions stay open.

    Call it once, after the last bars. Raise StateError.
    """
    _check_state(plan, state)
    nothing = Given.nothing(len(plan.markets))
    after = State(state.fingerprint, state.floats.copy(), state.ints.copy())
    segment = Machine(plan, after.floats, after.ints, nothing, kernel).run(plan.end_ms)
    return after, _output(plan, state, after, segment, nothing)


def _output(plan: Plan, before: State, after: State, segment: Segment, given: Given) -> Output:
    return Output(
        build_tables(plan, before, after, segment, given.bars),
        build_blocks(plan, segment),
        build_days(segment),
    )


def _check_state(plan: Plan, state: State) -> None:
    if state.fingerprint != plan.fingerprint:
        raise StateError("the state belongs to another plan, or to another version of the engine")
    if state.finished:
        raise StateError("the run is finished; begin a new one with initial_state(plan)")
