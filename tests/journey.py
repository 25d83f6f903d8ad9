"""The journey: an EMA cross on two symbols with shared cash, from the upload to every answer of the API.

The checks are the same on simulated candles (`tests/e2e`) and on real ones (`tests/real`): every answer
must equal what pyarrow reads from the Parquet objects, and the fills an independent reckoning.
"""

from __future__ import annotations

import bisect
import io
import json
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.times import iso, parse_time
from tests.e2e.client import completed, every, import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS
from tests.reckoning import Bar, Costs, Result
from tests.reckoning.cross import reckon_cross

HOUR = 3_600_000
FAST, SLOW, FRACTION, CASH, FEE_BPS, SLIPPAGE_BPS = 12, 26, 0.5, 10_000.0, 10.0, 2.0
CANDLE = ("timestamp", "open", "high", "low", "close", "volume")
SERIES = ("equity", "fills", "trades", "positions", "events")


@dataclass(frozen=True)
class Journey:
    """A completed run on the deployed stack, with the candles that went in."""

    stack: LocalStack
    http: httpx.Client
    exchange: str
    request: dict[str, Any]
    candles: dict[str, pa.Table]
    run_id: str

    @classmethod
    def travel(cls, stack: LocalStack, exchange: str, files: dict[str, bytes], **request: Any) -> Journey:
        """Import a file for each symbol, run the cross on all of them, and wait for its end."""
        http = stack.http()
        for symbol, body in files.items():
            entry = import_candles(http, body, exchange, symbol, "1h")
            assert entry["status"] == "completed", entry
        asked = {
            "symbols": list(files),
            "timeframe": "1h",
            "exchange": exchange,
            "strategy": CROSS,
            "parameters": {"fast": FAST, "slow": SLOW},
            "initial_cash": CASH,
            "costs": {"taker_fee_bps": FEE_BPS, "slippage_bps": SLIPPAGE_BPS},
            **request,
        }
        candles = {symbol: pq.read_table(io.BytesIO(body)) for symbol, body in files.items()}
        return cls(stack, http, exchange, asked, candles, completed(http, asked))

    @property
    def path(self) -> str:
        return f"/backtests/{self.run_id}"

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return ok(self.http.get(f"{self.path}/{path}", params=query))

    def every(self, path: str, field: str, **query: Any) -> list[dict[str, Any]]:
        return every(self.http, f"{self.path}/{path}", field, **query)

    @cached_property
    def objects(self) -> dict[str, bytes]:
        """The run's objects by key, as S3 holds them."""
        s3, bucket = self.stack.s3(), self.stack.deployment.bucket
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"runs/{self.run_id}/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def stored(self, series: str) -> list[dict[str, Any]]:
        """Read a series from its Parquet objects with pyarrow alone."""
        prefix = f"runs/{self.run_id}/{series}/"
        parts = sorted(
            (int(key.removeprefix(prefix).split("-")[0]), body)
            for key, body in self.objects.items()
            if key.startswith(prefix)
        )
        return [row for _, body in parts for row in pq.read_table(io.BytesIO(body)).to_pylist()]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        bodies = [body for key, body in self.objects.items() if "/manifest-" in key]
        assert len(bodies) == 1
        return json.loads(bodies[0])  # type: ignore[no-any-return]

    @cached_property
    def reckoning(self) -> Result:
        asked = self.manifest["request"]
        markets = {}
        for symbol, table in self.candles.items():
            columns = [table.column(name).to_pylist() for name in CANDLE]
            bars = [Bar(*row) for row in zip(*columns, strict=True)]
            markets[symbol] = [b for b in bars if asked["warm_up_start_ms"] <= b.time < asked["end_ms"]]
        return reckon_cross(
            markets,
            step_ms=HOUR,
            start=asked["start_ms"],
            cash=CASH,
            fast=FAST,
            slow=SLOW,
            fraction=FRACTION,
            costs=Costs(FEE_BPS, FEE_BPS, SLIPPAGE_BPS),
        )


def on_the_wire(row: dict[str, Any]) -> dict[str, Any]:
    """Write a stored row as the API does: times as ISO 8601, payloads as objects."""
    times = ("timestamp", "entry_timestamp", "exit_timestamp", "decided_at")
    written = {name: iso(value) if name in times else value for name, value in row.items()}
    return written | ({"payload": json.loads(row["payload"])} if "payload" in row else {})


def test_results_are_the_manifest_s_metrics(journey: Journey) -> None:
    results = journey.get("results")
    metrics = journey.manifest["metrics"]
    times = {"start", "end", "left_open", *(name for name in metrics if name.endswith("timestamp"))}
    assert {name: results[name] for name in metrics if name not in times} == {
        name: value for name, value in metrics.items() if name not in times
    }
    assert [results["start"], results["end"]] == [iso(metrics["start"]), iso(metrics["end"])]
    assert results["equity_peak_timestamp"] == iso(metrics["equity_peak_timestamp"])
    report = journey.get("report")
    assert sum(report["daily"]["trades"]) == results["total_trades"]
    assert report["daily"]["equity_close"][-1] == results["final_equity"]
    assert report["drawdowns"][0]["depth_pct"] == results["max_drawdown_pct"]
    assert [entry["symbol"] for entry in results["left_open"]] == [
        entry["symbol"] for entry in metrics["left_open"]
    ]
    assert results["fingerprint"] == journey.manifest["fingerprint"]
    assert results["monthly"] == journey.manifest["monthly"] == journey.get("monthly")["monthly"]
    assert results["final_equity"] == journey.stored("equity")[-1]["equity"]
    assert results["total_trades"] == len(journey.stored("trades")) > 20
    assert results["win_rate"] == pytest.approx(
        100 * sum(t["pnl"] > 0 for t in journey.stored("trades")) / results["total_trades"], rel=1e-12
    )
    listed = ok(journey.http.get(journey.path))
    assert listed["sharpe_ratio"] == results["sharpe_ratio"]


def test_equity_is_what_the_store_holds(journey: Journey) -> None:
    stored = [on_the_wire(row) for row in journey.stored("equity")]
    assert journey.every("equity", "equity", limit=10_000) == stored
    columns = journey.get("equity", format="columns", limit=10)["equity"]
    assert columns["equity"] == [row["equity"] for row in stored[:10]]
    drawn = journey.get("equity", points=500)["equity"]
    assert len(drawn) <= 500
    by_time = {row["timestamp"]: row for row in stored}
    assert all(by_time[row["timestamp"]] == row for row in drawn)
    assert (drawn[0], drawn[-1]) == (stored[0], stored[-1])
    assert max(row["equity"] for row in drawn) == max(row["equity"] for row in stored)
    assert min(row["equity"] for row in drawn) == min(row["equity"] for row in stored)


def test_trades_are_the_stored_fills(journey: Journey) -> None:
    assert journey.every("trades", "trades") == [on_the_wire(row) for row in journey.stored("fills")]


def test_paired_trades_are_the_stored_round_trips(journey: Journey) -> None:
    pairs, stored = journey.every("paired_trades", "paired_trades"), journey.stored("trades")
    assert len(pairs) == len(stored)
    for pair, row in zip(pairs, stored, strict=True):
        written = on_the_wire(row)
        assert {name: pair[name] for name in written if name in pair} == {
            name: value for name, value in written.items() if name in pair
        }
        hours = (row["exit_timestamp"] - row["entry_timestamp"]) / HOUR
        assert pair["hold_duration_hours"] == pytest.approx(hours, rel=1e-12)
        assert pair["timeframe"] == "1h"


def test_trade_sets_hold_every_fill_once(journey: Journey) -> None:
    sets = journey.every("trade_sets", "trade_sets", limit=7)
    fills = journey.stored("fills")
    assert sum(len(entry["legs"]) for entry in sets) == len(fills)
    assert [entry["set_id"] for entry in sets] == list(range(len(sets)))
    for entry in sets:
        legs = [fill for fill in fills if fill["set_id"] == entry["set_id"]]
        assert [leg["leg_id"] for leg in entry["legs"]] == list(range(len(legs)))
        assert [leg["qty"] for leg in entry["legs"]] == [fill["qty"] for fill in legs]
        assert {fill["symbol"] for fill in legs} == {entry["symbol"]}
        assert entry["total_pnl"] == pytest.approx(sum(fill["pnl"] for fill in legs), rel=1e-12)
        assert (entry["closed_at"] is None) == (legs[-1]["position_after"] != 0)


def test_playback_candles_are_the_file_s_with_the_run_s_indicators(journey: Journey) -> None:
    symbol = journey.request["symbols"][1]
    table = journey.candles[symbol].slice(2_000, 300)
    start, end = table.column("timestamp")[0].as_py(), table.column("timestamp")[-1].as_py() + HOUR
    candles = journey.every(
        "playback/candles", "candles", symbol=symbol, start=iso(start), end=iso(end), limit=100
    )
    assert len(candles) == 300
    for name in ("open", "high", "low", "close", "volume"):
        assert [candle[name] for candle in candles] == table.column(name).to_pylist(), name
    stored = {row["timestamp"]: row for row in journey.stored(f"indicators/{symbol}")}
    for candle in candles:
        row = on_the_wire(stored[parse_time(candle["timestamp"])])
        assert {name: candle[name] for name in row} == row
    closes = journey.candles[symbol].column("close").slice(1_981, 20).to_pylist()
    assert candles[0]["sma_20"] == pytest.approx(sum(closes) / 20, rel=1e-12)


def test_playback_events_are_the_stored_events(journey: Journey) -> None:
    stored = [on_the_wire(row) for row in journey.stored("events")]
    assert journey.every("playback/events", "events") == stored
    fills = journey.every("playback/events", "events", type="fill")
    assert fills == [event for event in stored if event["type"] == "fill"]
    assert len(fills) == len(journey.stored("fills"))


def test_state_at_a_time_is_the_position_and_the_equity_then(journey: Journey) -> None:
    equity, positions = journey.stored("equity"), journey.stored("positions")
    times = [row["timestamp"] for row in equity]
    for number in (0, 1, len(equity) // 3, len(equity) // 2, len(equity) - 1):
        at = times[number] + 7 * 60_000  # seven minutes into a bar
        state = journey.get(f"playback/state/{iso(at)}")
        row = equity[bisect.bisect_right(times, at) - 1]
        assert state["bar"] == iso(row["timestamp"])
        assert (state["equity"], state["cash"]) == (row["equity"], row["cash"])
        assert state["realised_pnl"] == row["realised_pnl"]
        assert state["return_pct"] == pytest.approx(100 * (row["equity"] / CASH - 1), abs=1e-9)
        moment = max((p["timestamp"] for p in positions if p["timestamp"] <= at), default=None)
        held = {p["symbol"]: p["qty"] for p in positions if p["timestamp"] == moment and p["qty"] != 0}
        assert {p["symbol"]: p["qty"] for p in state["positions"]} == held


def test_the_fills_equal_an_independent_reckoning(journey: Journey) -> None:
    fills, reckoned = journey.stored("fills"), journey.reckoning.fills
    assert len(fills) == len(reckoned) > 40
    for fill, other in zip(fills, reckoned, strict=True):
        same = (fill["timestamp"], fill["symbol"], fill["side"], fill["decided_at"])
        assert same == (other.time, other.symbol, other.side, other.decided_at)
        assert fill["price"] == pytest.approx(other.price, rel=1e-12)
        # One step of 1e-8: a last bit of the price may tip the rounding of a quantity.
        assert fill["qty"] == pytest.approx(other.qty, rel=1e-9, abs=1.01e-8)
        assert fill["fee"] == pytest.approx(other.fee, rel=1e-8)


def test_the_equity_equals_an_independent_reckoning(journey: Journey) -> None:
    stored, reckoned = journey.stored("equity"), journey.reckoning.equity
    assert [row["timestamp"] for row in stored] == [row.time for row in reckoned]
    for row, other in zip(stored, reckoned, strict=True):
        assert row["equity"] == pytest.approx(other.equity, rel=1e-8)


def test_a_missing_bar_is_a_gap_and_no_candle(journey: Journey) -> None:
    for symbol, table in journey.candles.items():
        times = table.column("timestamp").to_pylist()
        holes = [(a + HOUR, b - HOUR) for a, b in pairwise(times) if b - a > HOUR]
        assert holes
        gaps = journey.every("playback/events", "events", type="gap", symbol=symbol)
        assert [(gap["payload"]["from"], gap["payload"]["to"]) for gap in gaps] == [
            (iso(first), iso(last)) for first, last in holes
        ]
        first, last = holes[0]
        window = {"start": iso(first - HOUR), "end": iso(last + 2 * HOUR)}
        candles = journey.get("playback/candles", symbol=symbol, **window)["candles"]
        assert [candle["timestamp"] for candle in candles] == [iso(first - HOUR), iso(last + HOUR)]
        dataset = ok(journey.http.get(f"/datasets/{journey.exchange}.{symbol}.1h"))
        assert dataset["missing_bars"] == sum((last - first) // HOUR + 1 for first, last in holes)
        # Seven minutes into the hole the account stands as at the bar before it.
        bars = {row["timestamp"] for row in journey.stored("equity")}
        if not any(first <= bar <= last for bar in bars):
            assert journey.get(f"playback/state/{iso(first + 420_000)}")["bar"] == iso(first - HOUR)


def test_the_same_request_with_one_key_is_one_run(journey: Journey) -> None:
    first = journey.http.post("/backtests", json=journey.request, headers={"Idempotency-Key": "one"})
    again = journey.http.post("/backtests", json=journey.request, headers={"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["run_id"] == again.json()["run_id"]
    other = {**journey.request, "initial_cash": 5.0}
    assert journey.http.post("/backtests", json=other, headers={"Idempotency-Key": "one"}).status_code == 422


def test_an_equal_fingerprint_gives_byte_identical_files(journey: Journey) -> None:
    again = Journey(
        journey.stack,
        journey.http,
        journey.exchange,
        journey.request,
        journey.candles,
        completed(journey.http, {**journey.request, "name": "again"}),
    )
    run = ok(journey.http.get(again.path))
    assert again.run_id != journey.run_id
    assert run["fingerprint"] == journey.manifest["fingerprint"]
    assert run["same_as"] is not None

    def files(of: Journey) -> dict[str, bytes]:
        # A key's last word is the attempt's token, or of a request (which holds the name) its hash.
        return {
            key.removeprefix(f"runs/{of.run_id}/").rpartition("-")[0]: body
            for key, body in of.objects.items()
            if "/request-" not in key
        }

    assert files(journey) == files(again)
    assert {name.split("/")[0] for name in files(journey)} >= {*SERIES, "indicators", "manifest"}


def test_artifacts_are_the_stored_files(journey: Journey) -> None:
    listed = journey.get("artifacts")["artifacts"]
    parquet = {key: body for key, body in journey.objects.items() if key.endswith(".parquet")}
    assert len(listed) == len(parquet)
    for entry in listed:
        if entry["series"] in SERIES:
            body = httpx.get(entry["url"], trust_env=False).raise_for_status().content
            assert body in parquet.values()
            assert len(body) == entry["size"]


def test_initial_allocations_are_in_the_state_from_the_start(journey: Journey) -> None:
    symbol = journey.request["symbols"][0]
    base = symbol.split("-")[0]
    rules = {**CROSS["triggers"][0], "entry": "close < 0", "exit": "close < 0"}
    request = {
        **journey.request,
        "strategy": {**CROSS, "triggers": [rules]},
        "initial_allocations": {"cash": 2_000.0, base: 4_000.0},
    }
    run_id = completed(journey.http, request)
    start = journey.manifest["request"]["start_ms"]
    opened = next(
        price
        for time, price in zip(
            journey.candles[symbol].column("timestamp").to_pylist(),
            journey.candles[symbol].column("open").to_pylist(),
            strict=True,
        )
        if time >= start
    )
    state = ok(journey.http.get(f"/backtests/{run_id}/playback/state/{iso(start)}"))
    (position,) = state["positions"]
    assert position["symbol"] == symbol
    assert position["qty"] == pytest.approx(4_000 / opened, abs=1.01e-8)
    assert state["cash"] == pytest.approx(2_000, abs=opened * 1.01e-8)
    before = ok(journey.http.get(f"/backtests/{run_id}/playback/state/{iso(start - HOUR)}"))
    assert (before["equity"], before["positions"]) == (6_000.0, [])
