"""What a request means, and what a client is told when it means nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

import engine
from engine.limits import CHOICES, RANGES, Behaviour, Risk
from shared.candles import write_version
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.identifiers import fingerprint
from shared.names import DatasetName
from shared.requests import BacktestRequest, issues_of
from shared.resolution import Resolution, resolve
from shared.resolved_run import ResolvedRun, engine_plan
from shared.schema import arrow_schema
from shared.terms import BehaviourRequest, RiskRequest
from shared.times import iso, parse_time
from tests.aws import FakeStage

HOUR = 3_600_000
START = parse_time("2021-01-01")
RULES = {"entry": "close > ema(close, 10)", "exit": "close < ema(close, 10)"}
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "name": "Above its average",
    "triggers": [{"id": "above", "direction": "long", "category": "trend_continuation", **RULES}],
    "sizing": {"mode": "fraction", "fraction": 0.5},
}
REQUEST: dict[str, Any] = {"symbols": ["BTC-USDT"], "timeframe": "1h", "strategy": DOCUMENT}


def hold(
    stage: FakeStage, exchange: str, symbol: str, timeframe: str = "1h", hours: int = 500, start: int = START
) -> None:
    dataset = DatasetName.of(exchange, symbol, timeframe)
    values = {name: np.full(hours, 10.0) for name in ("open", "high", "low", "close", "volume")}
    times = start + np.arange(hours) * dataset.timeframe_ms
    table = pa.table({"timestamp": times, **values}, schema=arrow_schema("candles"))
    version = write_version(stage.store, "ann", dataset, table, None)
    first, last = version.manifest.first_ms, version.manifest.last_ms
    entry = Dataset("ann", str(dataset), version.version, hours, first, last, 0, 0, "")
    stage.datasets.put_version(entry, None)


@pytest.fixture
def markets(stage: FakeStage) -> FakeStage:
    hold(stage, "binance", "BTC-USDT")
    hold(stage, "binance", "ETH-USDT")
    hold(stage, "binance", "BTC-USDT", "1d", 100)
    hold(stage, "kraken", "ETH-USDT")
    hold(stage, "binance", "BTC-USDT-PERP")
    hold(stage, "coinbase", "SOL-USD")
    return stage


def resolved(stage: FakeStage, **changes: Any) -> Resolution:
    request = BacktestRequest.model_validate({**REQUEST, **changes})
    return resolve(request, "ann", stage.datasets, stage.store)


def refused(stage: FakeStage, **changes: Any) -> list[Issue]:
    try:
        request = BacktestRequest.model_validate({**REQUEST, **changes})
    except ValidationError as error:
        return issues_of(error.errors())
    with pytest.raises(InvalidInputError) as caught:
        resolve(request, "ann", stage.datasets, stage.store)
    return list(caught.value.issues)


def test_what_is_left_out_is_filled_in_from_what_is_held(markets: FakeStage) -> None:
    resolution = resolved(markets)
    run = resolution.run
    assert (run.start_ms, run.end_ms) == (START, START + 500 * HOUR)
    assert run.symbols[0].exchange == "binance"
    assert (run.initial_cash, run.allocations) == (10_000.0, (0.0,))
    assert resolution.total_candles == 500
    assert ResolvedRun.from_dict(run.to_dict()) == run


def test_the_warm_up_reaches_back_as_far_as_candles_are_held(markets: FakeStage) -> None:
    run = resolved(markets, start_date="2021-01-10").run
    assert run.warm_up_bars > 10
    assert run.warm_up_start_ms == max(START, run.start_ms - run.warm_up_bars * HOUR)


def test_dates_snap_to_bars_and_a_bare_end_date_is_included(markets: FakeStage) -> None:
    run = resolved(markets, start_date="2021-01-02T00:30", end_date="2021-01-10").run
    assert (iso(run.start_ms), iso(run.end_ms)) == ("2021-01-02T01:00:00Z", "2021-01-11T00:00:00Z")


def test_one_exchange_that_holds_every_symbol_decides(markets: FakeStage) -> None:
    run = resolved(markets, symbols=["BTCUSDT", "eth/usdt"]).run
    assert [symbol.exchange for symbol in run.symbols] == ["binance", "binance"]
    assert resolved(markets, symbols=["ETH-USDT"], exchange="kraken").run.symbols[0].exchange == "kraken"
    assert refused(markets, symbols=["ETH-USDT"])[0].message == (
        "candles of ETH-USDT are held from binance, kraken; choose one"
    )


def test_allocations_are_by_base_or_symbol_and_replace_the_cash(markets: FakeStage) -> None:
    both = {"symbols": ["BTC-USDT", "ETH-USDT"]}
    run = resolved(markets, **both, initial_allocations={"cash": 2000.0, "BTC": 4000.0, "ETHUSDT": 1.0}).run
    assert (run.initial_cash, run.allocations) == (2000.0, (4000.0, 1.0))
    for allocations, message in (
        ({"DOGE": 1.0}, "is no symbol of this run"),
        ({"BTC": 1.0, "BTC-USDT": 2.0}, "a second time"),
        ({"cash": 0.0}, "must be more than 0"),
    ):
        assert message in refused(markets, **both, initial_allocations=allocations)[0].message


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"symbols": ["SOL-USDT"], "exchange": "kraken"}, "symbols[0]", "did you mean ETH-USDT?"),
        ({"symbols": ["BTC-USDC"]}, "symbols[0]", "did you mean BTC-USDT"),
        ({"symbols": ["../../etc"]}, "symbols[0]", "is not a symbol; write BTC-USDT"),
        ({"symbols": []}, "symbols", "at least 1"),
        ({"symbols": ["BTC-USDT", "BTCUSDT"]}, "symbols[1]", "named twice"),
        ({"symbols": ["BTC-USDT", "SOL-USD"]}, "symbols[1]", "one run has one quote"),
        ({"timeframe": "5m"}, "timeframe", "BTC-USDT is held at 1h, 1d, not at 5m"),
        ({"timeframe": "2m"}, "timeframe", "'1m', '3m'"),
        ({"start_date": "2021-01-10", "end_date": "2021-01-05"}, "end_date", "is not after the start"),
        ({"start_date": "2021-01-01", "end_date": "2021-01-01T10:00"}, "end_date", "at least 50 are needed"),
        ({"start_date": "2020-01-01"}, "start_date", "are held from 2021-01-01T00:00:00Z"),
        ({"end_date": "2025-01-01"}, "end_date", "end at 2021-01-21T20:00:00Z or earlier"),
        ({"start_date": "soon"}, "start_date", "is not a time; write 2021-08-13"),
        ({"initial_cash": 1e308}, "initial_cash", "less than or equal to 1000000000000"),
        ({"initial_cash": float("nan")}, "initial_cash", "finite number"),
        ({"initial_cash": 0.0}, "initial_cash", "greater than 0"),
        ({"strategy": "ema_crosss"}, "strategy", "did you mean 'ema_cross'"),
        ({"strategy": {"name": "x" * 300_000}}, "strategy", "at most 262,144"),
        (
            {"strategy": {**DOCUMENT, "sizing": {"mode": "fraction", "fraction": 20}}},
            "strategy.sizing.fraction",
            "",
        ),
        ({"parameters": {"fats": 3}}, "parameters.fats", ""),
        ({"risk": {"max_daily_loss_pct": 60}}, "risk.max_daily_loss_pct", "less than or equal to 50"),
        ({"risk": {"max_dayly_loss_pct": 3}}, "risk.max_dayly_loss_pct", "did you mean max_daily_loss_pct"),
        ({"risk": {"risk": {}}}, "risk.risk", "known are max_position_risk_pct, max_symbol_exposure_pct"),
        ({"risk": {"max_trades_per_day": 2.5}}, "risk.max_trades_per_day", "integer"),
        ({"behaviour": {"conflicting_signals": "hedge"}}, "behaviour.conflicting_signals", "'reverse'"),
        ({"behaviour": {"flaten_daily": True}}, "behaviour.flaten_daily", "did you mean flatten_daily"),
        ({"costs": {"slippage_range_fraction": 2}}, "costs.slippage_range_fraction", "less than or equal"),
        ({"costs": {"maker_fee": 2}}, "costs.maker_fee", "did you mean maker_fee_bps"),
        ({"leverage": 126}, "leverage", "less than or equal to 125"),
        ({"leverage": 2}, "funding", 'be it 0; name the stored rates, {"source": "stored"}, or state'),
        ({"symbols": ["BTC-USDT-PERP"]}, "funding", ""),
        ({"funding": "binance"}, "funding", 'name the stored rates, {"source": "stored"}'),
        ({"funding": {"series": "binance"}}, "funding", '{"assumed_rate_bps": 1.0, "every_hours": 8}'),
        ({"funding": {}}, "funding.assumed_rate_bps", "is required"),
        ({"funding": {"source": "binance"}}, "funding.source", "'stored'"),
        ({"funding": {"source": "stored", "every_hours": 8}}, "funding.every_hours", "known are source"),
        (
            {"funding": {"source": "stored"}},
            "funding",
            "no funding rates of BTC-USDT or BTC-USDT-PERP are held",
        ),
        (
            {"funding": {"assumed_rate_bps": 1, "every_hour": 8}},
            "funding.every_hour",
            "did you mean every_hours",
        ),
        ({"regime": "bull_2012"}, "regime", "is no regime that is known"),
        ({"finer_timeframe": "1h"}, "finer_timeframe", "choose one of 1m, 3m, 5m, 15m, 30m"),
        ({"finer_timeframe": "1m"}, "finer_timeframe", "no 1m candles of BTC-USDT are held from binance"),
        ({"costs": {"taker_fee_bps": -1}}, "costs.taker_fee_bps", "greater than or equal to 0"),
        ({"initial_csh": 5}, "initial_csh", "did you mean initial_cash"),
        ({"owner": "bob"}, "owner", "is not a field"),
    ],
)
def test_bad_input_names_the_field_and_the_fix(
    markets: FakeStage, changes: dict[str, Any], path: str, message: str
) -> None:
    issues = refused(markets, **changes)
    assert any(issue.path == path and message in issue.message for issue in issues), issues


def test_every_issue_of_a_request_is_told_at_once(markets: FakeStage) -> None:
    broken = {**DOCUMENT, "triggers": [{**DOCUMENT["triggers"][0], "entry": "close > emaa(close, 10)"}]}
    issues = refused(markets, symbols=["../x"], strategy=broken)
    assert [issue.path for issue in issues] == ["strategy.triggers[0].entry", "symbols[0]"]
    assert "did you mean 'ema'" in issues[0].message
    assert issues[0].position == 8


def test_symbols_without_a_time_in_common_say_so(markets: FakeStage) -> None:
    hold(markets, "binance", "OLD-USDT", start=START - 1_000 * HOUR)
    (issue,) = refused(markets, symbols=["BTC-USDT", "OLD-USDT"])
    assert issue.path == "symbols"
    assert "no time in common: BTC-USDT from 2021-01-01T00:00:00Z" in issue.message


def test_another_owner_s_candles_are_not_held(markets: FakeStage) -> None:
    request = BacktestRequest.model_validate(REQUEST)
    with pytest.raises(InvalidInputError, match="no candles of BTC-USDT are held"):
        resolve(request, "bob", markets.datasets, markets.store)


# --- terms -----------------------------------------------------------------------------------


def test_limits_that_a_request_leaves_out_are_the_documents_own(markets: FakeStage) -> None:
    for changes in ({}, {"risk": None, "behaviour": None}):
        run = resolved(markets, **changes).run
        assert (run.risk, run.behaviour) == (None, None)
        plan = engine_plan(run)
        assert (plan.risk, plan.behaviour) == (None, None)


def test_empty_limits_are_every_default(markets: FakeStage) -> None:
    plan = engine_plan(resolved(markets, risk={}, behaviour={}).run)
    assert plan.risk == Risk(
        max_position_risk_pct=2.0,
        max_symbol_exposure_pct=25.0,
        max_portfolio_exposure_pct=80.0,
        max_daily_loss_pct=3.0,
    )
    assert plan.behaviour == Behaviour(min_hold_hours=2.0, min_flat_hours=2.0)


def test_a_given_limit_replaces_its_default_and_null_switches_it_off(markets: FakeStage) -> None:
    risk = {"max_position_risk_pct": 1, "max_daily_loss_pct": None, "max_trades_per_day": 5}
    behaviour = {"min_hold_hours": None, "conflicting_signals": "reverse", "confidence_override": "B"}
    run = resolved(markets, risk=risk, behaviour=behaviour).run
    plan = engine_plan(run)
    assert plan.risk == Risk(
        max_position_risk_pct=1.0,
        max_symbol_exposure_pct=25.0,
        max_portfolio_exposure_pct=80.0,
        max_trades_per_day=5,
    )
    assert plan.behaviour == Behaviour(
        min_flat_hours=2.0, conflicting_signals="reverse", confidence_override="B"
    )
    assert ResolvedRun.from_dict(json.loads(json.dumps(run.to_dict()))) == run


def test_no_confidence_override_is_written_as_none_or_null(markets: FakeStage) -> None:
    for value in ("none", None):
        behaviour = resolved(markets, behaviour={"confidence_override": value}).run.behaviour
        assert behaviour is not None
        assert behaviour["confidence_override"] is None


def test_the_wire_has_the_engines_limits_with_their_ranges_and_choices() -> None:
    for model, limits in ((RiskRequest, Risk), (BehaviourRequest, Behaviour)):
        assert list(model.model_fields) == [entry.name for entry in fields(limits)]
        properties = model.model_json_schema()["properties"]
        for name, entry in properties.items():
            branches = entry.get("anyOf", [entry])
            numbers = [branch for branch in branches if branch["type"] in ("number", "integer")]
            assert bool(numbers) == (name in RANGES), name
            if numbers:
                assert (numbers[0]["minimum"], numbers[0]["maximum"]) == RANGES[name], name
            choices = [tuple(branch["enum"]) for branch in branches if "enum" in branch]
            assert choices == ([CHOICES[name]] if name in CHOICES else []), name


def test_costs_leverage_and_funding_reach_the_plan(markets: FakeStage) -> None:
    costs = {"taker_fee_bps": 5, "maker_fee_bps": 1, "slippage_bps": 0}
    wide = {"slippage_range_fraction": 0.1, "slippage_volume_share": 0.2}
    run = resolved(
        markets,
        symbols=["BTC-USDT-PERP"],
        costs={**costs, **wide},
        leverage=3,
        maintenance_margin_pct=1,
        funding={"assumed_rate_bps": -1.5, "every_hours": 4},
    ).run
    plan = engine_plan(run)
    assert asdict(plan.costs) == {**costs, **wide}
    assert (plan.leverage, plan.maintenance_margin_pct) == (3.0, 1.0)
    (funding,) = plan.funding
    assert funding is not None
    assert funding.assumed
    assert list(funding.times[:2]) == [START, START + 4 * HOUR]
    assert list(funding.rates[:2]) == [-0.00015, -0.00015]


def test_every_term_is_part_of_the_fingerprint(markets: FakeStage) -> None:
    hold(markets, "binance", "BTC-USDT", "15m", 2_000)
    changes: list[dict[str, Any]] = [
        {},
        {"risk": {}},
        {"risk": {"max_daily_loss_pct": 4}},
        {"behaviour": {}},
        {"behaviour": {"flatten_daily": True}},
        {"costs": {"maker_fee_bps": 3}},
        {"costs": {"slippage_range_fraction": 0.5}},
        {"costs": {"slippage_volume_share": 0.5}},
        {"funding": {"assumed_rate_bps": 1}},
        {"funding": {"assumed_rate_bps": 1, "every_hours": 1}},
        {"leverage": 2, "funding": {"assumed_rate_bps": 1}},
        {"maintenance_margin_pct": 1},
        {"finer_timeframe": "15m"},
    ]
    prints = {fingerprint(resolved(markets, **change).run.to_dict(), "1") for change in changes}
    assert len(prints) == len(changes)


def test_a_run_from_before_there_were_limits_is_read_with_their_absence(markets: FakeStage) -> None:
    run = resolved(markets).run
    young = (
        *("maker_fee_bps", "slippage_range_fraction", "slippage_volume_share", "risk", "behaviour"),
        *("leverage", "maintenance_margin_pct", "funding", "finer_timeframe"),
    )
    old = {name: value for name, value in run.to_dict().items() if name not in young}
    old["symbols"] = [{k: v for k, v in entry.items() if k != "finer_version"} for entry in old["symbols"]]
    assert ResolvedRun.from_dict(old) == run


def test_a_regime_fills_in_the_dates(markets: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    held = engine.Regime("january", "The second week of January 2021", "2021-01-04", "2021-01-10", "")
    early = engine.Regime("march", "A March before any candle", "2020-03-01", "2020-03-31", "")
    monkeypatch.setattr(engine, "regimes", lambda: (held, early))
    run = resolved(markets, regime="january").run
    assert (iso(run.start_ms), iso(run.end_ms)) == ("2021-01-04T00:00:00Z", "2021-01-11T00:00:00Z")
    assert "leave these out" in refused(markets, regime="january", end_date="2021-01-05")[0].message
    assert "did you mean january" in refused(markets, regime="januar")[0].message
    (issue,) = refused(markets, regime="march")
    assert (issue.path, issue.value) == ("start_date", "2020-03-01T00:00:00Z")
    assert "are held from 2021-01-01T00:00:00Z" in issue.message


def test_finer_candles_come_from_the_same_exchange_for_every_symbol(markets: FakeStage) -> None:
    both = {"symbols": ["BTC-USDT", "ETH-USDT"], "finer_timeframe": "15m"}
    hold(markets, "binance", "BTC-USDT", "15m", 2_000)
    hold(markets, "kraken", "ETH-USDT", "15m", 2_000)
    assert "no 15m candles of ETH-USDT are held from binance" in refused(markets, **both)[0].message
    hold(markets, "binance", "ETH-USDT", "15m", 2_000)
    resolution = resolved(markets, **both)
    assert [str(version.dataset) for version in resolution.finer] == [
        "binance.BTC-USDT.15m",
        "binance.ETH-USDT.15m",
    ]
    assert [entry.finer_version for entry in resolution.run.symbols] == [
        version.version for version in resolution.finer
    ]
    assert engine_plan(resolution.run).finer_ms == 15 * 60_000


def test_finer_candles_outside_the_span_are_refused(markets: FakeStage) -> None:
    hold(markets, "binance", "BTC-USDT", "15m", 100, start=START - 500 * HOUR)
    (issue,) = refused(markets, finer_timeframe="15m")
    assert issue.path == "finer_timeframe"
    assert "which this run does not touch" in issue.message
