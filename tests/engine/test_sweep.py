"""A sweep is many runs: every figure has the bits that a run of that combination has."""

from typing import Any

import numpy as np
import pytest

from engine import Bars, BarsError, Costs, Funding, PlanError, StrategyError, preset, run, sweep, sweeps
from engine.machine import uncompiled_kernel
from tests.engine.market import MINUTE, document, generated, rows

LEVELS: dict[str, Any] = {
    "name": "levels and limits",
    "parameters": {
        "period": {"type": "int", "default": 8, "min": 2, "max": 60},
        "stop": {"type": "float", "default": 2.0, "min": 0.1, "max": 50.0},
        "flatten": {"type": "bool", "default": False},
    },
    "triggers": [
        {
            "id": "up",
            "entry": "close > sma(close, $period)",
            "exit": "close < sma(close, $period) and (pnl_pct > 0.5 or age > 20)",
            "confidence": "A",
            "stop": {"percent": "$stop"},
            "target": {"r": 2},
            "scale_in": 2,
        },
        {
            "id": "down",
            "direction": "short",
            "entry": "close < lowest(low, $period)[1]",
            "order": {"limit": "close * 1.001", "valid_for": 3},
            "trailing": {"distance": "2 * atr(14)"},
            "max_bars": 40,
        },
        {"id": "out", "direction": "both", "category": "risk_off", "exit": "close < close[10] * 0.97"},
    ],
    "sizing": {"mode": "risk", "risk_pct": 1.0},
    "risk": {"max_symbol_exposure_pct": 60, "max_daily_loss_pct": 5, "max_trades_per_day": 30},
    "behaviour": {"conflicting_signals": "reverse", "min_hold_hours": 0.05},
}
COMBINATIONS = [{"period": period, "stop": stop} for period in (3, 8, 8, 21) for stop in (0.5, 2.0)]


def assert_same_as_runs(
    raw: dict[str, Any], bars: dict[str, Bars], combinations: list[dict[str, Any]], **settings: Any
) -> None:
    found = sweep(raw, bars, combinations, equity=True, timeframe_ms=MINUTE, start_ms=50 * MINUTE, **settings)
    settings.pop("threads", None)
    assert len(found) == len(combinations)
    for combination, outcome in zip(combinations, found, strict=True):
        alone = run(
            raw,
            bars,
            parameters=combination,
            timeframe_ms=MINUTE,
            start_ms=50 * MINUTE,
            record_indicators=False,
            **settings,
        )
        known = {name: alone.metrics[name] for name in outcome.metrics if name != "undefined"}
        assert {name: value for name, value in outcome.metrics.items() if name != "undefined"} == known
        assert outcome.equity is not None
        assert outcome.equity.tobytes() == np.asarray(alone.tables["equity"]["equity"]).tobytes()


@pytest.mark.parametrize("threads", [1, 3])
def test_a_sweep_has_the_bits_of_its_runs(threads: int) -> None:
    pairs = [{"fast": fast, "slow": slow} for fast in (3, 5) for slow in (9, 12, 20)]
    for bars in (
        {"A": generated(9_000, 3, holes=0.01)},
        {"A": generated(5_000, 4), "B": generated(5_000, 5, holes=0.1)},
    ):
        assert_same_as_runs(preset("ema_cross"), bars, pairs, threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
def test_stops_limits_and_shorts_have_them_too(threads: int) -> None:
    bars = {"A": generated(6_000, 6, holes=0.02), "B": generated(6_000, 7)}
    funding = Funding.constant(1.0, 8, 0, 6_000 * MINUTE)
    for series in (bars, {"A": bars["A"]}):
        assert_same_as_runs(
            LEVELS,
            series,
            COMBINATIONS,
            funding=funding,
            leverage=3.0,
            costs=Costs(5.0, 1.0),
            threads=threads,
        )


def test_uncompiled_it_gives_the_same_bits() -> None:
    bars = {"A": generated(700, 8, holes=0.02)}
    funding = Funding.constant(1.0, 8, 0, 700 * MINUTE)
    assert_same_as_runs(LEVELS, bars, COMBINATIONS[:3], funding=funding, kernel=uncompiled_kernel())


def test_a_combination_that_counts_by_days_does_not_change_the_others() -> None:
    raw = {**LEVELS, "behaviour": {"flatten_daily": "$flatten"}, "risk": {}}
    bars = {"A": generated(6_000, 9)}
    if "flatten_daily" in raw["behaviour"]:
        combinations = [{"flatten": False}, {"flatten": True}]
        funding = Funding.constant(0.0, 8, 0, 6_000 * MINUTE)
        assert_same_as_runs(raw, bars, combinations, funding=funding)


def test_windows_that_no_graph_holds_together_are_read_in_several() -> None:
    # 300 windows of 9,000 bars are more than one document may remember.
    period = {"type": "int", "default": 5, "min": 2, "max": 9_999}
    raw = document("close > sma(close, $period)", None, parameters={"period": period})
    combinations = [{"period": 9_000 + number} for number in range(300)]
    found = sweep(raw, {"A": generated(2_000, 12)}, combinations, timeframe_ms=MINUTE, start_ms=0, threads=1)
    assert [outcome.parameters for outcome in found] == combinations
    assert {outcome.metrics["bars"] for outcome in found} == {2_000}


def test_a_parameter_without_a_value_is_refused_though_it_has_a_default() -> None:
    pairs: list[dict[str, object]] = [{"fast": 3, "slow": 9}, {"slow": 9}, {"fast": None, "slow": 9}]
    with pytest.raises(StrategyError, match="fast"):
        sweep(preset("ema_cross"), {"A": generated(500, 13)}, pairs)


def test_more_rules_than_a_word_holds() -> None:
    pairs = [{"fast": fast, "slow": slow} for fast in range(2, 10) for slow in range(11, 21)]
    assert_same_as_runs(preset("ema_cross"), {"A": generated(1_500, 10)}, pairs)


def test_finer_candles_decide_in_a_sweep() -> None:
    minutes = generated(3_000, 11)
    five = Bars(
        minutes.timestamp[::5].copy(),
        minutes.open[::5].copy(),
        minutes.high.reshape(-1, 5).max(axis=1),
        minutes.low.reshape(-1, 5).min(axis=1),
        minutes.close[4::5].copy(),
        minutes.volume[::5].copy(),
    )
    raw = document("close > sma(close, $n)", None, parameters={"n": 5})
    raw["triggers"][0] |= {"stop": {"percent": 0.5}, "target": {"percent": 0.5}}  # type: ignore[index]
    found = sweep(raw, {"A": five}, {"n": [3, 5, 9]}, start_ms=0, finer={"A": minutes})
    for n, outcome in zip((3, 5, 9), found, strict=True):
        alone = run(raw, {"A": five}, parameters={"n": n}, start_ms=0, finer={"A": minutes})
        assert outcome.metrics["final_equity"] == alone.metrics["final_equity"]
        assert outcome.metrics["coarse_fills"] == alone.metrics["coarse_fills"]


MIXED: dict[str, Any] = {
    "name": "everything that combinations may have in common, or not",
    "parameters": {
        "fast": {"type": "int", "default": 4, "min": 1, "max": 60},
        "slow": {"type": "int", "default": 9, "min": 1, "max": 60},
        "offset": 0.0,
        "percent": 1.0,
    },
    "indicators": {
        "difference": "quick - lazy",
        "quick": "ema(close, $fast)",
        "lazy": "sma(close, $slow)",
        "level": "$offset",
        "rising": "quick > quick[2]",
    },
    "triggers": [
        {
            "id": "cross",
            "entry": "crosses_above(quick, lazy) and difference > level or rising and sma(close, 4) > lazy",
            "exit": 'crosses_below(quick, lazy) or tf("5m", quick < lazy) and pnl_pct > 0.1',
            "hold": "difference > level + 5",
            "stop": {"price": "lazy * 0.99"},
            "target": {"percent": "$percent"},
        },
        {"id": "higher", "timeframe": "15m", "entry": "difference > 0 and rising[1]", "max_bars": 7},
    ],
    "sizing": {"mode": "volatility_target", "target_pct": 40},
    "behaviour": {"min_hold_hours": "$percent"},
}


def test_what_is_not_parsed_again_has_the_bits_of_a_run() -> None:
    combinations = [
        {"fast": fast, "slow": slow, "offset": offset, "percent": percent}
        for fast in (3, 4)
        for slow in (4, 9)
        for offset in (0.0, -0.0, 3)
        for percent in (1, 0.02)
    ]
    assert_same_as_runs(MIXED, {"A": generated(4_000, 12, holes=0.01)}, combinations)
    assert_same_as_runs(MIXED, {"A": generated(1_000, 13)}, [{}, {"fast": 5}, {"slow": 5}])


def test_an_average_named_twice_is_one_average() -> None:
    raw = document("crosses_above(one, two)", "crosses_below(one, two)", parameters={"n": 3, "m": 5})
    raw["indicators"] = {"one": "ema(close, $n)", "two": "ema(close, $m)"}
    pairs = [{"n": n, "m": m} for n in (3, 5, 8) for m in (3, 5, 8)]
    assert_same_as_runs(raw, {"A": generated(2_000, 14)}, pairs)


def test_a_grid_varies_its_last_name_fastest() -> None:
    found = sweep(preset("ema_cross"), generated(400, 1), {"fast": [3, 4], "slow": [10, 20]})
    assert [outcome.parameters for outcome in found] == [
        {"fast": 3, "slow": 10}, {"fast": 3, "slow": 20}, {"fast": 4, "slow": 10}, {"fast": 4, "slow": 20},
    ]  # fmt: skip
    assert all(outcome.equity is None for outcome in found)
    assert {outcome.metrics["start"] for outcome in found} == {169 * MINUTE}


def test_no_combination_is_no_work() -> None:
    assert sweep(preset("ema_cross"), generated(400, 1), []) == []


def test_what_is_wrong_with_one_combination_is_told() -> None:
    with pytest.raises(StrategyError, match="slow"):
        sweep(preset("ema_cross"), generated(400, 1), {"slow": [10, 10_000]})
    with pytest.raises(PlanError, match="funding"):
        sweep(LEVELS, generated(400, 1), [{}])


@pytest.mark.parametrize("start", [{}, {"start_ms": 100 * MINUTE}], ids=["open", "given"])
def test_what_is_wrong_with_the_last_combination_is_told_whatever_was_begun(start: dict[str, Any]) -> None:
    combinations = [*({"fast": 5, "slow": slow} for slow in range(20, 40)), {"fast": 5, "slow": -1}]
    bars = {"A": generated(3_000, 5)}
    with pytest.raises(StrategyError, match="slow"):
        sweep(preset("ema_cross"), bars, combinations, timeframe_ms=MINUTE, threads=2, **start)


def with_a_bad_bar(row: int) -> Bars:
    """Bars of which this one's low is above its high."""
    good = generated(3_000, 5)
    low = good.low.copy()
    low[row] = 2.0 * good.high[row]
    return Bars(good.timestamp, good.open, good.high, low, good.close, good.volume)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_bad_bar_is_told_by_whoever_meets_it(threads: int) -> None:
    bad = {"A": with_a_bad_bar(2_000)}
    pairs = [{"fast": 5, "slow": slow} for slow in range(20, 40)]
    with pytest.raises(BarsError, match="bar 2000 at"):
        sweep(preset("ema_cross"), bad, pairs, timeframe_ms=MINUTE, start_ms=0, threads=threads)


def test_more_combinations_than_threads_can_be_given_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "TOGETHER", 3)
    pairs = [{"fast": fast, "slow": slow} for fast in (3, 5, 8) for slow in range(20, 30)]
    assert_same_as_runs(preset("ema_cross"), {"A": generated(3_000, 5)}, pairs, threads=2)


def test_what_fails_is_told_before_the_rest_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    batch = sweeps._Batch

    def counted(combinations: Any, *rest: Any) -> Any:
        made.append(len(combinations))
        return batch(combinations, *rest)

    monkeypatch.setattr(sweeps, "_Batch", counted)
    monkeypatch.setattr(sweeps, "TOGETHER", 3)
    bad = {"A": with_a_bad_bar(10)}
    pairs = [{"fast": 5, "slow": slow} for slow in range(20, 80)]
    with pytest.raises(BarsError, match="bar 10 at"):
        sweep(preset("ema_cross"), bad, pairs, timeframe_ms=MINUTE, start_ms=0, threads=1)
    assert len(made) == 1


@pytest.mark.parametrize("start", [299 * MINUTE + 1, 299 * MINUTE + 30_000, 300 * MINUTE])
def test_a_sweep_without_a_bar_counts_what_is_missing_as_a_run_does(start: int) -> None:
    bars = {"A": generated(300, 5)}
    given: dict[str, Any] = {"timeframe_ms": MINUTE, "start_ms": start, "end_ms": 310 * MINUTE}
    alone = run(preset("ema_cross"), bars, **given).metrics
    found = sweep(preset("ema_cross"), bars, [{}], **given)[0].metrics
    assert alone["bars"] == 0
    assert {name: found[name] for name in ("gaps", "missing_bars")} == {
        name: alone[name] for name in ("gaps", "missing_bars")
    }


def test_rows_of_a_run_are_not_needed_for_its_sweep() -> None:
    # The metrics of a sweep are those that need no table; a run has all of these and more.
    bars = generated(800, 2)
    outcome = sweep(preset("ema_cross"), bars, [{}], start_ms=0)[0]
    alone = run(preset("ema_cross"), bars, start_ms=0)
    assert set(outcome.metrics) < set(alone.metrics)
    assert outcome.metrics["total_fills"] == len(rows(alone.tables["fills"]))
