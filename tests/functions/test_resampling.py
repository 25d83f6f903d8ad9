"""Candles of longer timeframes through the API: stored by a workflow, or made as a run reads."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.ingest.handler import ingest
from shared.candles import load_version
from shared.names import DatasetName
from shared.resampled import incomplete_between, resampled_version
from shared.times import parse_time
from tests.aws import FakeStage
from tests.functions.api_stage import END, START, add, bars_of, hold, request, run_to_its_end

HOURS = "sim.BTC-USDT.1h"


@pytest.fixture
def quarters(stage: FakeStage) -> FakeStage:
    hold(stage, "BTC-USDT", timeframe="15m")
    return stage


def resample(http: httpx.Client, timeframe: str, dataset_id: str = "sim.BTC-USDT.15m") -> dict[str, Any]:
    answer = http.post(f"/datasets/{dataset_id}/resample", json={"timeframe": timeframe})
    assert answer.status_code == 202, answer.text
    entry: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/datasets/{entry['dataset_id']}/imports/{entry['import_id']}"
    ingest({"owner": "local", "dataset_id": entry["dataset_id"], "import_id": entry["import_id"]})
    ended: dict[str, Any] = http.get(answer.headers["Location"]).json()
    return ended


def results_of(http: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = http.post("/backtests", json=request(**changes))
    assert answer.status_code == 202, answer.text
    run_id = answer.json()["run_id"]
    run_to_its_end(run_id)
    results: dict[str, Any] = http.get(f"/backtests/{run_id}/results").json()
    return results


@pytest.mark.usefixtures("quarters")
def test_a_dataset_is_made_of_another_by_a_workflow(http: httpx.Client) -> None:
    ended = resample(http, "1h")
    assert (ended["status"], ended["made_of"]) == ("completed", "sim.BTC-USDT.15m")
    detail = http.get(f"/datasets/{HOURS}").json()
    assert detail["made_of"] == "sim.BTC-USDT.15m"
    assert detail["rows"] == ended["report"]["rows"]
    assert detail["audit"]["incomplete_bars"] == ended["report"]["incomplete_bars"] > 0
    assert detail["audit"]["disagreeing_bars"] == 0
    flags = [flag for flag in detail["audit"]["flags"] if flag["kind"] == "incomplete"]
    assert len(flags) == detail["audit"]["incomplete_bars"]
    assert all(0 < flag["values"]["missing"] < flag["values"]["of"] == 4 for flag in flags)
    listed = {entry["dataset_id"]: entry["made_of"] for entry in http.get("/datasets").json()["datasets"]}
    assert listed == {HOURS: "sim.BTC-USDT.15m", "sim.BTC-USDT.15m": None}
    # Once more, by a retry of the step or by another request, is the same.
    assert resample(http, "1h")["report"]["number"] == 1


def test_a_workflow_is_begun_and_a_lost_one_is_begun_again(quarters: FakeStage, http: httpx.Client) -> None:
    entry = http.post("/datasets/sim.BTC-USDT.15m/resample", json={"timeframe": "4h"}).json()
    found = quarters.datasets.get_import("local", entry["import_id"])
    execution = quarters.workflows.describe_import(found)
    assert execution is not None
    assert execution.status == "RUNNING"
    assert [work.import_id for work in quarters.datasets.imports_in_work(2**42)] == [entry["import_id"]]


@pytest.mark.usefixtures("quarters")
@pytest.mark.parametrize(
    ("dataset_id", "body", "status", "message"),
    [
        ("sim.BTC-USDT.15m", {"timeframe": "5m"}, 422, "choose one of 30m, 1h, 2h"),
        ("sim.BTC-USDT.15m", {"timeframe": "7m"}, 422, "'1m', '3m'"),
        ("sim.BTC-USDT.15m", {}, 422, "is required"),
        ("sim.ETH-USDT.15m", {"timeframe": "1h"}, 404, "there is no dataset"),
    ],
)
def test_what_cannot_be_resampled_says_why(
    http: httpx.Client, dataset_id: str, body: dict[str, str], status: int, message: str
) -> None:
    answer = http.post(f"/datasets/{dataset_id}/resample", json=body)
    assert answer.status_code == status
    assert message in answer.json()["detail"]


def test_held_hours_are_not_replaced_by_made_ones(quarters: FakeStage, http: httpx.Client) -> None:
    hold(quarters, "BTC-USDT")
    answer = http.post("/datasets/sim.BTC-USDT.15m/resample", json={"timeframe": "1h"})
    assert answer.status_code == 409
    assert f"stepfold data delete {HOURS}" in answer.json()["detail"]


def test_a_run_makes_its_bars_as_it_reads_and_comes_to_the_same(
    quarters: FakeStage, http: httpx.Client
) -> None:
    span = {"start_date": "2021-02-01", "end_date": "2021-04-20"}
    read = results_of(http, timeframe="1h", **span)
    (candles,) = read["candles"]
    assert (candles["dataset_id"], candles["made_of"]) == ("sim.BTC-USDT.15m", "15m")
    assert read["request"]["symbols"][0]["made_of"] == "15m"
    assert candles["incomplete_bars"] > 0
    assert candles["incomplete_bars"] == read["data_flags"]["counts"]["incomplete"] - _before(quarters, read)
    version = quarters.datasets.held("local")[0].version
    assert read["request"]["symbols"][0]["dataset_version"] == version
    resample(http, "1h")
    stored = results_of(http, timeframe="1h", **span)
    assert (stored["candles"][0]["dataset_id"], stored["candles"][0]["made_of"]) == (HOURS, "15m")
    assert stored["candles"][0]["incomplete_bars"] == candles["incomplete_bars"]
    same = ("final_equity", "total_trades", "sharpe_ratio", "max_drawdown_pct", "gaps")
    assert {name: read[name] for name in same} == {name: stored[name] for name in same}
    # Other candles are another run, whatever they came to.
    assert read["fingerprint"] != stored["fingerprint"]
    for rest in ("playback/candles?limit=300", "equity?limit=50", "trades?limit=20"):
        one, other = (http.get(f"/backtests/{run['run_id']}/{rest}").json() for run in (read, stored))
        assert one == other, rest


def _before(stage: FakeStage, results: dict[str, Any]) -> int:
    """Count the incomplete bars of a run's warm-up, which the flags have too."""
    entry = stage.datasets.held("local")[0]
    version = resampled_version(load_version(stage.store, entry.owner, entry.name, entry.version), "1h")
    assert version is not None
    times = (parse_time(results["request"][name]) for name in ("warm_up_start", "start_date"))
    return len(incomplete_between(version, *times))


@pytest.mark.usefixtures("quarters")
def test_playback_of_made_bars_pages_as_of_held_ones(http: httpx.Client) -> None:
    results = results_of(http, timeframe="2h", start_date="2021-03-01", end_date="2021-03-31")
    path = f"/backtests/{results['run_id']}/playback/candles?limit=100"
    rows: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        page = http.get(f"{path}&cursor={page['next_cursor']}" if page["next_cursor"] else path).json()
        rows += page["candles"]
    assert len(rows) == results["candles"][0]["bars"]
    assert rows == sorted(rows, key=lambda row: row["timestamp"])
    times = {row["timestamp"] for row in rows}
    assert not times & {"2021-03-10T02:00:00Z", "2021-03-10T04:00:00Z"}
    at = "2021-03-10T06:00:00Z"
    why = http.get(f"/backtests/{results['run_id']}/why", params={"at": at, "symbol": "BTC-USDT"})
    assert why.status_code == 200, why.text
    missing = http.get(f"/backtests/{results['run_id']}/why", params={"at": "2021-03-10T04:00:00Z"})
    assert (
        "no bar of BTC-USDT opens then; the nearest before opens at 2021-03-10T00:00:00Z"
        in (missing.json()["detail"])
    )


def test_the_longest_candles_that_fit_are_read(quarters: FakeStage, http: httpx.Client) -> None:
    hold(quarters, "BTC-USDT", timeframe="1h")
    results = results_of(http, timeframe="4h", start_date="2021-02-01")
    assert results["candles"][0]["dataset_id"] == HOURS
    # Of hours no quarters can be made, and of quarters no candles of ten minutes.
    answer = http.post("/backtests", json=request(timeframe="5m"))
    assert "BTC-USDT is held at 15m, 1h, not at 5m" in answer.json()["detail"]


@pytest.mark.usefixtures("quarters")
def test_market_candles_are_made_too(http: httpx.Client) -> None:
    query = {"symbol": "BTC-USDT", "timeframe": "1d", "start": "2021-02-01", "end": "2021-02-10"}
    answer = http.get("/market/candles", params=query).json()
    assert len(answer["candles"]) == 10
    newest = http.get("/market/candles", params={"symbol": "BTC-USDT", "timeframe": "1d", "limit": 3}).json()
    assert [row["timestamp"][:10] for row in newest["candles"]] == ["2021-04-28", "2021-04-29", "2021-04-30"]


def test_a_run_is_stale_when_what_its_bars_are_made_of_changes(
    quarters: FakeStage, http: httpx.Client
) -> None:
    results = results_of(http, timeframe="1h", start_date="2021-02-01")
    run = f"/backtests/{results['run_id']}"
    assert http.get(run).json()["stale"] is False
    entry = quarters.datasets.held("local")[0]
    assert http.delete(f"/datasets/{entry.dataset_id}").status_code == 409
    bar = bars_of(quarters, entry, parse_time("2021-03-01"), parse_time("2021-03-01") + 1)
    doubled = bar.set_column(5, "volume", [[2.0 * bar.column("volume")[0].as_py()]])
    add(quarters, DatasetName.parse(entry.dataset_id), doubled.cast(bar.schema))
    assert "sim.BTC-USDT.15m has other bars" in http.get(run).json()["stale_because"]


def test_finer_candles_that_cover_a_part_are_said_to(stage: FakeStage, http: httpx.Client) -> None:
    hold(stage, "BTC-USDT", timeframe="1h")
    fine = hold(stage, "BTC-USDT", timeframe="15m")
    half = (START + END) // 2
    later = bars_of(stage, fine, half, END)
    stage.datasets.forget(fine)
    add(stage, fine.name, later)
    results = results_of(http, timeframe="1h", finer_timeframe="15m", start_date="2021-02-01")
    finer = results["candles"][0]["finer"]
    assert (finer["dataset_id"], finer["made_of"]) == ("sim.BTC-USDT.15m", None)
    span = END - parse_time("2021-02-01")
    assert finer["coverage_pct"] == pytest.approx(100 * (END - half) / span, abs=0.5)
    assert parse_time(finer["start"]) >= half
    # Finer candles are made of yet finer ones too.
    made = results_of(http, timeframe="1h", finer_timeframe="30m", start_date="2021-03-15")
    assert made["candles"][0]["finer"]["made_of"] == "15m"
    assert made["request"]["symbols"][0]["finer_made_of"] == "15m"


def test_finer_candles_that_are_not_held_say_how_to_get_them(stage: FakeStage, http: httpx.Client) -> None:
    hold(stage, "BTC-USDT", timeframe="1h")
    answer = http.post("/backtests", json=request(finer_timeframe="5m"))
    assert answer.status_code == 422
    assert "no 5m candles of BTC-USDT are held from sim" in answer.json()["detail"]
    assert "stepfold data import" in answer.json()["detail"]
