"""The three steps of a backtest in a row: what publish makes visible, and what a lost attempt does not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

import engine
from cli.simulated_market import simulate_market
from functions.plan.plan import plan_run
from functions.publish.publish import publish_run
from functions.simulate.simulate import simulate_run
from shared import names
from shared.candles import write_version
from shared.cleanup import clear_unlisted
from shared.datasets import Dataset
from shared.errors import InvalidInputError, SupersededError
from shared.names import DatasetName
from shared.reader import RunReader
from shared.requests import BacktestRequest
from shared.runs import Run
from shared.schema import TABLES, arrow_schema
from shared.settings import settings
from shared.times import parse_time
from tests.aws import FakeStage
from tests.e2e.markets import CROSS
from tests.shared.test_runs import a_run

START, END = parse_time("2021-01-01"), parse_time("2021-06-01")


def hold(stage: FakeStage, symbol: str, owner: str = "ann", seed: int = 1, timeframe: str = "1h") -> None:
    """Put a simulated market into the store as a dataset of the owner."""
    dataset = DatasetName.of("sim", symbol, timeframe)
    columns = simulate_market(symbol, timeframe, START, END, seed)
    version = write_version(
        stage.store, owner, dataset, pa.table(columns, schema=arrow_schema("candles")), None
    )
    manifest = version.manifest
    entry = Dataset(
        owner, str(dataset), version.version, manifest.rows, manifest.first_ms, manifest.last_ms, 0, 0, ""
    )
    stage.datasets.put_version(entry, None)


def queued(stage: FakeStage, key: str = "k", **changes: Any) -> Run:
    request = BacktestRequest.model_validate(
        {"symbols": ["BTC-USDT", "ETH-USDT"], "timeframe": "1h", "strategy": CROSS, **changes}
    )
    run = a_run(key=key)
    run, _ = stage.runs.create(a_run(key=key, request_key=names.run_request(run.run_id, "h")))
    stage.store.put_json(run.request_key, request.model_dump())
    return run


@pytest.fixture
def markets(stage: FakeStage) -> FakeStage:
    hold(stage, "BTC-USDT", seed=1)
    hold(stage, "ETH-USDT", seed=2)
    return stage


def through(stage: FakeStage, run: Run) -> RunReader:
    plan_run("ann", run.run_id)
    answer = simulate_run("ann", run.run_id)
    publish_run(**answer)
    done = stage.runs.get("ann", run.run_id)
    assert done.manifest_key is not None
    return RunReader(stage.store, run.run_id, done.manifest_key)


def test_the_steps_lead_to_results(markets: FakeStage) -> None:
    run = queued(markets)
    reader = through(markets, run)
    done = markets.runs.get("ann", run.run_id)
    assert (done.status, done.progress_pct) == ("completed", 100.0)
    assert done.processed == done.total > 7_000
    assert done.summary is not None
    assert done.summary["final_equity"] == reader.manifest.metrics["final_equity"]
    for table in ("equity", "fills", "trades", "positions", "events"):
        assert reader.series(table).rows > 0, table
    fills = reader.series("fills").slice(0, 10**6)
    assert fills.column_names == [column.name for column in TABLES["fills"]]
    assert fills.column("seq").to_pylist() == list(range(fills.num_rows))
    indicators = reader.series("indicators/BTC-USDT").slice(0, 100)
    assert indicators.column("sma_50").null_count == 49  # no candles before the start to warm up on
    last = reader.manifest.monthly[-1]
    assert (last["month"], last["equity"]) == ("2021-05", done.summary["final_equity"])
    report = reader.report()
    assert report is not None
    assert report["daily"]["equity_close"][-1] == done.summary["final_equity"]
    assert reader.manifest.metrics["daily_sharpe_ratio"] is not None
    listed = {*reader.keys(), done.manifest_key, done.request_key}
    assert set(markets.store.keys(names.run_prefix(run.run_id))) == listed
    assert list(markets.store.keys("work/")) == []


def test_equal_requests_give_equal_bytes_and_say_so(markets: FakeStage) -> None:
    first = queued(markets, "1", name="one")
    second = queued(markets, "2", tags=["other"])
    one, other = through(markets, first), through(markets, second)
    assert one.manifest == other.manifest
    for mine, theirs in zip(one.keys(), other.keys(), strict=True):
        assert markets.store.get(mine) == markets.store.get(theirs)
    assert markets.runs.get("ann", second.run_id).same_as == first.run_id


def test_another_parameter_is_another_fingerprint(markets: FakeStage) -> None:
    one = through(markets, queued(markets, "1", parameters={"fast": 10}))
    other = through(markets, queued(markets, "2", parameters={"fast": 11}))
    assert one.manifest.fingerprint != other.manifest.fingerprint


def test_a_lost_attempt_leaves_nothing_behind(markets: FakeStage) -> None:
    run = queued(markets)
    plan_run("ann", run.run_id)
    lost = simulate_run("ann", run.run_id)
    answer = simulate_run("ann", run.run_id)  # the retry; the first worker never got to tell
    with pytest.raises(SupersededError):
        publish_run(**lost)
    assert markets.runs.get("ann", run.run_id).manifest_key is None
    publish_run(**answer)
    publish_run(**answer)  # a retry of publish
    keys = set(markets.store.keys(names.run_prefix(run.run_id)))
    assert not [key for key in keys if lost["token"] in key]


def test_a_cancelled_run_stops_its_worker(markets: FakeStage) -> None:
    run = queued(markets)
    plan_run("ann", run.run_id)
    markets.runs.end("ann", run.run_id, "cancelled")
    with pytest.raises(SupersededError):
        simulate_run("ann", run.run_id)


def test_candles_that_went_after_the_request_are_said_to_be_missing(stage: FakeStage) -> None:
    run = queued(stage)
    with pytest.raises(InvalidInputError, match="no candles of BTC-USDT are held"):
        plan_run("ann", run.run_id)


def test_finer_candles_come_with_the_segment_that_they_decide(
    markets: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 3_000)  # of the finer candles: about a month
    hold(markets, "BTC-USDT", owner=names.PUBLIC_OWNER, timeframe="15m")
    seen: list[tuple[list[int], list[int]]] = []
    simulate = engine.simulate

    def watched(
        plan: engine.Plan,
        state: engine.State,
        bars: Mapping[str, engine.Bars],
        *,
        finer: Mapping[str, engine.Bars] | None = None,
    ) -> tuple[engine.State, engine.Output]:
        assert finer is not None
        seen.append(
            (bars["BTC-USDT"].timestamp.tolist(), finer["BTC-USDT"].timestamp.tolist()),
        )
        return simulate(plan, state, bars, finer=finer)

    monkeypatch.setattr(engine, "simulate", watched)
    through(markets, queued(markets, symbols=["BTC-USDT"], finer_timeframe="15m"))
    assert len(seen) > 2
    every = simulate_market("BTC-USDT", "15m", START, END, 1)["timestamp"]
    assert [time for _, finer in seen for time in finer] == every.tolist()
    for (hours, quarters), (following, _) in pairwise(seen):
        assert hours[0] <= quarters[0] <= quarters[-1] < following[0]


def test_terms_reach_the_engine_and_the_manifest(markets: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[engine.Plan] = []
    begin = engine.initial_state

    def watched(plan: engine.Plan) -> engine.State:
        plans.append(plan)
        return begin(plan)

    monkeypatch.setattr(engine, "initial_state", watched)
    terms: dict[str, Any] = {
        "leverage": 2.0,
        "funding": {"assumed_rate_bps": 1.0},
        "risk": {"max_daily_loss_pct": 5.0},
    }
    reader = through(markets, queued(markets, **terms))
    (plan,) = plans
    assert plan.risk is not None
    assert (plan.leverage, plan.risk.max_daily_loss_pct) == (2.0, 5.0)
    assert plan.risk.max_position_risk_pct == 2.0
    assert len(plan.funding) == 2
    assert reader.manifest.request["risk"]["max_daily_loss_pct"] == 5.0
    assert reader.manifest.request["funding"] == {"assumed_rate_bps": 1.0, "every_hours": 8}


def in_steps(stage: FakeStage, run: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[RunReader, int]:
    """Run with as many steps as there are segments of candles; return the reader and their number."""
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 700)  # about a month of hours
    monkeypatch.setenv("STEPFOLD_STEP_SECONDS", "0.0001")
    settings.cache_clear()
    plan_run("ann", run.run_id)
    answer, steps = simulate_run("ann", run.run_id), 1
    while "reached" in answer:
        checkpoints = [key for key in stage.store.keys("work/") if "checkpoint" in key]
        # The one that this step is tried again from, and the one before, for a step that is still at it.
        assert answer["reached"]["checkpoint"] in checkpoints
        assert len(checkpoints) <= 2
        answer = simulate_run("ann", run.run_id, answer["reached"])
        steps += 1
    publish_run(**answer)
    done = stage.runs.get("ann", run.run_id)
    assert done.manifest_key is not None
    assert (done.status, done.processed) == ("completed", done.total)
    return RunReader(stage.store, run.run_id, done.manifest_key), steps


def test_a_run_in_many_steps_has_the_bytes_of_one_in_one(
    markets: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.series.ROWS_PER_PART", 1_000)  # parts end within steps and span several
    whole = through(markets, queued(markets, "whole"))
    parted, steps = in_steps(markets, queued(markets, "parted"), monkeypatch)
    assert steps >= 4
    assert parted.manifest == whole.manifest
    assert len(whole.manifest.series["equity"].parts) > 1
    for mine, theirs in zip(parted.keys(), whole.keys(), strict=True):
        assert markets.store.get(mine) == markets.store.get(theirs)
    assert list(markets.store.keys("work/")) == []


def test_a_run_whose_checkpoint_is_damaged_begins_anew(
    markets: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = through(markets, queued(markets, "whole"))
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 700)
    monkeypatch.setenv("STEPFOLD_STEP_SECONDS", "0.0001")
    settings.cache_clear()
    for number, garbage in enumerate((b"", b"garbage", None)):
        run = queued(markets, f"damaged {number}")
        plan_run("ann", run.run_id)
        reached = simulate_run("ann", run.run_id)["reached"]
        if garbage is None:
            markets.store.delete([reached["checkpoint"]])
        else:
            markets.store.put(reached["checkpoint"], garbage)
        answer = simulate_run("ann", run.run_id, reached)
        assert answer["reached"]["token"] != reached["token"]
        while "reached" in answer:
            answer = simulate_run("ann", run.run_id, answer["reached"])
        publish_run(**answer)
        done = markets.runs.get("ann", run.run_id)
        assert done.summary is not None
        assert done.summary["final_equity"] == whole.manifest.metrics["final_equity"]
        assert done.attempts == 2


def test_a_run_cancelled_between_two_steps_goes_on_no_more(
    markets: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 700)
    monkeypatch.setenv("STEPFOLD_STEP_SECONDS", "0.0001")
    settings.cache_clear()
    run = queued(markets)
    plan_run("ann", run.run_id)
    reached = simulate_run("ann", run.run_id)["reached"]
    ended, _ = markets.runs.end("ann", run.run_id, "cancelled")
    with pytest.raises(SupersededError):
        simulate_run("ann", run.run_id, reached)
    clear_unlisted(markets.store, ended)
    assert [key for key in markets.store.keys("") if run.run_id in key] == [run.request_key]
