"""What a client of the API does in the tests: import a file, run a backtest, page through a list."""

from __future__ import annotations

import time
from typing import Any

import httpx

ENDED = ("completed", "failed", "cancelled")


def import_candles(
    http: httpx.Client, body: bytes, exchange: str, symbol: str, timeframe: str
) -> dict[str, Any]:
    """Upload a file of candles and wait for its import to end; return the import."""
    return import_file(http, body, {"exchange": exchange, "symbol": symbol, "timeframe": timeframe})


def import_file(http: httpx.Client, body: bytes, name: dict[str, str]) -> dict[str, Any]:
    """Upload a file of what `name` says and wait for its import to end; return the import."""
    begun = ok(http.post("/datasets", json=name), 201)
    form = begun["upload"]
    uploaded = httpx.post(form["url"], data=form["fields"], files={"file": body}, trust_env=False, timeout=60)
    assert uploaded.status_code in (200, 201, 204), uploaded.text
    path = f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"
    ok(http.post(path), 202)
    return ended_import(http, path)


def ended_import(http: httpx.Client, path: str) -> dict[str, Any]:
    """Return an import, or a resampling, once it has ended."""
    entry: dict[str, Any] = wait_until(
        lambda: ok(http.get(path)), lambda entry: entry["status"] in ("completed", "failed")
    )
    return entry


def start(http: httpx.Client, request: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = http.post("/backtests", json=request, headers=headers)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()  # type: ignore[no-any-return]


def wait(http: httpx.Client, run_id: str, seconds: float = 120) -> dict[str, Any]:
    """Return a run once it has ended."""
    run: dict[str, Any] = wait_until(
        lambda: ok(http.get(f"/backtests/{run_id}")), lambda run: run["status"] in ENDED, seconds
    )
    return run


def completed(http: httpx.Client, request: dict[str, Any], key: str | None = None) -> str:
    """Run a backtest to its end and return its id."""
    run = wait(http, start(http, request, key)["run_id"])
    assert run["status"] == "completed", run
    return str(run["run_id"])


def every(http: httpx.Client, path: str, field: str, **query: Any) -> list[dict[str, Any]]:
    """Return all entries of a list, page by page."""
    entries: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(1_000):
        page = ok(http.get(path, params={**query, **({"cursor": cursor} if cursor else {})}))
        entries += page[field]
        cursor = page.get("next_cursor")
        if cursor is None:
            return entries
    raise AssertionError(f"{path} goes on for ever")


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
    return answer.json()  # type: ignore[no-any-return]


def wait_until(ask: Any, done: Any, seconds: float = 120) -> Any:
    """Ask until `done` says so; both are given by the caller, so their types are its own."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if done(answer):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not done after {seconds:.0f} s: {answer}")
