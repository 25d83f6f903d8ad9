"""Funding rates from a file to what a run paid, through the API."""

from __future__ import annotations

import math
from typing import Any

import httpx
import numpy as np
import pytest

from functions.ingest.handler import ingest
from shared import names
from shared.errors import InvalidInputError
from tests.aws import FakeStage
from tests.functions.api_stage import END, START, hold, request, run_to_its_end

HOUR = 3_600_000
PERP = {"exchange": "sim", "symbol": "BTC-USDT-PERP", "kind": "funding"}
DATASET = "sim.BTC-USDT-PERP.funding"
SPAN = {"start_date": "2021-02-01", "end_date": "2021-03-31"}
TIMES = np.arange(START, END, 8 * HOUR)


def csv(
    times: np.ndarray = TIMES, rate: float = 0.0003, header: str = "calc_time,last_funding_rate"
) -> bytes:
    return "\n".join([header, *(f"{time},{rate}" for time in times)]).encode()


def bring_in(stage: FakeStage, http: httpx.Client, body: bytes, **changes: str) -> dict[str, Any]:
    """Upload as a client does; the form's upload is the store's own write."""
    begun = http.post("/datasets", json=PERP | changes)
    assert begun.status_code == 201, begun.text
    entry = begun.json()
    stage.store.put(names.upload("local", entry["import_id"]), body)
    path = f"/datasets/{entry['dataset_id']}/imports/{entry['import_id']}"
    assert http.post(path).status_code == 202
    ingest({"owner": "local", "dataset_id": entry["dataset_id"], "import_id": entry["import_id"]})
    ended: dict[str, Any] = http.get(path).json()
    return ended


@pytest.fixture
def market(stage: FakeStage) -> FakeStage:
    hold(stage, "BTC-USDT")
    return stage


def ran(http: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = http.post("/backtests", json=request(leverage=2, **SPAN) | changes)
    assert answer.status_code == 202, answer.text
    run_id = answer.json()["run_id"]
    run_to_its_end(run_id)
    results: dict[str, Any] = http.get(f"/backtests/{run_id}/results").json()
    return results


def test_rates_are_imported_listed_and_shown(market: FakeStage, http: httpx.Client) -> None:
    ended = bring_in(market, http, csv(np.delete(TIMES, 20)))
    assert ended["status"] == "completed"
    assert ended["report"]["rows"] == len(TIMES) - 1
    assert (ended["report"]["gaps"], ended["report"]["missing_bars"]) == (1, 1)
    listed = {entry["dataset_id"]: entry for entry in http.get("/datasets").json()["datasets"]}
    assert (listed[DATASET]["kind"], listed[DATASET]["timeframe"]) == ("funding", None)
    assert (listed["sim.BTC-USDT.1h"]["kind"], listed["sim.BTC-USDT.1h"]["timeframe"]) == ("candles", "1h")
    detail = http.get(f"/datasets/{DATASET}").json()
    assert (detail["every_hours"], len(detail["gap_list"])) == (8.0, 1)
    assert len(http.get(f"/datasets/{DATASET}/versions").json()["versions"]) == 1
    # They are no candles: neither a symbol nor something to resample.
    assert [entry["symbol"] for entry in http.get("/market/symbols").json()["symbols"]] == ["BTC-USDT"]
    refused = http.post(f"/datasets/{DATASET}/resample", json={"timeframe": "1d"})
    assert "holds funding rates" in refused.json()["detail"]
    assert http.delete(f"/datasets/{DATASET}").status_code == 204
    assert DATASET not in http.get("/datasets").text


def test_a_file_of_percents_is_refused_whole(market: FakeStage, http: httpx.Client) -> None:
    with pytest.raises(InvalidInputError, match="divide by 100 what is in percent"):
        bring_in(market, http, csv(rate=0.01))
    with pytest.raises(InvalidInputError, match=r"file\.rate: no such column"):
        bring_in(market, http, b"timestamp,open\n1612137600000,5\n")
    assert http.get(f"/datasets/{DATASET}").status_code == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"timeframe": "1h"}, "timeframe"),
        ({"kind": "candles"}, "timeframe"),
        ({"kind": "rates"}, "kind"),
    ],
)
def test_what_a_file_holds_is_said_once(http: httpx.Client, change: dict[str, str], path: str) -> None:
    answer = http.post("/datasets", json=PERP | change)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_stored_rates_are_paid_as_the_same_assumption_is(market: FakeStage, http: httpx.Client) -> None:
    bring_in(market, http, csv(header="timestamp,rate"))
    stored = ran(http, funding={"source": "stored"})
    assumed = ran(http, funding={"assumed_rate_bps": 3.0, "every_hours": 8})
    assert stored["funding_paid"] == pytest.approx(assumed["funding_paid"], rel=1e-12)
    assert stored["funding_paid"] > 0
    events = http.get(f"/backtests/{stored['run_id']}/playback/events?type=funding&limit=20000").json()[
        "events"
    ]
    assert math.fsum(event["payload"]["paid"] for event in events) == pytest.approx(stored["funding_paid"])
    symbol = stored["request"]["symbols"][0]
    version = http.get(f"/datasets/{DATASET}").json()["version"]
    assert (symbol["funding_dataset"], symbol["funding_version"]) == (DATASET, version)
    assert stored["request"]["funding"] == {"source": "stored"}
    assert (stored["candles"][0]["funding_dataset"], stored["candles"][0]["funding_version"]) == (
        DATASET,
        version,
    )
    bar = next(event["timestamp"] for event in events)
    why = http.get(f"/backtests/{stored['run_id']}/why", params={"at": bar})
    assert why.status_code == 200, why.text
    check = http.post("/strategies/check", json=request(leverage=2, **SPAN, funding={"source": "stored"}))
    assert check.status_code == 200, check.text


def test_other_rates_are_another_run_and_make_it_stale(market: FakeStage, http: httpx.Client) -> None:
    bring_in(market, http, csv())
    before = ran(http, funding={"source": "stored"})
    assert http.delete(f"/datasets/{DATASET}").status_code == 409
    middle = TIMES[(TIMES >= START + 40 * 24 * HOUR) & (TIMES < START + 50 * 24 * HOUR)]
    bring_in(market, http, csv(middle, 0.002))
    stale = http.get(f"/backtests/{before['run_id']}").json()["stale_because"]
    assert f"version 2 of {DATASET} has other" in stale
    after = ran(http, funding={"source": "stored"})
    assert after["funding_paid"] > before["funding_paid"]
    assert after["fingerprint"] != before["fingerprint"]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (None, "no funding rates of BTC-USDT or BTC-USDT-PERP are held from sim"),
        (TIMES[TIMES > START + 40 * 24 * HOUR], "and the run starts at 2021-02-01T00:00:00Z"),
        (TIMES[TIMES < START + 60 * 24 * HOUR], "and the run ends at 2021-04-01T00:00:00Z"),
        (np.delete(TIMES, 120), "missing from 2021-02-10T00:00:00Z to 2021-02-10T00:00:00Z"),
    ],
)
def test_rates_that_are_missing_are_an_error_that_says_how_to_get_them(
    market: FakeStage, http: httpx.Client, times: np.ndarray | None, message: str
) -> None:
    if times is not None:
        bring_in(market, http, csv(times))
    answer = http.post("/backtests", json=request(leverage=2, **SPAN, funding={"source": "stored"}))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "funding"
    assert message in error["message"]
    assert "stepfold data import FILE --funding --exchange sim --symbol BTC-USDT-PERP" in error["message"]


def test_a_symbols_own_rates_come_before_its_perpetuals(market: FakeStage, http: httpx.Client) -> None:
    bring_in(market, http, csv())
    bring_in(market, http, csv(rate=0.0001), symbol="BTC-USDT")
    stored = ran(http, funding={"source": "stored"})
    assert stored["candles"][0]["funding_dataset"] == "sim.BTC-USDT.funding"
