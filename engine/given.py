"""The bars of one call, as the kernel takes them: one entry for each market, and the times of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.bars import Bars
from engine.errors import BarsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.plan import Plan


@dataclass(frozen=True, eq=False)
class Given:
    """Bars and finer candles of each market of a plan, and every time at which any of them has a bar."""

    bars: tuple[Bars, ...]
    finer: tuple[Bars, ...]
    timeline: NDArray[np.int64]

    @classmethod
    def nothing(cls, count: int) -> Given:
        """No bars of so many markets."""
        import numpy as np

        none = (Bars.empty(),) * count
        return cls(none, none, np.empty(0, dtype=np.int64))

    @classmethod
    def of(
        cls, plan: Plan, bars: Mapping[str, Bars], finer: Mapping[str, Bars], last: int | None = None
    ) -> Given:
        """Take the bars by symbol, those at or after the plan's end left out. Raise BarsError.

        `last` is the time up to which the run was simulated already.
        """
        for what, series in (("bars", bars), ("finer candles", finer)):
            unknown = set(series) - set(plan.symbols)
            if unknown:
                raise BarsError(f"{what} for {', '.join(sorted(unknown))}, which the plan does not trade")
        given = tuple(_until(bars.get(symbol), plan.end_ms) for symbol in plan.symbols)
        _check_order(plan, last, given)
        decisive = tuple(_finer(plan, symbol, finer) for symbol in plan.symbols)
        return cls(given, decisive, _timeline(plan, given))


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


def _check_order(plan: Plan, last: int | None, bars: tuple[Bars, ...]) -> None:
    """Time is one for all markets: no bar may be older than what was simulated already."""
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
