"""The fold: `simulate(plan, state, bars) -> (state, output)`.

Deterministic, and any cut of the bars in time gives the same bits as one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.bars import Bars
from engine.columns import Table
from engine.errors import BarsError, StateError
from engine.events import build_blocks
from engine.machine import Machine
from engine.state import State
from engine.tables import build_tables

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from engine.plan import Plan


@dataclass(frozen=True, eq=False)
class Output:
    """What one segment adds to the result.

    `tables`: equity, fills, trades, positions, events, and `indicators/{symbol}` for each market when
    the plan records indicators. Concatenated over all segments and `finish` they are the whole result.

    `blocks`: `first` (epoch ms), `reason` and `count` of each `trade_blocked` among the events.
    """

    tables: Mapping[str, Table]
    blocks: Table


def simulate(
    plan: Plan,
    state: State,
    bars: Mapping[str, Bars],
    *,
    finer: Mapping[str, Bars] | None = None,
    kernel: ModuleType | None = None,
) -> tuple[State, Output]:
    """Fold `bars` (one entry for each symbol that has any) into `state`.

    The bars of all symbols must come after those of earlier calls. Bars before the plan's start feed
    indicators only; bars at or after its end are left out. `state` itself is not changed. `finer` are candles
    of the plan's finer timeframe that decide what came first inside a bar, where there are any. Raise
    BarsError, StateError. `kernel` replaces the kernel that would be imported (the tests hold both equal).
    """
    _check_state(plan, state)
    for what, series in (("bars", bars), ("finer candles", finer or {})):
        unknown = set(series) - set(plan.symbols)
        if unknown:
            raise BarsError(f"{what} for {', '.join(sorted(unknown))}, which the plan does not trade")
    given = tuple(_until(bars.get(symbol), plan.end_ms) for symbol in plan.symbols)
    _check_order(plan, state, given)
    timeline = _timeline(plan, given)
    after = State(state.fingerprint, state.floats.copy(), state.ints.copy())
    decisive = tuple(_finer(plan, symbol, finer or {}) for symbol in plan.symbols)
    segment = Machine(plan, after.floats, after.ints, given, timeline, decisive, kernel).run()
    return after, Output(build_tables(plan, state, after, segment, given), build_blocks(plan, segment))


def finish(plan: Plan, state: State, *, kernel: ModuleType | None = None) -> tuple[State, Output]:
    """Close the books: decisions that wait for a bar are blocked `end_of_data`; positions stay open.

    Call it once, after the last bars. Raise StateError.
    """
    import numpy as np

    _check_state(plan, state)
    none = tuple(Bars.empty() for _ in plan.markets)
    after = State(state.fingerprint, state.floats.copy(), state.ints.copy())
    machine = Machine(plan, after.floats, after.ints, none, np.empty(0, dtype=np.int64), none, kernel)
    segment = machine.run(finish_at=plan.end_ms)
    return after, Output(build_tables(plan, state, after, segment, none), build_blocks(plan, segment))


def _check_state(plan: Plan, state: State) -> None:
    if state.fingerprint != plan.fingerprint:
        raise StateError("the state belongs to another plan, or to another version of the engine")
    if state.finished:
        raise StateError("the run is finished; begin a new one with initial_state(plan)")


def _until(bars: Bars | None, end_ms: int) -> Bars:
    if bars is None:
        return Bars.empty()
    if len(bars) == 0 or bars.timestamp[-1] < end_ms:
        return bars
    return bars.rows(0, int(bars.timestamp.searchsorted(end_ms)))


def _finer(plan: Plan, symbol: str, finer: Mapping[str, Bars]) -> Bars:
    """The candles that decide inside a market's bars. Raise BarsError."""
    import numpy as np

    found = finer.get(symbol)
    if found is None:
        return Bars.empty()
    if plan.finer_ms is None:
        raise BarsError(f"{symbol}: finer candles are given, but the plan names no finer timeframe")
    if len(found) > 1 and not bool((found.timestamp[1:] > found.timestamp[:-1]).all()):
        raise BarsError(f"{symbol}: finer candles must be in the order of time, without doubles")
    # The kernel checks the run's own bars alone; a finer open outside its bar would become a fill's price.
    smallest, largest = np.minimum(found.open, found.close), np.maximum(found.open, found.close)
    sound = (found.low > 0.0) & (found.low <= smallest) & (largest <= found.high) & (found.high < np.inf)
    if not bool(sound.all()):
        row = int(sound.argmin())
        raise BarsError(
            f"{symbol}: finer candle {row} at {int(found.timestamp[row])} is no candle; prices must be "
            "finite and above 0, low the smallest and high the largest"
        )
    return found


def _check_order(plan: Plan, state: State, bars: tuple[Bars, ...]) -> None:
    """Time is one for all markets: no bar may be older than what was simulated already."""
    last = state.last_timestamp
    for symbol, found in zip(plan.symbols, bars, strict=True):
        if last is not None and len(found) and found.timestamp[0] <= last:
            raise BarsError(
                f"{symbol}: bars begin at {int(found.timestamp[0])}, but the run stands at {last}; "
                "cut all symbols at the same time"
            )


def _timeline(plan: Plan, bars: tuple[Bars, ...]) -> NDArray[np.int64]:
    """Every time inside the span at which any market has a bar."""
    import numpy as np

    stamps = [found.timestamp[found.timestamp.searchsorted(plan.start_ms) :] for found in bars]
    longest = max(stamps, key=len)
    if all(found is longest or np.array_equal(found, longest) for found in stamps):
        return longest
    for symbol, found in zip(plan.symbols, stamps, strict=True):
        if len(found) > 1 and not bool((found[1:] > found[:-1]).all()):
            row = int((found[1:] <= found[:-1]).argmax()) + 1
            raise BarsError(f"{symbol}: bar {row} inside the span does not come after the one before it")
    return np.unique(np.concatenate(stamps))
