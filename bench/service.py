"""What the service adds: `python -m bench.service`, on a stack of its own that it stops afterwards.

A backtest of 35,040 bars from POST to completed against the same simulation in process, and reads of a run
of two million bars against the same reads of the short one.
"""

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from bench import runs
from bench.market import minutes
from bench.measure import best_of, best_of_each
from localstack.deploy import deploy
from localstack.emulator import Home, free_port, start, stop
from shared.times import iso, parse_time

SHORT, LONG = 35_040, 2_102_400
START = parse_time("2018-01-01")
TIMES = 7


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        emulator = start(Home.at(Path(folder)), free_port(), tied=True)
        try:
            deployed = deploy(emulator, "local", progress=lambda step: print(f"{step} …"))
            with httpx.Client(base_url=deployed.api_url, timeout=120, trust_env=False) as http:
                _measure(http)
        finally:
            stop(emulator)
    return 0


def _measure(http: httpx.Client) -> None:
    for exchange, rows in (("short", SHORT), ("long", LONG)):
        _import(http, exchange, rows)
    _run(http, "short")  # the functions are warm from here on
    served = [_run(http, "short")[1] for _ in range(TIMES)]
    alone = best_of(runs.ema_cross(minutes(SHORT)), TIMES)
    print(f"{'POST to completed, 35,040 bars, warm: median':58} {statistics.median(served) * 1e3:8.0f} ms")
    print(f"{'  of it the simulation in process':58} {alone * 1e3:8.1f} ms")
    print(f"{'  overhead':58} {(statistics.median(served) - alone) * 1e3:8.0f} ms   budget <= 1,500 ms")
    short, _ = _run(http, "short")
    long, seconds = _run(http, "long")
    print(f"{'POST to completed, 2,102,400 bars':58} {seconds * 1e3:8.0f} ms")
    _compare("playback window of 500 candles", http, short, long, _window)
    _compare("state at a time", http, short, long, _state)
    _compare("equity, 1,000 points", http, short, long, _points)


def completed_run(http: httpx.Client, exchange: str, rows: int) -> str:
    """Import so many one-minute bars and return the id of a completed run on them."""
    _import(http, exchange, rows)
    return _run(http, exchange)[0]


def _window(rows: int) -> tuple[str, dict[str, Any]]:
    return "playback/candles", {"start": iso(START + rows // 2 * 60_000), "limit": 500}


def _state(rows: int) -> tuple[str, dict[str, Any]]:
    return f"playback/state/{iso(START + rows // 2 * 60_000)}", {}


def _points(_rows: int) -> tuple[str, dict[str, Any]]:
    return "equity", {"points": 1_000, "format": "columns"}


def _compare(
    what: str, http: httpx.Client, short: str, long: str, query: Callable[[int], tuple[str, dict[str, Any]]]
) -> None:
    """Print what a read of the long run costs against the same read of the short one."""

    def read(run_id: str, rows: int) -> None:
        path, parameters = query(rows)
        http.get(f"/backtests/{run_id}/{path}", params=parameters).raise_for_status()

    best = best_of_each({"short": lambda: read(short, SHORT), "long": lambda: read(long, LONG)}, TIMES)
    ratio = best["long"] / best["short"]
    label = f"{what}: {LONG:,} against {SHORT:,} bars"
    print(f"{label:58} {best['long'] * 1e3:8.1f} ms {ratio:8.2f}x  <= 1.5 x")


def _import(http: httpx.Client, exchange: str, rows: int) -> None:
    bars = minutes(rows)
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    sink = io.BytesIO()
    pq.write_table(pa.table({"timestamp": START + bars.timestamp, **columns}), sink)
    name = {"exchange": exchange, "symbol": "BTC-USDT", "timeframe": "1m"}
    begun = http.post("/datasets", json=name).raise_for_status().json()
    form = begun["upload"]
    files = {"file": sink.getvalue()}
    httpx.post(form["url"], data=form["fields"], files=files, timeout=120, trust_env=False).raise_for_status()
    path = f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"
    http.post(path).raise_for_status()
    _wait(http, path)


def _run(http: httpx.Client, exchange: str) -> tuple[str, float]:
    """Return a new run's id and the seconds from POST to completed."""
    body = {"symbols": ["BTC-USDT"], "timeframe": "1m", "exchange": exchange, "strategy": "ema_cross"}
    started = time.perf_counter()
    run_id = http.post("/backtests", json=body).raise_for_status().json()["run_id"]
    _wait(http, f"/backtests/{run_id}")
    return run_id, time.perf_counter() - started


def _wait(http: httpx.Client, path: str) -> None:
    for _ in range(20_000):
        answer = http.get(path).raise_for_status().json()
        if answer["status"] == "completed":
            return
        if answer["status"] == "failed":
            raise RuntimeError(f"{path} failed: {answer['error']}")
        time.sleep(0.05)
    raise TimeoutError(path)


if __name__ == "__main__":
    raise SystemExit(main())
