"""What is measured: whole runs of the engine, document to metrics."""

from collections.abc import Callable, Mapping
from typing import Any

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
    sweep,
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


def one_by_one(bars: Bars) -> Callable[[], list[float]]:
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


def levels() -> dict[str, object]:
    """The cross with a stop, a target and a trailing stop."""
    return _changed(stop={"percent": 0.4}, target={"r": 3}, trailing={"distance": "4 * atr(14)"})


def limits() -> dict[str, object]:
    """Every limit and every rule of conduct, wide enough to let it trade."""
    document = levels()
    document["risk"] = {
        "max_position_risk_pct": 2,
        "max_symbol_exposure_pct": 90,
        "max_portfolio_exposure_pct": 90,
        "max_daily_loss_pct": 50,
        "max_daily_risk_budget_pct": 50,
        "max_trades_per_day": 200,
        "max_triggers_per_symbol_per_day": 50,
    }
    document["behaviour"] = {
        "exit_binding": "exact",
        "conflicting_signals": "reverse",
        "min_hold_hours": 0.05,
        "min_flat_hours": 0.05,
        "min_price_move_pct": 0.01,
        "walk_away_profit_pct": 100,
        "confidence_override": "A",
    }
    return document


def rare_gate() -> dict[str, object]:
    """A rule on the position behind a condition of the market that is rarely true."""
    return _changed(exit="crosses_below(fast_ema, slow_ema) and (pnl_pct > 0.1 or age > 30)")


def every_bar() -> dict[str, object]:
    """A rule on the position that is asked at every bar in position."""
    return _changed(exit="pnl_pct > 0.3 or pnl_pct < -0.2 or age > 60")


def higher_timeframe() -> dict[str, object]:
    """The cross, allowed where the hour's average rises."""
    return _changed(entry='crosses_above(fast_ema, slow_ema) and tf("1h", close > sma(close, 20))')


def _changed(**fields: object) -> dict[str, object]:
    document = dict(preset("ema_cross"))
    document["triggers"] = [{**document["triggers"][0], **fields}]  # type: ignore[index]
    return document


def document_run(
    document: Mapping[str, object], series: dict[str, Bars], **settings: Any
) -> Callable[[], Result]:
    """Any document over any markets, to metrics; the tables' columns stay unread."""
    return lambda: run(
        document, series, costs=COSTS, start_ms=0, timeframe_ms=60_000, record_indicators=False, **settings
    )


def sweep_together(bars: Bars, count: int = 100) -> Callable[[], list[float]]:
    """The same pairs, or the first of them, in one sweep with all its metrics."""
    pairs = [{"fast": fast, "slow": slow} for fast in range(5, 15) for slow in range(20, 70, 5)][:count]

    def work() -> list[float]:
        found = sweep(
            preset("ema_cross"), {MARKET: bars}, pairs, costs=COSTS, start_ms=0, timeframe_ms=60_000
        )
        return [outcome.metrics["final_equity"] for outcome in found]

    return work
