"""What is measured: whole runs of the engine, document to metrics."""

from collections.abc import Callable

from engine import (
    Bars,
    Costs,
    Market,
    Plan,
    Result,
    finish,
    initial_state,
    metrics,
    parse_strategy,
    preset,
    run,
    simulate,
)
from engine.machine import uncompiled_kernel

MARKET = "BTC-USDT"
COSTS = Costs(taker_fee_bps=1.0, slippage_bps=0.0)
"""Small, so that thousands of trades do not use the money up and end the work early."""

EQUITY_COLUMNS = ("cash", "exposure", "drawdown", "realised_pnl", "unrealised_pnl", "benchmark")


def floor(bars: Bars) -> Callable[[], object]:
    """Read five columns once."""
    return lambda: [
        float(column.sum()) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)
    ]


def ema_cross(bars: Bars, *, compiled: bool = True) -> Callable[[], Result]:
    """Document to fills, trades, equity and all metrics."""
    kernel = None if compiled else uncompiled_kernel()

    def work() -> Result:
        result = run(
            preset("ema_cross"),
            {MARKET: bars},
            costs=COSTS,
            start_ms=0,
            timeframe_ms=60_000,
            record_indicators=False,
            kernel=kernel,
        )
        # Every column but the texts that an event page wants.
        for name in ("fills", "trades"):
            for column in result.tables[name]:
                if column != "correlation_id":
                    _ = result.tables[name][column]
        return result

    return work


def equity_table(result: Result) -> object:
    """Read the columns of the equity table that are made when they are first read."""
    return [result.tables["equity"][column] for column in EQUITY_COLUMNS]


def sweep(bars: Bars) -> Callable[[], list[float]]:
    """100 pairs of periods, one run after the other."""
    pairs = [(fast, slow) for fast in range(5, 15) for slow in range(20, 70, 5)]
    document = preset("ema_cross")

    def work() -> list[float]:
        found: list[float] = []
        for fast, slow in pairs:
            strategy = parse_strategy(document, {"fast": fast, "slow": slow})
            plan = Plan(
                strategy,
                (Market(MARKET),),
                60_000,
                0,
                len(bars) * 60_000,
                costs=COSTS,
                record_indicators=False,
            )
            state, _ = simulate(plan, initial_state(plan), {MARKET: bars})
            state, _ = finish(plan, state)
            found.append(float(metrics(plan, state)["final_equity"]))
        return found

    return work
