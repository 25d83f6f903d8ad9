"""What a fetch is made of: `python -m bench.fetch`, on a stack of its own with an exchange on loopback.

Three months of minutes (132,480 bars) from an exchange that speaks Coinbase's and Binance's REST, by the real
client at the pace that it keeps for the real exchange. Candles are those of STEPFOLD_MARKET_DATA, if it holds
these months, else made up.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq

from localstack.deploy import deploy
from localstack.emulator import Emulator, Home, free_port, start, stop
from shared.times import DAY_MS, iso, parse_time
from tests.exchange.stand_in import StandIn, stand_in

START, END = parse_time("2026-03-01"), parse_time("2026-06-01")
REAL = "binance_BTCUSDT_1m_20260301_20260531.parquet"
# What an answer of a real exchange takes on its way.
LATENCIES = (0.0, 0.1)
SPANS = (("1 month", END - 31 * DAY_MS), ("3 months", START))


def main() -> int:
    with stand_in() as exchange, tempfile.TemporaryDirectory() as folder:
        _fill(exchange)
        os.environ["STEPFOLD_EXCHANGE_URLS"] = exchange.addresses
        emulator = start(Home.at(Path(folder)), free_port(), tied=True)
        try:
            deployed = deploy(emulator, "local", progress=lambda step: print(f"{step} …"))
            with httpx.Client(base_url=deployed.api_url, timeout=120, trust_env=False) as http:
                _fetch(http, "binance", "BTC-USDT", "1d", START)  # the function is warm from here on
                for name, symbol in (("binance", "BTC-USDT"), ("coinbase", "BTC-USD")):
                    for latency in LATENCIES if name == "binance" else (0.0,):
                        exchange.delay = latency
                        for span, since in SPANS:
                            _measure(http, emulator, exchange, name, symbol, span, since, latency)
        finally:
            stop(emulator)
    return 0


def _fill(exchange: StandIn) -> None:
    real = Path(os.environ.get("STEPFOLD_MARKET_DATA", "")) / REAL
    for symbol in ("BTC-USDT", "BTC-USD"):
        exchange.book.simulate(symbol, "1d", START, END)
        if real.is_file():
            table = pq.read_table(real)
            columns = {name: table.column(name).to_numpy() for name in table.column_names}
            exchange.book.put(symbol, "1m", columns)
        else:
            exchange.book.simulate(symbol, "1m", START, END)


def _measure(
    http: httpx.Client,
    emulator: Emulator,
    exchange: StandIn,
    name: str,
    symbol: str,
    span: str,
    since: int,
    latency: float,
) -> None:
    exchange.asked.clear()
    began = time.perf_counter()
    fetch = _fetch(http, name, symbol, "1m", since)
    took = time.perf_counter() - began
    steps = dict(_steps(http, fetch["fetch_id"]))
    memory = max((_peak_mb(pid) for pid in emulator.workers("stepfold-local-fetch")), default=0.0)
    print(
        f"{name}, {span}, {latency * 1e3:.0f} ms away: {fetch['total_candles']:,} bars in {took:.1f} s; "
        f"{len(exchange.asked)} requests; plan {steps['PlanFetch']:.1f} s, pieces {steps['Pieces']:.1f} s, "
        f"join {steps['Join']:.1f} s; peak memory of a worker so far {memory:.0f} MB"
    )


def _fetch(http: httpx.Client, name: str, symbol: str, timeframe: str, since: int) -> Any:
    body: dict[str, Any] = {"source": "exchange", "exchange": name, "symbol": symbol, "timeframe": timeframe}
    # `again`: what is held is no help to the next one.
    body |= {"since": iso(since), "until": iso(END), "again": True}
    entry = http.post("/datasets", json=body).raise_for_status().json()
    path = f"/datasets/{entry['dataset_id']}/fetches/{entry['fetch_id']}"
    while entry["status"] not in ("completed", "failed"):
        time.sleep(0.05)
        entry = http.get(path).raise_for_status().json()
    if entry["status"] == "failed":
        raise RuntimeError(entry["error"])
    return entry


def _steps(http: httpx.Client, fetch_id: str) -> Iterator[tuple[str, float]]:
    """Yield the seconds that each state of the workflow took."""
    history = http.get(f"/workflows/{fetch_id}").raise_for_status().json()["history"]
    entered: dict[str, int] = {}
    for event in history:
        if event["type"].endswith("StateEntered"):
            entered[event["state"] or ""] = parse_time(event["timestamp"])
        elif event["type"].endswith("StateExited") and (state := event["state"] or "") in entered:
            yield state, (parse_time(event["timestamp"]) - entered[state]) / 1000


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    raise SystemExit(main())
