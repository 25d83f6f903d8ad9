"""What a request means, and what a client is told when it means nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from shared.candles import write_version
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.names import DatasetName
from shared.requests import BacktestRequest, issues_of
from shared.resolution import Resolution, ResolvedRun, resolve
from shared.schema import arrow_schema
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
        ({"timeframe": "2h"}, "timeframe", "'1m', '5m'"),
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
        ({"risk": {"max_daily_loss_pct": 3}}, "risk.max_daily_loss_pct", "is not enforced yet"),
        ({"risk": {"max_dayly_loss_pct": 3}}, "risk.max_dayly_loss_pct", "did you mean max_daily_loss_pct"),
        ({"behaviour": {"flatten_daily": True}}, "behaviour.flatten_daily", "is not enforced yet"),
        ({"costs": {"maker_fee_bps": 3}}, "costs.maker_fee_bps", "is not enforced yet"),
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
