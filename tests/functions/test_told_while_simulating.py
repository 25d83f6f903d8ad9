"""What a run is told to be doing while it is simulated: true, bounded, once a second."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.plan.plan import plan_run
from functions.publish.publish import publish_run
from functions.simulate import simulate as simulate_module
from functions.simulate.simulate import simulate_run
from shared.live_tail import MAX_BYTES, MAX_FILLS, Tail
from shared.reader import RunReader
from shared.settings import settings
from tests.aws import FakeStage
from tests.functions.test_backtest_steps import hold, queued


@pytest.fixture
def markets(stage: FakeStage) -> FakeStage:
    hold(stage, "BTC-USDT", seed=1)
    hold(stage, "ETH-USDT", seed=2)
    return stage


@pytest.fixture
def written(markets: FakeStage, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every state of a run that simulate writes, as the index has it after the write."""
    seen: list[dict[str, Any]] = []
    update = type(markets.table).update

    def watched(table: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        item = update(table, *args, **kwargs)
        seen.append(item)
        return item

    monkeypatch.setattr("shared.table.Table.update", watched)
    return seen


@pytest.fixture
def every_segment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 700)
    monkeypatch.setattr(simulate_module, "PROGRESS_SECONDS", 0.0)


def simulated_in_steps(
    markets: FakeStage, written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> list[Tail]:
    """Simulate a run, a step for each segment; return what was told of it."""
    monkeypatch.setenv("STEPFOLD_STEP_SECONDS", "0.0001")
    settings.cache_clear()
    run = queued(markets)
    plan_run("ann", run.run_id)
    answer = simulate_run("ann", run.run_id)
    while "reached" in answer:
        answer = simulate_run("ann", run.run_id, answer["reached"])
    return [Tail.from_json(item["tail"]) for item in written if "tail" in item]


def reader_of(stage: FakeStage, run_id: str) -> RunReader:
    run = stage.runs.get("ann", run_id)
    assert run.manifest_key is not None
    return RunReader(stage.store, run_id, run.manifest_key)


@pytest.mark.usefixtures("every_segment_is_told")
def test_what_is_told_is_what_is_published(markets: FakeStage, written: list[dict[str, Any]]) -> None:
    run = queued(markets)
    plan_run("ann", run.run_id)
    answer = simulate_run("ann", run.run_id)
    tails = [Tail.from_json(item["tail"]) for item in written if "tail" in item]
    publish_run(**answer)
    published = reader_of(markets, run.run_id).series("fills").slice(0, 10**6).to_pylist()
    by_number = {row["seq"]: row for row in published}
    told = [fill for tail in tails for fill in tail.fills]
    assert len(tails) >= 4
    assert told
    assert [fill["seq"] for fill in told] == sorted({fill["seq"] for fill in told})
    for fill in told:
        assert fill == {name: by_number[fill["seq"]][name] for name in fill}
    # What was too many is counted; what the books close with at the end comes with the results.
    counted = len(told) + sum(tail.fills_left_out for tail in tails)
    assert counted <= len(published)
    assert all(len(tail.fills) <= MAX_FILLS for tail in tails)
    assert all(len(item["tail"].encode()) <= MAX_BYTES for item in written if "tail" in item)
    # The end takes the last one away.
    assert "tail" not in written[-1]
    assert [item["revision"] for item in written] == sorted({item["revision"] for item in written})


@pytest.mark.usefixtures("every_segment_is_told")
def test_a_worker_that_goes_on_tells_what_comes_after_its_checkpoint(
    markets: FakeStage, written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tails = simulated_in_steps(markets, written, monkeypatch)
    told = [fill["seq"] for tail in tails for fill in tail.fills]
    assert told == sorted(set(told))
    assert len(told) > 10


@pytest.mark.usefixtures("every_segment_is_told")
def test_the_fills_of_a_run_in_steps_were_counted_anew_in_each(
    markets: FakeStage, written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tails = simulated_in_steps(markets, written, monkeypatch)
    said = [line for tail in tails for line in tail.logs]
    counts = [
        int(line.split(", ")[-1].removesuffix(" fills").replace(",", "")) for line in said if " fills" in line
    ]
    assert len(counts) >= 3
    told = [fill["seq"] for tail in tails for fill in tail.fills]
    assert counts == sorted(counts)
    assert counts[-1] == told[-1] + 1


def test_a_run_is_told_of_once_a_second_at_most(
    markets: FakeStage, written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.candles.SEGMENT_ROWS", 700)
    moments = iter(range(10_000))
    # Two segments a second.
    monkeypatch.setattr("functions.simulate.simulate.time.monotonic", lambda: next(moments) / 4)
    run = queued(markets)
    plan_run("ann", run.run_id)
    written.clear()
    simulate_run("ann", run.run_id)
    simulating = [item for item in written if item.get("phase") == "simulating"]
    assert len(simulating) >= 2
    lines = json.dumps([item["logs"] for item in simulating])
    assert "candles" in lines
