"""The doctor finds what the index and the store disagree about, and nothing where they agree."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared import names
from tests.aws import FakeStage
from tests.functions.api_stage import request, run_to_its_end

DAY_MS = 86_400_000


def findings(http: httpx.Client) -> list[tuple[str, str]]:
    answer: dict[str, Any] = http.get("/doctor").raise_for_status().json()
    return [(finding["kind"], finding["about"]) for finding in answer["findings"]]


@pytest.fixture
def run_id(market: FakeStage, http: httpx.Client) -> str:
    del market  # it has the candles
    started: str = http.post("/backtests", json=request()).json()["run_id"]
    run_to_its_end(started)
    return started


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look a day later, when nothing is between two writes any more."""
    from shared.times import now_ms

    at = now_ms() + DAY_MS
    monkeypatch.setattr("functions.api.consistency.now_ms", lambda: at)


def test_what_agrees_has_no_finding(http: httpx.Client, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch)
    answer = http.get("/doctor").json()
    assert (answer["runs"], answer["datasets"], answer["findings"]) == (1, 2, [])
    assert http.get(f"/backtests/{run_id}").json()["status"] == "completed"


def test_a_part_that_is_gone_or_cut_is_found(market: FakeStage, http: httpx.Client, run_id: str) -> None:
    part = next(key for key in market.store.keys(names.run_prefix(run_id)) if "/equity/" in key)
    body = market.store.get(part)
    market.store.put(part, body[:-1])
    assert findings(http) == [("results_damaged", run_id)]
    market.store.delete([part])
    assert findings(http) == [("results_damaged", run_id)]
    market.store.put(part, body)
    assert findings(http) == []


def test_a_manifest_that_is_gone_is_found(market: FakeStage, http: httpx.Client, run_id: str) -> None:
    manifest_key = market.runs.get("local", run_id).manifest_key
    assert manifest_key is not None
    market.store.delete([manifest_key])
    assert findings(http) == [("results_damaged", run_id)]


def test_what_no_manifest_lists_is_found_once_it_should_be_gone(
    market: FakeStage, http: httpx.Client, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.store.put(names.run_part(run_id, "equity", 0, "lost"), b"")
    assert findings(http) == []  # it may be swept this very moment
    later(monkeypatch)
    assert findings(http) == [("left_behind", run_id)]


def test_a_run_that_nobody_works_at_is_found(
    market: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = http.post("/backtests", json=request()).json()["run_id"]
    later(monkeypatch)
    assert findings(http) == []  # its execution runs
    market.workflows.stop_backtest(market.runs.get("local", started), "behind the index's back")
    assert findings(http) == [("not_at_work", started)]


def test_candles_that_are_gone_are_found(market: FakeStage, http: httpx.Client) -> None:
    dataset = market.datasets.held("local", None)[0]
    (first, *_) = market.store.keys(names.candles_prefix("local", dataset.name))
    market.store.delete([first])
    assert findings(http) == [("candles_damaged", dataset.dataset_id)]


def test_the_pages_are_looked_at_one_after_the_other(market: FakeStage, http: httpx.Client) -> None:
    del market
    for _ in range(3):
        http.post("/backtests", json=request())
    first = http.get("/doctor", params={"limit": 2}).json()
    second = http.get("/doctor", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert (first["runs"], first["datasets"]) == (2, 2)
    assert (second["runs"], second["datasets"], second["next_cursor"]) == (1, 0, None)
