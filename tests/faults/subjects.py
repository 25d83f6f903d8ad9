"""What is disturbed: a run, a run that fails, an import. Each knows when it is over and what must be then."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import httpx

from shared.identifiers import run_id as run_id_of
from tests.e2e.client import ok
from tests.e2e.markets import CROSS, simulated_file
from tests.faults.driver import EXCHANGE, LONGEST, Driver, Violation

COMPLETED = "completed"
# Trades on every bar, which is more than the driver's stage allows.
BUSY = {
    **CROSS,
    "name": "every bar",
    "parameters": {},
    "triggers": [{**CROSS["triggers"][0], "entry": "close > 0", "exit": "close > 0"}],
}


class Subject(Protocol):
    """Named by a key of the caller's, so that its id is known before it begins."""

    functions: ClassVar[tuple[str, ...]]
    outcome: ClassVar[str]
    """How it ends undisturbed, and by a fault that heals."""
    can_be_ended: ClassVar[bool]

    def begin(self, driver: Driver, key: str) -> None: ...

    def wait(self, driver: Driver, key: str) -> None:
        """Wait until nothing of it is at work any more."""

    def judge(self, driver: Driver, key: str) -> str: ...


class BacktestRun(Subject):
    functions: ClassVar[tuple[str, ...]] = ("plan", "simulate", "publish")
    outcome = COMPLETED
    can_be_ended = True

    def begin(self, driver: Driver, key: str) -> None:
        driver.begin(key)

    def wait(self, driver: Driver, key: str) -> None:
        run_id = run_id_of("local", key)
        driver.wait(run_id)
        driver.wait_for_execution(run_id)
        driver.wait_for_place(run_id)

    def judge(self, driver: Driver, key: str) -> str:
        return driver.judge(run_id_of("local", key))


class RequestOfRun(BacktestRun):
    """The API's part: it is called again by a client that got no answer, or the schedule goes on for it."""

    functions = ("api",)
    can_be_ended = False


class FailingRun(BacktestRun):
    """Over one of the stage's limits: what is disturbed is the step that says so to the index."""

    functions = ("settle",)
    outcome = "failed (over_limit)"
    can_be_ended = False

    def begin(self, driver: Driver, key: str) -> None:
        driver.begin(key, strategy=BUSY)


class CandleImport(Subject):
    functions = ("ingest",)
    outcome = COMPLETED
    can_be_ended = False

    def begin(self, driver: Driver, key: str) -> None:
        """Upload candles under a name of their own and start the import."""
        http = driver.http
        name = {"exchange": EXCHANGE, "symbol": _symbol(key), "timeframe": "1h"}
        begun = ok(http.post("/datasets", json=name), 201)
        form = begun["upload"]
        sent = httpx.post(
            form["url"], data=form["fields"], files={"file": _candles()}, trust_env=False, timeout=60
        )
        if sent.status_code >= 300:
            raise Violation(f"the upload answers {sent.status_code}")
        driver.imports[key] = f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"
        ok(http.post(driver.imports[key]), 202)

    def wait(self, driver: Driver, key: str) -> None:
        deadline = time.monotonic() + LONGEST
        machine = driver.stack.deployment.import_machine
        states = driver.stack.stepfunctions()
        while time.monotonic() < deadline:
            entry = ok(driver.http.get(driver.imports[key]))
            running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
            if entry["status"] in ("completed", "failed") and not running:
                return
            time.sleep(0.05)
        raise Violation(f"{driver.imports[key]} has not ended after {LONGEST:.0f} s")

    def judge(self, driver: Driver, key: str) -> str:
        entry = ok(driver.http.get(driver.imports[key]))
        if entry["status"] == "failed":
            return f"failed ({entry['error']['code']})"
        read = ok(driver.http.get("/market/candles", params=_window(key)))["candles"]
        digest = hashlib.sha256(repr(read).encode()).hexdigest()
        driver.candles = driver.candles or digest
        if driver.candles != digest:
            raise Violation(f"{_symbol(key)} has other candles than the undisturbed import")
        dataset = ok(driver.http.get(f"/datasets/{EXCHANGE}.{_symbol(key)}.1h"))
        if dataset["number"] != 1:
            raise Violation(f"{_symbol(key)} has {dataset['number']} versions of one import")
        driver.agree()
        return COMPLETED


def _symbol(key: str) -> str:
    return f"{''.join(chr(ord('A') + int(letter, 16)) for letter in key[:8])}-USDT"


def _window(key: str) -> dict[str, Any]:
    return {"symbol": _symbol(key), "exchange": EXCHANGE, "timeframe": "1h", "limit": 1000}


@lru_cache(maxsize=1)
def _candles() -> bytes:
    return simulated_file("ANY-USDT", "1h", "2021-01-01", "2021-03-01", 3)
