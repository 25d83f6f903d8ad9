"""Statistics of days, trades and drawdowns: small cases by hand, the peers' own figures, any cut."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import (
    Market,
    Plan,
    Report,
    State,
    StateError,
    finish,
    initial_state,
    parse_strategy,
    preset,
    simulate,
    summing,
)
from engine.columns import Coded, Table
from engine.fold import Output
from engine.machine import uncompiled
from engine.result import Result
from engine.statistics import passes
from engine.statistics.calendar import DAY_MS, day_of, months_before, text_of, week_of
from engine.statistics.drawdowns import WORST, Drawdowns
from engine.statistics.numbers import normal_below, quantile, student_above
from engine.statistics.sheet import Sheet
from tests.engine.market import MINUTE, document, generated, play, rows

FIRST_DAY = 18_652  # 2021-01-25
HOUR = 3_600_000
# fmt: off
EQUITY = (1010, 1005, 1022, 1040, 1031, 1018, 1025, 1060, 1060, 1044,
          1071, 1093, 1079, 1066, 1082, 1110, 1098, 1121, 1140, 1126)
BENCHMARK = (1004, 1001, 1015, 1021, 1018, 1003, 1009, 1030, 1026, 1013,
             1035, 1046, 1041, 1029, 1037, 1060, 1049, 1066, 1079, 1070)
# fmt: on


def daily_plan(**changes: Any) -> Plan:
    given = {
        "strategy": parse_strategy(document("close > 1", None)),
        "markets": (Market("A"), Market("B")),
        "timeframe_ms": DAY_MS,
        "start_ms": FIRST_DAY * DAY_MS,
        "end_ms": (FIRST_DAY + 1000) * DAY_MS,
        "initial_cash": 1000.0,
    }
    return Plan(**{**given, **changes})


def empty() -> Table:
    return Table(0, {})


def coded(texts: Sequence[str | None]) -> Coded:
    names = tuple(sorted({text for text in texts if text is not None}))
    return Coded(np.array([-1 if t is None else names.index(t) for t in texts], dtype=np.int32), names)


def equity_table(closes: Sequence[float], benchmark: Sequence[float], step: int = DAY_MS) -> Table:
    stamps = FIRST_DAY * DAY_MS + np.arange(len(closes), dtype=np.int64) * step
    return Table(
        len(closes),
        {"timestamp": stamps, "equity": np.array(closes, float), "benchmark": np.array(benchmark, float)},
    )


def days_of(equity: Table, positions: Table | None = None) -> Table:
    """What the rows of each UTC day add up to, row by row; a change counts from its bar's close on."""
    changes: list[tuple[int, str, float]] = []
    if positions is not None:
        columns = (positions["timestamp"], positions["symbol"], positions["qty"])
        changes = list(zip(*(column.tolist() for column in columns), strict=True))
    held: dict[str, float] = {}
    days: dict[int, dict[str, Any]] = {}
    for stamp, value in zip(equity["timestamp"].tolist(), equity["equity"].tolist(), strict=True):
        while changes and changes[0][0] <= stamp:
            _, symbol, qty = changes.pop(0)
            held[symbol] = qty
        day = days.setdefault(stamp // DAY_MS, {"bars": 0, "exposed": 0, "high": value, "low": value})
        day["bars"] += 1
        day["exposed"] += any(held.values())
        day["high"], day["low"] = max(day["high"], value), min(day["low"], value)
        day["close"] = value
    columns_of = {
        name: np.array([day[name] for day in days.values()])
        for name in ("bars", "exposed", "high", "low", "close")
    }
    return Table(len(days), {"day": np.array(list(days)), **columns_of})


def fed(equity: Table, blocks: Table | None = None, **tables: Table) -> Report:
    report = Report(daily_plan())
    given = {"fills": empty(), "trades": empty(), "positions": empty(), "equity": equity, **tables}
    report.add(Output(given, blocks or empty(), days_of(equity)))
    return report


def metrics_of(report: Report, *, cagr_pct: float = 10.0, sqn: float | None = None) -> dict[str, Any]:
    sheet = Sheet()
    sheet.put("cagr_pct", cagr_pct)
    report.put_metrics(sheet, sqn)
    return {**sheet.metrics, "undefined": sheet.undefined}


# --- the peers' figures ----------------------------------------------------------------------

# quantstats 0.0.86 with periods=365 on the daily returns of EQUITY and BENCHMARK from 1,000 on. Where the
# definition differs (docs/metrics.md): its ulcer index × √(19 / 20), its information ratio × √365,
# conditional_value_at_risk with method="historical", r_squared from scipy.stats.linregress.
QUANTSTATS = {
    "daily_volatility_pct": 30.8265718712,
    "daily_sharpe_ratio": 7.19197233152,
    "smart_sharpe_ratio": 6.33154687888,
    "daily_sortino_ratio": 15.9164744488,
    "smart_sortino_ratio": 14.0122763929,
    "probabilistic_sharpe_ratio": 0.950114996091,
    "skew": 0.0609578247904,
    "kurtosis": -1.52637170643,
    "conditional_value_at_risk_95_pct": -1.50943396226,
    "omega_ratio": 2.36104208712,
    "gain_to_pain_ratio": 1.36104208712,
    "tail_ratio": 2.03445767289,
    "common_sense_ratio": 4.80344019017,
    "daily_payoff_ratio": 1.71712151791,
    "cpc_index": 2.34716620512,
    "outlier_win_ratio": 1.85493155852,
    "outlier_loss_ratio": 1.31397658939,
    "ulcer_index_pct": 1.0310204042,
    "beta": 1.28656857919,
    "alpha_pct": 59.3366965647,
    "r_squared": 0.926245193372,
    "information_ratio": 8.95418365778,
    "win_days_pct": 57.8947368421,
    "best_day_pct": 3.41463414634,
    "worst_day_pct": -1.50943396226,
    "expected_daily_return_pct": 0.595121502011,
    "return_mtd_pct": 9.85365853659,
    "benchmark_sharpe_ratio": 5.47280491738,
    "max_consecutive_days_won": 2,
    "max_consecutive_days_lost": 2,
}


@pytest.mark.parametrize("name", QUANTSTATS)
def test_daily_metrics_are_those_of_quantstats(name: str) -> None:
    found = metrics_of(fed(equity_table(EQUITY, BENCHMARK)))
    assert found[name] == pytest.approx(QUANTSTATS[name], rel=1e-9)


# scipy 1.17.1, scipy.stats.t.sf
@pytest.mark.parametrize(
    ("t", "freedom", "tail"),
    [
        (2.0, 10, 0.0366940173854),
        (-1.3, 4, 0.868274201764),
        (0.05, 1, 0.484097748744),
        (3.1, 50, 0.0015876954992),
        (5.0, 1000, 3.38362818232e-07),
        (1.96, 100_000, 0.0249992815972),
        (0.0, 7, 0.5),
        (12.0, 60, 6.89316132091e-18),
    ],
)
def test_the_tail_of_student_s_t_is_scipy_s(t: float, freedom: int, tail: float) -> None:
    assert student_above(t, freedom) == pytest.approx(tail, rel=1e-10)


def test_the_normal_distribution_and_quantiles() -> None:
    assert normal_below(0.0) == 0.5
    assert normal_below(1.959963984540054) == pytest.approx(0.975, abs=1e-12)
    assert [quantile(np.array([1.0, 2.0, 4.0]), share) for share in (0.0, 0.25, 0.5, 1.0)] == [
        1.0,
        1.5,
        2.0,
        4.0,
    ]


# --- days and periods ------------------------------------------------------------------------


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=40), st.sampled_from([1e-300, 1.0, 1e5]))
def test_sums_are_rounded_once(values: list[float], scale: float) -> None:
    # Their differences from the mean, too: what is left when large numbers go away.
    for numbers in (values, [value * scale for value in values], [*values, *(-value for value in values)]):
        assert passes.sum_exactly(np.array(numbers)) == math.fsum(numbers)


@pytest.mark.parametrize("module", [summing, uncompiled("summing")], ids=["compiled", "uncompiled"])
def test_a_sum_between_two_floats_is_not_sure(module: Any) -> None:
    def summed(*values: float) -> tuple[float, bool]:
        found: tuple[float, bool] = module.sum_surely(np.array(values) if module.COMPILED else list(values))
        return found

    assert summed(1.0, 2.0**-53) == (1.0, False)  # half of the last place: the tie goes to the even one
    assert summed(1.0, 2.0**-54) == (1.0, True)
    assert summed(1.0, 1e100, 1.0, -1e100) == (2.0, False)  # right, but more might have been lost
    assert summed(0.1, 0.2, 0.3) == (0.6, True)
    assert summed() == (0.0, True)
    assert not summed(math.inf, -math.inf)[1]


def test_dates() -> None:
    assert text_of(0) == "1970-01-01"
    assert text_of(FIRST_DAY) == "2021-01-25"
    assert week_of(FIRST_DAY + 6) == "2021-01-25"
    assert week_of(FIRST_DAY + 7) == "2021-02-01"
    assert text_of(months_before(day_of(date(2021, 5, 31)), 3)) == "2021-02-28"


def test_periods_by_hand() -> None:
    tables = fed(equity_table(EQUITY, BENCHMARK)).tables()
    january, february = tables["monthly"]
    # The 25th to the 31st end at 1,025; February goes on from there to 1,126.
    assert (january["month"], january["equity"], january["trades"]) == ("2021-01", 1025.0, 0)
    assert january["return_pct"] == pytest.approx(2.5, rel=1e-12)
    assert february["return_pct"] == pytest.approx(100 * (1126 / 1025 - 1), rel=1e-12)
    assert february["benchmark_return_pct"] == pytest.approx(100 * (1070 / 1009 - 1), rel=1e-12)
    assert [row["week"] for row in tables["weekly"]] == ["2021-01-25", "2021-02-01", "2021-02-08"]
    assert [row["year"] for row in tables["yearly"]] == ["2021"]
    assert tables["daily"]["equity_open"][:2] == [1000.0, 1010.0]
    assert tables["daily"]["date"][-1] == "2021-02-13"


def test_a_day_is_opened_by_the_day_before_and_ranges_over_its_closes() -> None:
    # Two days of 8-hour bars, the second with a gap at its begin.
    curve = [1010.0, 990.0, 1005.0, 1020.0, 1001.0]
    stamps = FIRST_DAY * DAY_MS + np.array([0, 8, 16, 32, 40]) * HOUR
    equity = Table(5, {"timestamp": stamps, "equity": np.array(curve), "benchmark": np.array(curve) + 1.0})
    daily = fed(equity).tables()["daily"]
    assert (daily["equity_open"], daily["equity_close"]) == ([1000.0, 1005.0], [1005.0, 1001.0])
    assert (daily["equity_high"], daily["equity_low"]) == ([1010.0, 1020.0], [990.0, 1001.0])
    assert (daily["benchmark"], daily["bars"]) == ([1006.0, 1002.0], [3, 2])


def test_the_rolling_sharpe_begins_with_its_thirtieth_day() -> None:
    closes = [1000.0 + 7 * n + (-1) ** n * 5 for n in range(40)]
    rolling = fed(equity_table(closes, closes)).tables()["rolling_sharpe"]
    assert rolling["days_30"][:29] == [None] * 29
    returns = [b / a - 1 for a, b in zip([1000.0, *closes], closes, strict=False)][10:]
    mean = math.fsum(returns) / 30
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in returns) / 29)
    assert rolling["days_30"][-1] == pytest.approx(mean / spread * math.sqrt(365), rel=1e-10)
    assert rolling["days_90"] == [None] * 40


def test_windows_longer_than_the_run_are_undefined() -> None:
    found = metrics_of(fed(equity_table(EQUITY, BENCHMARK)))
    assert found["return_ytd_pct"] == pytest.approx(12.6, rel=1e-12)
    assert found["return_3m_pct"] is None
    assert found["undefined"]["return_3m_pct"] == "the run is shorter"


def test_equity_of_zero_leaves_returns_undefined_and_nothing_raises() -> None:
    found = metrics_of(fed(equity_table([500, 0, 0, 10], [1000, 1000, 1000, 1000])))
    assert found["undefined"]["daily_sharpe_ratio"] == "equity was zero or less"
    assert found["best_day_pct"] is None
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("closes", [[], [1000.0], [1000.0] * 5, [1001.0, 1002.0, 1003.0]])
def test_what_cannot_be_computed_has_a_reason(closes: list[float]) -> None:
    report = fed(equity_table(closes, closes))
    found = metrics_of(report)
    missing = {name for name, value in found.items() if value is None}
    assert missing == set(found["undefined"])
    assert all(found["undefined"].values())
    json.dumps([found, report.tables()], allow_nan=False)


# --- drawdowns -------------------------------------------------------------------------------


def day(number: int) -> int:
    return (FIRST_DAY + number) * DAY_MS


def test_drawdowns_by_hand() -> None:
    # Peak 1040 on day 3, lowest 1018 on day 5, back at 1060 on day 7; and so on; the last one lasts.
    tables = fed(equity_table(EQUITY, BENCHMARK)).tables()
    found = {
        (row["start_timestamp"], row["valley_timestamp"], row["recovery_timestamp"])
        for row in tables["drawdowns"]
    }
    assert found == {
        (day(0), day(1), day(2)),
        (day(3), day(5), day(7)),
        (day(8), day(9), day(10)),
        (day(11), day(13), day(15)),
        (day(15), day(16), day(17)),
        (day(18), day(19), None),
    }
    worst = tables["drawdowns"][0]
    assert worst["depth_pct"] == pytest.approx(100 * 27 / 1093)
    assert (worst["amount"], worst["bars"], worst["days"]) == (27.0, 3, 4.0)


def test_metrics_of_drawdowns_by_hand() -> None:
    found = metrics_of(fed(equity_table([1000, 900, 990, 1000, 1100, 1089], [1000] * 6)))
    # 10 % over 3 days (from the first bar at 1,000 to the next), then 1 % for a day so far.
    assert found["drawdowns"] == 2
    assert found["avg_drawdown_pct"] == pytest.approx(5.5)
    assert (found["avg_drawdown_days"], found["max_drawdown_days"]) == (2.0, 3.0)
    assert found["max_drawdown_amount"] == 100.0
    assert found["max_drawdown_valley_timestamp"] == (FIRST_DAY + 1) * DAY_MS
    assert found["equity_peak_timestamp"] == (FIRST_DAY + 4) * DAY_MS
    assert found["equity_low_timestamp"] == (FIRST_DAY + 1) * DAY_MS


def plainly(curve: Sequence[float], initial: float) -> list[tuple[int, int, int | None]]:
    """Drawdowns as (row of the peak, of the lowest, of the recovery), row by row."""
    found: list[tuple[int, int, int | None]] = []
    peak, top, low = initial, -1, None
    for row, value in enumerate(curve):
        if value >= peak:
            if low is not None:
                found.append((top, low, row))
            peak, top, low = value, row, None
        elif low is None or value < curve[low]:
            low = row
    return found if low is None else [*found, (top, low, None)]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=60), st.data())
def test_drawdowns_of_any_cut_are_the_plain_ones(levels: list[int], data: st.DataObject) -> None:
    curve = np.array(levels, dtype=np.float64)
    stamps = np.arange(len(curve), dtype=np.int64)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(curve) - 1)), max_size=5)))
    drawdowns = Drawdowns(6.0, -1)
    for first, stop in zip([0, *cuts], [*cuts, len(curve)], strict=True):
        if first < stop:
            drawdowns.add(stamps[first:stop], curve[first:stop])
    expected = plainly(levels, 6.0)
    assert drawdowns.count + (drawdowns.current is not None) == len(expected)
    found = {(d.start_ms, d.valley_ms, d.end_ms if d.recovered else None) for d in drawdowns.worst()}
    assert len(found) == min(WORST, len(expected))
    assert found <= set(expected)
    whole = Drawdowns(6.0, -1)
    whole.add(stamps, curve)
    assert whole.dump() == drawdowns.dump()
    assert Drawdowns.load(json.loads(json.dumps(whole.dump()))).dump() == whole.dump()


# --- trades ----------------------------------------------------------------------------------


def trades_table() -> Table:
    """Seven trades, an hour apart, of 100 each: +10 +20 −5 −5 −15 0 +30; the fifth is short, of B."""
    pnl = np.array([10.0, 20.0, -5.0, -5.0, -15.0, 0.0, 30.0])
    entered = FIRST_DAY * DAY_MS + np.arange(7, dtype=np.int64) * HOUR
    return Table(
        7,
        {
            "timestamp": entered + 2 * HOUR,
            "symbol": coded(["A", "A", "A", "A", "B", "A", "B"]),
            "side": coded(["long", "long", "long", "long", "short", "long", "long"]),
            "entry_timestamp": entered,
            "exit_timestamp": entered + np.array([2, 4, 1, 1, 6, 2, 2]) * HOUR,
            "entry_price": np.full(7, 50.0),
            "entry_trigger": coded(["t", "t", "t", "u", "u", None, "t"]),
            "exit_trigger": coded(["x"] * 7),
            "exit_reason": coded(["target", "target", "stop", "stop", "stop", "exit_rule", "target"]),
            "qty": np.full(7, 2.0),
            "pnl": pnl,
            "fees": np.full(7, 0.5),
            "return_pct": pnl,
            "bars": np.full(7, 2),
            "mae": np.array([-1.0, -2.0, -6.0, -6.0, -20.0, 0.0, -4.0]),
            "mfe": np.array([12.0, 25.0, 1.0, 1.0, 0.0, 0.0, 31.0]),
            "r_multiple": np.array([1.0, 2.0, -1.0, -1.0, -1.0, np.nan, 3.0]),
        },
    )


def test_metrics_of_trades_by_hand() -> None:
    found = metrics_of(fed(equity_table(EQUITY, BENCHMARK), trades=trades_table()), sqn=0.77)
    # Winners 10, 20, 30: 20 on average; losers 5, 5, 15: 25 / 3.
    assert found["payoff_ratio"] == pytest.approx(20 / (25 / 3))
    assert found["kelly_criterion"] == pytest.approx(3 / 7 - (4 / 7) / 2.4)
    assert found["expectancy_ratio"] == pytest.approx(3.4 * 3 / 7 - 1)
    assert found["win_loss_ratio"] == 1.0
    assert found["profit_p_value"] == student_above(0.77, 6)
    assert (found["max_consecutive_wins"], found["max_consecutive_losses"]) == (2, 3)
    assert (found["long_trades"], found["short_trades"], found["short_win_rate"]) == (6, 1, 0.0)
    assert (found["long_pnl"], found["short_pnl"]) == (50.0, -15.0)
    assert (found["best_symbol"], found["best_symbol_pnl"]) == ("A", 20.0)
    assert (found["worst_symbol"], found["worst_symbol_pnl"]) == ("B", 15.0)
    assert (found["best_trade_symbol"], found["best_trade_pnl"], found["largest_loss"]) == ("B", 30.0, -15.0)
    assert found["worst_trade_timestamp"] == FIRST_DAY * DAY_MS + 10 * HOUR
    assert (found["avg_winner_duration_hours"], found["max_loser_duration_hours"]) == (8 / 3, 6.0)
    assert (found["avg_trade_duration_hours"], found["max_trade_duration_hours"]) == (18 / 7, 6.0)
    assert (found["trades_with_risk"], found["avg_r_multiple"]) == (6, 0.5)
    assert found["avg_mae_pct"] == pytest.approx(39 / 7)
    assert found["trades_per_day"] == 7 / 20


def test_tables_of_trades_by_hand() -> None:
    tables = fed(equity_table(EQUITY, BENCHMARK), trades=trades_table()).tables()
    a, b = tables["by_symbol"]
    assert (a["symbol"], a["trades"], a["wins"], a["losses"], a["win_rate"]) == ("A", 5, 2, 2, 40.0)
    assert (a["pnl"], a["profit_factor"], a["avg_return_pct"], a["fees"]) == (20.0, 3.0, 4.0, 2.5)
    assert a["avg_duration_hours"] == 2.0
    assert (b["symbol"], b["pnl"], b["profit_factor"]) == ("B", 15.0, 2.0)
    assert [(row["trigger"], row["trades"]) for row in tables["by_trigger"]] == [
        ("t", 4),
        ("u", 2),
        (None, 1),
    ]
    reasons = {row["exit_reason"]: row["profit_factor"] for row in tables["by_exit_reason"]}
    assert reasons == {"target": None, "stop": 0.0, "exit_rule": None}
    assert [row["hour"] for row in tables["by_hour"]] == ["00", "01", "02", "03", "04", "05", "06"]
    assert [row["weekday"] for row in tables["by_weekday"]] == ["monday"]
    assert tables["daily"]["trades"][0] == 7
    won = next(row for row in tables["excursions"] if (row["outcome"], row["excursion"]) == ("won", "mae"))
    assert (won["trades"], won["avg_pct"], won["furthest_pct"]) == (3, pytest.approx(7 / 3), 4.0)
    # 1 % is in the class that ends at 2 %, 2 % in that to 3 %, 4 % in that to 5 %.
    assert dict(zip(won["below_pct"], won["counts"], strict=True))[2.0] == 1
    assert sum(won["counts"]) == 3


def test_blocks_count_on_the_day_of_their_first_decision() -> None:
    blocks = Table(
        3,
        {
            "first": FIRST_DAY * DAY_MS + np.array([3 * HOUR, 20 * DAY_MS - 500, 9 * HOUR]),
            "reason": coded(["min_notional", "end_of_data", "min_notional"]),
            "count": np.array([3, 1, 2]),
        },
    )
    blocked = fed(equity_table(EQUITY, BENCHMARK), blocks).tables()["daily"]["blocked"]
    assert (blocked[0], blocked[1], blocked[-1]) == ({"min_notional": 5}, {}, {"end_of_data": 1})


# --- whole runs ------------------------------------------------------------------------------

BARS = {"A": generated(9000, 5, holes=0.01), "B": generated(9000, 6, holes=0.05)}


def run_plan() -> Plan:
    return Plan(
        parse_strategy(preset("ema_cross")),
        (Market("A"), Market("B")),
        MINUTE,
        100 * MINUTE,
        9000 * MINUTE,
        allocations=(0.0, 500.0),
        record_indicators=False,
    )


def cut_run(cuts: Sequence[int]) -> tuple[Report, State]:
    """Fold the market cut at these minutes; the report goes through its bytes at each cut."""
    plan = run_plan()
    report, state = Report(plan), initial_state(plan)
    for first, stop in zip([0, *cuts], [*cuts, 9000], strict=True):
        part = {
            symbol: bars.rows(*(int(n) for n in bars.timestamp.searchsorted([first * MINUTE, stop * MINUTE])))
            for symbol, bars in BARS.items()
        }
        state, output = simulate(plan, state, part)
        report.add(output)
        report = Report.from_bytes(plan, report.to_bytes())
    state, output = finish(plan, state)
    report.add(output)
    return report, state


@given(st.sets(st.integers(1, 8999), max_size=6))
def test_any_cut_gives_the_same_bytes_metrics_and_tables(cuts: set[int]) -> None:
    whole, cut = cut_run([]), cut_run(sorted(cuts))
    assert whole[0].to_bytes() == cut[0].to_bytes()
    assert engine.metrics(run_plan(), whole[1], whole[0]) == engine.metrics(run_plan(), cut[1], cut[0])
    assert json.dumps(whole[0].tables()) == json.dumps(cut[0].tables())


@pytest.mark.parametrize("cuts", [[], [150, 1440, 5000]])
def test_uncompiled_passes_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch, cuts: list[int]) -> None:
    assert passes.summing().COMPILED, "run `python -m infra_cdk.kernel` first"
    compiled = cut_run(cuts)[0].to_bytes()
    monkeypatch.setattr(passes, "summing", lambda: uncompiled("summing"))
    assert not passes.summing().COMPILED
    assert cut_run(cuts)[0].to_bytes() == compiled


def test_days_are_reckoned_over_gaps() -> None:
    # Rows at these minutes of the first day, and one of the next.
    at = np.array([0, 1, 2, 5, 6, 7, 8, 1500], dtype=np.int64) * MINUTE
    closes = [10.0, 12.0, 11.0, 9.0, 10.0, 10.0, 10.5, 8.0]
    equity = Table(8, {"timestamp": at, "equity": np.array(closes)})
    changes = Table(
        5,
        {
            "timestamp": np.array([1, 5, 5, 6, 8], dtype=np.int64) * MINUTE,
            "symbol": coded(["A", "A", "B", "B", "A"]),
            "qty": np.array([1.0, 0.0, -2.0, 0.0, 3.0]),
        },
    )
    # A is held over rows 1 and 2, B over row 3, A again from row 6 on.
    found = days_of(equity, changes)
    assert [found[name].tolist() for name in found] == [
        [0, 1], [7, 1], [4, 1], [12.0, 8.0], [9.0, 8.0], [10.5, 8.0],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["plain", "several", "rich"])
def test_the_fold_adds_days_up_as_its_tables_do(name: str) -> None:
    """Bars, exposed bars, highest, lowest and last equity of each day, whichever way the rows went."""
    if name == "rich":
        found = rich_fold()
    else:
        symbols = ("A",) if name == "plain" else ("A", "B")
        series = {symbol: generated(4000, n, holes=0.02) for n, symbol in enumerate(symbols)}
        plan = Plan(
            parse_strategy(preset("ema_cross")),
            tuple(map(Market, symbols)),
            MINUTE,
            0,
            4000 * MINUTE,
            record_indicators=False,
        )
        _, found = simulate(plan, initial_state(plan), series)
    wanted = days_of(found.tables["equity"], found.tables["positions"])
    assert sum(wanted["exposed"]) > 0
    assert found.days["day"].tolist() == wanted["day"].tolist()
    for column in ("bars", "exposed", "high", "low", "close"):
        assert found.days[column].tolist() == wanted[column].tolist(), column


def test_trades_before_1970_have_an_hour_and_a_weekday() -> None:
    # 1969-12-31 22:00, a Wednesday.
    table = trades_table()
    moved = table["entry_timestamp"] - table["entry_timestamp"][0] - 2 * HOUR
    columns = {name: table[name] for name in table} | {"entry_timestamp": moved}
    tables = fed(equity_table(EQUITY, BENCHMARK), trades=Table(7, columns)).tables()
    assert [row["hour"] for row in tables["by_hour"]] == ["00", "01", "02", "03", "04", "22", "23"]
    assert [(row["weekday"], row["trades"]) for row in tables["by_weekday"]] == [
        ("wednesday", 2),
        ("thursday", 5),
    ]


RICH = {
    "name": "rich",
    "triggers": [
        {
            "id": "up",
            "entry": "crosses_above(ema(close, 5), ema(close, 12))",
            "exit": "close < ema(close, 12)",
            "exit_fraction": 0.5,
            "stop": {"percent": 1.5},
            "target": {"r": 2},
            "scale_in": 2,
        },
        {
            "id": "down",
            "direction": "short",
            "entry": "crosses_below(ema(close, 5), ema(close, 12))",
            "exit": "close > ema(close, 12)",
            "stop": {"percent": 2},
            "trailing": {"percent": 1},
        },
    ],
    "sizing": {"mode": "fraction", "fraction": 0.4},
}


def rich_fold() -> Output:
    plan = rich().plan
    return simulate(plan, initial_state(plan), BARS)[1]


def rich() -> Result:
    return engine.run(
        RICH,
        BARS,
        timeframe_ms=MINUTE,
        start_ms=0,
        costs=engine.Costs(10.0, 2.0),
        risk=engine.Risk(max_trades_per_day=40, max_symbol_exposure_pct=60.0),
        behaviour=engine.Behaviour(conflicting_signals="reverse"),
        funding=engine.Funding.constant(1.0, 8, 0, 9000 * MINUTE),
        record_indicators=False,
    )


def plain() -> Result:
    return play(preset("ema_cross"), BARS, cash=10_000.0, fee_bps=10.0, step=1e-4, allocations=(0.0, 500.0))


@pytest.mark.parametrize("make", [plain, rich])
def test_a_report_agrees_with_the_tables_and_with_the_state(make: Callable[[], Result]) -> None:
    result = make()
    m, tables = result.metrics, result.report.tables()
    equity = result.tables["equity"]
    daily = tables["daily"]
    days = equity["timestamp"] // DAY_MS
    assert daily["exposed_bars"] == [
        int((equity["exposure"][days == day] != 0.0).sum()) for day in np.unique(days)
    ]
    assert daily["equity_high"] == [float(equity["equity"][days == day].max()) for day in np.unique(days)]
    assert daily["benchmark"] == [float(equity["benchmark"][days == day][-1]) for day in np.unique(days)]
    assert 100 * sum(daily["exposed_bars"]) / m["bars"] == m["exposure_time_pct"]
    assert sum(daily["fills"]) == m["total_fills"]
    assert math.fsum(daily["fees"]) == pytest.approx(m["fees_paid"], rel=1e-12)
    assert sum(daily["trades"]) == m["total_trades"] > 100
    assert math.fsum(daily["pnl"]) == pytest.approx(m["realised_pnl"], rel=1e-9)
    assert tables["drawdowns"][0]["depth_pct"] == m["max_drawdown_pct"]
    assert 100 * float(equity["drawdown"].max()) == m["max_drawdown_pct"]
    assert sum(row["wins"] for row in tables["by_symbol"]) == m["winning_trades"]
    assert m["best_trade_pct"] == float(result.tables["trades"]["return_pct"].max())
    blocked: dict[str, int] = dict.fromkeys(m["blocked"], 0)
    for counts in daily["blocked"]:
        for reason, count in counts.items():
            blocked[reason] += count
    assert blocked == m["blocked"]
    by_day: dict[str, Counter[str]] = {}
    for event in rows(result.tables["events"]):
        if event["type"] == "trade_blocked":
            block = json.loads(event["payload"])
            by_day.setdefault(block["first"][:10], Counter())[block["reason"]] += block["count"]
    assert dict(zip(daily["date"], daily["blocked"], strict=True)) == {
        date: dict(by_day.get(date, {})) for date in daily["date"]
    }
    assert {row["exit_reason"]: row["trades"] for row in tables["by_exit_reason"]} == {
        reason: count for reason, count in m["exits"].items() if count
    }
    assert m["long_trades"] + m["short_trades"] == m["total_trades"]
    assert (m["short_trades"] > 0) == (make is rich)
    assert m["rejected_signals"] == sum(blocked.values())
    assert result.frames()["monthly"]["month"].tolist() == ["1970-01"]
    assert str(result.frames()["drawdowns"]["valley_timestamp"].dtype).endswith("UTC]")


def test_a_sweep_needs_no_report() -> None:
    _, state = cut_run([])
    found = engine.metrics(run_plan(), state)
    assert found["cagr_pct"] is not None
    assert "daily_sharpe_ratio" not in found


def test_growth_and_its_ratios_by_hand() -> None:
    found = play(document("close > 100", None, 1.0), generated(2000, 3), cash=1000.0).metrics
    years = found["duration_ms"] / (365 * DAY_MS)
    factor = found["final_equity"] / found["initial_equity"]
    assert found["cagr_pct"] == pytest.approx(100 * (factor ** (1 / years) - 1), rel=1e-9)
    assert found["calmar_ratio"] == pytest.approx(found["cagr_pct"] / found["max_drawdown_pct"], rel=1e-12)
    assert found["recovery_factor"] == pytest.approx(found["equity_return_pct"] / found["max_drawdown_pct"])
    assert found["market_change_pct"] == pytest.approx(found["benchmark_return_pct"], rel=1e-9)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"format":"x","version":1}'])
def test_bytes_that_are_no_report_are_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        Report.from_bytes(run_plan(), data)


def test_a_report_of_another_plan_or_cut_off_is_refused() -> None:
    data = Report(run_plan()).to_bytes()
    with pytest.raises(StateError, match="another plan"):
        Report.from_bytes(daily_plan(), data)
    with pytest.raises(StateError, match="cut off"):
        Report.from_bytes(run_plan(), data[:-1])
