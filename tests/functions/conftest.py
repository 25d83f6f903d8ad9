from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from functions.api.handler import handler
from shared.reader import RunReader
from tests.aws import FakeStage, fake_stage
from tests.functions.api_stage import hold, request, run_to_its_end
from tests.functions.fetching import Fetching
from tests.functions.fetching import fetching as open_fetching
from tests.functions.gateway import client


@dataclass(frozen=True, slots=True)
class Finished:
    """A stage with one completed run of two symbols, the API before it, the store's own reader behind it."""

    stage: FakeStage
    http: httpx.Client
    run_id: str
    reader: RunReader

    def path(self, rest: str) -> str:
        return f"/backtests/{self.run_id}/{rest}"


@pytest.fixture
def http(stage: FakeStage) -> httpx.Client:
    """The API of an empty stage; faults answer as they would for a client."""
    del stage  # it is the environment that counts
    return client(handler)


@pytest.fixture
def market(stage: FakeStage) -> FakeStage:
    """A stage that holds hourly BTC-USDT and ETH-USDT."""
    for symbol in ("BTC-USDT", "ETH-USDT"):
        hold(stage, symbol)
    return stage


@pytest.fixture(scope="module")
def finished() -> Iterator[Finished]:
    """One run for all tests of a module: they read it and change nothing."""
    with pytest.MonkeyPatch.context() as monkeypatch, fake_stage(monkeypatch) as stage:
        for symbol in ("BTC-USDT", "ETH-USDT"):
            hold(stage, symbol)
        http = client(handler)
        body = request(
            symbols=["BTC-USDT", "ETH-USDT"],
            start_date="2021-02-01",
            initial_allocations={"cash": 6000, "ETH": 4000},
            name="both",
            tags=["demo"],
        )
        run_id = http.post("/backtests", json=body).json()["run_id"]
        run_to_its_end(run_id)
        run = stage.runs.get("local", run_id)
        assert run.manifest_key is not None
        yield Finished(stage, http, run_id, RunReader(stage.store, run_id, run.manifest_key))


@pytest.fixture(scope="module")
def opened_fetching() -> Iterator[Fetching]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        fake_stage(monkeypatch) as stage,
        open_fetching(stage, monkeypatch) as opened,
    ):
        yield opened


@pytest.fixture
def fetching(opened_fetching: Fetching) -> Fetching:
    """An empty stage whose exchanges are on loopback."""
    opened_fetching.clear()
    return opened_fetching
