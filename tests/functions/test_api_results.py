"""Every series that the API answers is what pyarrow reads from the run's Parquet objects."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from functions.api import backwards, tables
from shared.responses_results import MonthlyAnswer, ReportAnswer
from shared.times import iso, parse_time
from tests.functions.api_stage import GAP
from tests.functions.conftest import Finished

Row = dict[str, Any]


def stored(finished: Finished, series: str) -> list[Row]:
    """Return a series as it stands in the bucket, read with pyarrow alone."""
    bodies = [finished.stage.store.get(key) for key, _ in finished.reader.part_keys(series)]
    return [row for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]


def get(finished: Finished, path: str, **query: Any) -> dict[str, Any]:
    answer = finished.http.get(finished.path(path), params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def pages(finished: Finished, path: str, field: str, **query: Any) -> Iterator[list[Row]]:
    cursor = None
    for _ in range(200):
        page = get(finished, path, **query, **({"cursor": cursor} if cursor else {}))
        yield page[field]
        if (cursor := page["next_cursor"]) is None:
            return
    raise AssertionError(f"{path} goes on for ever")


def every(finished: Finished, path: str, field: str, **query: Any) -> list[Row]:
    return [row for page in pages(finished, path, field, **query) for row in page]


def wire(rows: list[Row]) -> list[Row]:
    """Say stored rows as the wire does: times in ISO 8601, payloads unfolded."""
    times = ("timestamp", "entry_timestamp", "exit_timestamp", "decided_at")
    return [
        {
            name: iso(value) if name in times else json.loads(value) if name == "payload" else value
            for name, value in row.items()
        }
        for row in rows
    ]


def test_results_are_the_manifests_metrics(finished: Finished) -> None:
    body = get(finished, "results")
    metrics = finished.reader.manifest.metrics
    for name in ("final_equity", "sharpe_ratio", "total_trades", "profit_factor", "fees_paid", "undefined"):
        assert body[name] == metrics[name], name
    assert body["start"] == iso(metrics["start"])
    assert body["fingerprint"] == finished.reader.manifest.fingerprint
    for name in ("max_drawdown_start_timestamp", "equity_peak_timestamp", "best_trade_timestamp"):
        assert body[name] == iso(metrics[name]), name
    assert body["daily_sharpe_ratio"] == metrics["daily_sharpe_ratio"]
    assert body["monthly"] == get(finished, "monthly")["monthly"] == list(finished.reader.manifest.monthly)
    assert [row["month"] for row in body["monthly"]] == ["2021-02", "2021-03", "2021-04"]
    assert body["request"]["start_date"] == "2021-02-01T00:00:00Z"
    assert body["request"]["parameters"] == {"fast": 12, "slow": 26}


def test_a_report_is_what_the_run_adds_up_to(finished: Finished) -> None:
    body = get(finished, "report")
    stored_report = finished.reader.report()
    assert stored_report is not None
    assert list(body) == list(stored_report)
    ReportAnswer.model_validate(body)
    assert body["monthly"] == get(finished, "results")["monthly"]
    trades, fills = stored(finished, "trades"), stored(finished, "fills")
    assert sum(row["trades"] for row in body["by_symbol"]) == len(trades)
    assert {row["symbol"] for row in body["by_symbol"]} == {"BTC-USDT", "ETH-USDT"}
    assert sum(body["daily"]["fills"]) == len(fills)
    assert body["daily"]["equity_close"][-1] == stored(finished, "equity")[-1]["equity"]
    assert body["drawdowns"][0]["depth_pct"] == finished.reader.manifest.metrics["max_drawdown_pct"]
    assert body["drawdowns"][0]["start_timestamp"].endswith("Z")
    assert len(body["rolling_sharpe"]["date"]) == len(body["daily"]["date"])


def test_a_report_answers_the_tables_that_are_wanted(finished: Finished) -> None:
    assert list(get(finished, "report", tables="by_side, yearly")) == ["by_side", "yearly"]
    answer = finished.http.get(finished.path("report"), params={"tables": "monthly,dayly"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "tables"
    assert "'dayly'; choose from monthly" in answer.json()["detail"]


@pytest.mark.parametrize(("path", "series", "limit"), [("equity", "equity", 900), ("trades", "fills", 50)])
def test_a_series_page_by_page_is_the_stored_series(
    finished: Finished, path: str, series: str, limit: int
) -> None:
    assert every(finished, path, path, limit=limit) == wire(stored(finished, series))


def test_columns_are_the_same_series(finished: Finished) -> None:
    rows = wire(stored(finished, "fills"))
    columns = get(finished, "trades", format="columns", limit=20_000)["trades"]
    assert columns == {name: [row[name] for row in rows] for name in rows[0]}


def test_a_window_takes_its_start_and_leaves_its_end(finished: Finished) -> None:
    start, end = "2021-03-01T05:00:00Z", "2021-03-04T05:00:00Z"
    rows = [row for row in wire(stored(finished, "equity")) if start <= row["timestamp"] < end]
    assert get(finished, "equity", start=start, end=end)["equity"] == rows
    assert len(rows) == 72
    assert len(get(finished, "equity", start="2021-03-01", end="2021-03-03")["equity"]) == 72
    assert get(finished, "equity", start="2022-01-01")["equity"] == []
    assert get(finished, "trades", end="2021-01-31")["trades"] == []


def test_points_keep_the_extremes(finished: Finished) -> None:
    rows = wire(stored(finished, "equity"))
    few = get(finished, "equity", points=40)
    assert few["next_cursor"] is None
    assert len(few["equity"]) <= 40
    assert all(row in rows for row in few["equity"])
    levels = [row["equity"] for row in rows]
    shown = [row["equity"] for row in few["equity"]]
    assert (shown[0], shown[-1], min(shown), max(shown)) == (levels[0], levels[-1], min(levels), max(levels))
    wide = {"start": "1970-01-01", "end": "2100-01-01"}
    assert get(finished, "equity", points=40, **wide) == few
    assert get(finished, "equity", points=40, start="2022-01-01")["equity"] == []


def test_a_filter_by_symbol_finds_the_same_rows_on_short_pages(finished: Finished) -> None:
    rows = [row for row in wire(stored(finished, "fills")) if row["symbol"] == "ETH-USDT"]
    assert every(finished, "trades", "trades", symbol="ETH/USDT", limit=7) == rows


def test_a_scan_that_finds_nothing_for_long_goes_on_with_its_cursor(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "SCAN_CHUNK_ROWS", 20)
    monkeypatch.setattr(tables, "SCAN_CHUNKS", 2)
    found = list(pages(finished, "playback/events", "events", type="gap"))
    assert len(found) > 2
    assert [] in found
    gaps = [row for row in wire(stored(finished, "events")) if row["type"] == "gap"]
    assert [row for page in found for row in page] == gaps


def test_paired_trades_are_the_stored_round_trips(finished: Finished) -> None:
    rows = wire(stored(finished, "trades"))
    paired = every(finished, "paired_trades", "paired_trades", limit=30)
    assert len(paired) == len(rows) > 30
    for shown, row in zip(paired, rows, strict=True):
        hours = (parse_time(row["exit_timestamp"]) - parse_time(row["entry_timestamp"])) / 3_600_000
        del row["timestamp"]
        assert shown == {**row, "timeframe": "1h", "hold_duration_hours": hours}


def test_trade_sets_hold_every_fill_once_and_go_from_flat_to_flat(finished: Finished) -> None:
    fills = stored(finished, "fills")
    sets = every(finished, "trade_sets", "trade_sets", limit=13)
    assert [entry["set_id"] for entry in sets] == sorted({fill["set_id"] for fill in fills})
    assert sum(len(entry["legs"]) for entry in sets) == len(fills)
    for entry in sets:
        own = [fill for fill in fills if fill["set_id"] == entry["set_id"]]
        assert {fill["symbol"] for fill in own} == {entry["symbol"]}
        assert entry["opened_at"] == iso(own[0]["timestamp"])
        assert entry["closed_at"] == (iso(own[-1]["timestamp"]) if own[-1]["position_after"] == 0 else None)
        assert entry["total_pnl"] == sum(fill["pnl"] for fill in own)
        assert entry["total_fees"] == sum(fill["fee"] for fill in own)
        bought = [fill for fill in own if fill["is_entry"]]
        assert (entry["entries"], entry["exits"]) == (len(bought), len(own) - len(bought))
        assert entry["max_exposure"] == max(fill["position_after"] * fill["price"] for fill in own)
    allocation = next(entry for entry in sets if entry["entry_trigger"] is None)
    assert [leg["average_cost_at_fill"] for leg in allocation["legs"]] == [
        allocation["average_entry_price"]
    ] * 2


def test_artifacts_are_links_to_every_part(finished: Finished) -> None:
    listed = {row["url"]: row for row in get(finished, "artifacts")["artifacts"]}
    keys = {unquote(urlsplit(url).path).removeprefix("/") for url in listed}
    parts = {
        key for series in finished.reader.manifest.series for key, _ in finished.reader.part_keys(series)
    }
    assert keys == parts
    for url, row in listed.items():
        key = unquote(urlsplit(url).path).removeprefix("/")
        assert finished.stage.store.size(key) == row["size"]
        assert "X-Amz-Expires=900" in url
        assert row["rows"] > 0


# --- playback --------------------------------------------------------------------------------


def test_playback_candles_carry_the_indicators_of_their_time(finished: Finished) -> None:
    indicators = {row["timestamp"]: row for row in wire(stored(finished, "indicators/ETH-USDT"))}
    candles = every(finished, "playback/candles", "candles", symbol="ETH-USDT", limit=700)
    market = finished.http.get(
        "/market/candles",
        params={"symbol": "ETH-USDT", "timeframe": "1h", "start": "2021-02-01", "limit": 20_000},
    ).json()["candles"]
    assert [{name: row[name] for name in market[0]} for row in candles] == market
    for row in candles:
        known = indicators[row["timestamp"]]
        assert all(row[name] == value for name, value in known.items())
    assert {"sma_20", "bb_lower", "fast_ema"} <= set(candles[0])
    times = {row["timestamp"] for row in candles}
    assert not any(iso(ms) in times for ms in range(*GAP, 3_600_000))


@pytest.mark.parametrize(
    ("path", "field", "query"),
    [
        ("playback/candles", "candles", {"symbol": "ETH-USDT", "limit": 700}),
        ("playback/candles", "candles", {"start": "2021-02-10", "end": "2021-02-20", "limit": 37}),
        ("playback/events", "events", {"limit": 60}),
        ("playback/events", "events", {"type": "fill,gap", "symbol": "BTC-USDT", "limit": 9}),
        ("playback/events", "events", {"type": "gap", "limit": 1}),
    ],
)
def test_playback_goes_backwards_through_the_same_rows(
    finished: Finished, monkeypatch: pytest.MonkeyPatch, path: str, field: str, query: Row
) -> None:
    # Small steps, so that a search takes several and a page ends inside one.
    monkeypatch.setattr(backwards, "SCAN_CHUNK_ROWS", 50)
    monkeypatch.setattr(backwards, "SCAN_CHUNKS", 3)
    forwards = every(finished, path, field, **query)
    found = list(pages(finished, path, field, newest=True, **query))
    assert forwards
    assert [row for page in reversed(found) for row in page] == forwards


def test_a_page_backwards_that_grows_too_long_keeps_its_last_rows(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_ANSWER_BYTES", 20_000)
    forwards = every(finished, "playback/candles", "candles")
    found = list(pages(finished, "playback/candles", "candles", newest=True))
    assert len(found) > 1
    assert [row for page in reversed(found) for row in page] == forwards


def test_playback_candles_are_the_first_symbols_where_none_is_named(finished: Finished) -> None:
    assert get(finished, "playback/candles", limit=1)["symbol"] == "BTC-USDT"
    window = get(finished, "playback/candles", start="2021-03-01T00:00:00Z", end="2021-03-01T03:00:00Z")
    assert [row["timestamp"][11:13] for row in window["candles"]] == ["00", "01", "02"]
    answer = finished.http.get(finished.path("playback/candles"), params={"symbol": "SOL-USDT"})
    assert "BTC-USDT, ETH-USDT" in answer.json()["detail"]


def test_events_filter_by_type_and_symbol(finished: Finished) -> None:
    rows = wire(stored(finished, "events"))
    assert every(finished, "playback/events", "events", limit=60) == rows
    some = every(finished, "playback/events", "events", type="fill,gap", symbol="BTC-USDT", limit=9)
    assert some == [r for r in rows if r["type"] in ("fill", "gap") and r["symbol"] == "BTC-USDT"]
    outage = [row for row in some if row["type"] == "gap" and row["payload"]["from"] == iso(GAP[0])]
    assert [row["payload"]["missing_bars"] for row in outage] == [4]
    first = finished.http.get("/events", params={"run_id": finished.run_id, "limit": 5}).json()
    assert first["events"] == rows[:5]


def test_the_state_at_a_time_is_that_of_a_replay(finished: Finished) -> None:
    """Replays every fill up to a time, which the API never does."""
    fills, curve = stored(finished, "fills"), stored(finished, "equity")
    times = [row["timestamp"] for row in curve]
    for number in range(0, len(curve), 97):
        row = curve[number]
        held: dict[str, float] = {}
        cash = 10_000.0 - 4_000.0
        for fill in fills:
            if fill["timestamp"] <= row["timestamp"]:
                held[fill["symbol"]] = fill["position_after"]
                cash = fill["cash_after"]
        # Between two bars the state is that of the bar before.
        state = get(finished, f"playback/state/{iso(row['timestamp'] + 1_800_000)}")
        assert state["bar"] == iso(times[number])
        assert state["equity"] == row["equity"]
        assert state["cash"] == cash == row["cash"]
        assert state["realised_pnl"] == row["realised_pnl"]
        assert state["return_pct"] == pytest.approx(100 * (row["equity"] / 10_000 - 1))
        signed = {entry["symbol"]: entry["qty"] for entry in state["positions"]}
        assert signed == {symbol: qty for symbol, qty in held.items() if qty}
        assert state["pending_allocations"] == []


def test_the_state_before_the_start_is_the_account_as_it_was_given(finished: Finished) -> None:
    state = get(finished, "playback/state/2021-01-31T23:00:00Z")
    assert (state["bar"], state["equity"], state["cash"]) == (None, 10_000.0, 6_000.0)
    assert state["positions"] == []
    assert state["pending_allocations"] == [{"symbol": "ETH-USDT", "value": 4_000.0}]
    opened = get(finished, "playback/state/2021-02-01T00:00:00Z")
    assert [row["symbol"] for row in opened["positions"]] == ["ETH-USDT"]
    assert opened["cash"] == pytest.approx(6_000, abs=0.01)


def test_the_state_after_the_end_is_the_last(finished: Finished) -> None:
    last = stored(finished, "equity")[-1]
    state = get(finished, "playback/state/2030-01-01")
    assert (state["bar"], state["equity"]) == (iso(last["timestamp"]), last["equity"])


# --- limits ----------------------------------------------------------------------------------


def test_an_answer_stays_under_a_lambdas_limit_and_says_where_to_go_on() -> None:
    """20,000 wide rows are about 10 MB: the page is cut, and the cursor is that of the first row left out."""
    count = 20_000
    columns = {f"column_{n}": np.random.default_rng(n).random(count) for n in range(20)}
    page = tables.Page(
        {"timestamp": np.arange(count).astype("datetime64[ms]"), **columns}, lambda sent: f"r{sent}"
    )
    assert tables.MAX_ANSWER_BYTES < 6 * 1024 * 1024
    for form in ("rows", "columns"):
        body = bytes(tables.answer("rows", page, form).body)
        answer = json.loads(body)
        sent = len(answer["rows"] if form == "rows" else answer["rows"]["timestamp"])
        assert 0 < sent < count
        assert answer["next_cursor"] == f"r{sent}"
        # What the Lambda sends is this body once more as a JSON string.
        assert len(json.dumps(body.decode())) < 6 * 1024 * 1024
        assert len(json.dumps(body.decode())) > 4_000_000


def test_missing_values_are_null_never_nan() -> None:
    table = pa.table({"timestamp": [0, 1_500], "value": pa.array([None, 1.5], pa.float64())})
    page = tables.Page(tables.wire_columns(table), lambda _: None)
    rows = json.loads(bytes(tables.answer("rows", page, "rows").body))["rows"]
    assert rows == [
        {"timestamp": "1970-01-01T00:00:00.000Z", "value": None},
        {"timestamp": "1970-01-01T00:00:01.500Z", "value": 1.5},
    ]
    columns = json.loads(bytes(tables.answer("rows", page, "columns").body))["rows"]
    assert columns["value"] == [None, 1.5]


def test_months_of_a_run_older_than_reports_have_no_invented_trades() -> None:
    older = {"month": "2021-02", "equity": 8957.4, "return_pct": -10.4}
    (month,) = MonthlyAnswer.model_validate({"monthly": [older]}).monthly
    assert (month.pnl, month.trades, month.benchmark_return_pct) == (None, None, None)
