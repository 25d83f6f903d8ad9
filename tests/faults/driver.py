"""A stage whose functions reach AWS through proxies, and what is true of a run when all is over."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import httpx

from functions.api import consistency
from functions.settle import settle
from localstack.emulator import Emulator
from shared import access, names
from shared.reader import RunReader
from shared.times import now_ms
from tests.aws import forget_clients
from tests.e2e.client import ENDED, import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file
from tests.faults.proxy import Proxy, Request

FUNCTIONS = ("api", "plan", "simulate", "publish", "settle", "ingest")
EXCHANGE, SYMBOL = "faults", "SOL-USDT"
# Two segments of whole months with 100,000 bars or more, so two steps: one checkpoint lies between.
START, END = "2021-01-01", "2021-04-05"
REQUEST: dict[str, Any] = {
    "symbols": [SYMBOL],
    "timeframe": "1m",
    "exchange": EXCHANGE,
    "strategy": CROSS,
}
# A step ends with its first segment; a run may not do much more than the cross does.
SETTINGS = {"STEPFOLD_STEP_SECONDS": "0", "STEPFOLD_MAX_EVENTS": "50000"}
# In this time every retry is over, and the schedule has come by.
LONGEST = 240.0
LATER_MS = 3_600_000


class Violation(AssertionError):  # noqa: N818 - it is no error of a program
    """Something that must be true after every fault is not."""


@dataclass(slots=True)
class Driver:
    """Starts runs and imports on one stage and judges how they end."""

    stack: LocalStack
    proxies: Mapping[str, Proxy]
    http: httpx.Client
    whole: dict[str, bytes] = field(default_factory=dict)
    """What an undisturbed run publishes."""
    candles: str | None = None
    """A hash of what an undisturbed import brings in."""
    imports: dict[str, str] = field(default_factory=dict)
    """Paths of imports by their key."""
    emulator_settings: Mapping[str, str] = field(default_factory=dict)
    """What the emulator was started with beside its own variables."""

    def begin(self, key: str | None = None, **changes: Any) -> str:
        """Start a run as a client does that is told to come again, and does; return its id."""
        key = key or secrets.token_hex(8)
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                answer = self.http.post(
                    "/backtests", json={**REQUEST, **changes}, headers={"Idempotency-Key": key}
                )
                if answer.status_code in (200, 202):
                    return str(answer.json()["run_id"])
                if answer.status_code < 500:
                    raise Violation(f"a run was refused: {answer.status_code} {answer.text}")
            time.sleep(0.2)
        raise Violation("no run could be started")

    def quiet(self) -> None:
        """Let every request through again."""
        for proxy in self.proxies.values():
            proxy.arm()

    def writes(self, function: str) -> list[Request]:
        """Return the writes of a function since its proxy was last armed."""
        return [request for request in self.proxies[function].seen if request.writes]

    def wait(self, run_id: str, seconds: float = LONGEST) -> dict[str, Any]:
        """Return a run once it has ended, whatever the API says meanwhile."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                answer = self.http.get(f"/backtests/{run_id}")
                if answer.status_code == 200 and answer.json()["status"] in ENDED:
                    return answer.json()  # type: ignore[no-any-return]
            time.sleep(0.05)
        raise Violation(f"{run_id} has not ended after {seconds:.0f} s")

    def judge(self, run_id: str, seconds: float = LONGEST) -> str:
        """Return how a run ended. Raises Violation for whatever must never be."""
        run = self.wait(run_id, seconds)
        self.wait_for_execution(run_id)
        self.quiet()
        if run["status"] == "completed":
            if self.published(run_id) != self.whole:
                raise Violation(f"{run_id} has other bytes than an undisturbed run")
            outcome = "completed"
        else:
            error = run["error"] or {}
            if run["status"] == "failed" and not (error.get("code") and error.get("detail")):
                raise Violation(f"{run_id} failed without a reason: {error}")
            if self.http.get(f"/backtests/{run_id}/results").status_code != 409:
                raise Violation(f"{run_id} is {run['status']} and has results")
            outcome = f"{run['status']} ({error['code']})" if error else run["status"]
        self.agree()
        return outcome

    def published(self, run_id: str) -> dict[str, bytes]:
        """Return all objects that a reader of the run can reach, by their names without the token."""
        with self.inside():
            run = access.runs().get("local", run_id)
            if run.manifest_key is None:
                raise Violation(f"{run_id} is {run.status} and names no manifest")
            keys = [run.manifest_key, *RunReader(access.store(), run_id, run.manifest_key).keys()]
            prefix = names.run_prefix(run_id)
            bodies = access.store().get_many(keys)
            return {
                key.removeprefix(prefix).rpartition("-")[0]: body
                for key, body in zip(keys, bodies, strict=True)
            }

    def agree(self, runs: int = 5) -> None:
        """Ask the doctor about the newest runs, now and when all that is swept has been.

        Raises Violation for what it finds.
        """
        found = ok(self.http.get("/doctor", params={"limit": runs}))["findings"]
        with self.inside():
            with patch.object(settle, "now_ms", lambda: now_ms() + LATER_MS):
                settle.reconcile()
            queue = access.queue().of("local")
            with patch.object(consistency, "now_ms", lambda: now_ms() + LATER_MS):
                page = consistency.examined_page("local", runs, None)
        found += [finding.model_dump() for finding in page.findings]
        if queue.under_way or queue.waiting:
            raise Violation(f"nothing is at work and the queue holds {queue}")
        if found:
            raise Violation(f"the doctor finds {found}")

    def reconcile(self) -> None:
        """Let the reconciling schedule pass by, two minutes from now."""
        with self.inside(), patch.object(settle, "now_ms", lambda: now_ms() + 120_000):
            settle.reconcile()

    def executions(self, run_id: str) -> list[tuple[str, str]]:
        """Return ARN and status of every execution of a run."""
        found = self.stack.stepfunctions().list_executions(
            stateMachineArn=self.stack.deployment.backtest_machine
        )["executions"]
        return [
            (entry["executionArn"], entry["status"]) for entry in found if entry["name"].startswith(run_id)
        ]

    def wait_for_execution(self, run_id: str, seconds: float = LONGEST) -> None:
        """Wait until no step of a run's workflow will write any more."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not any(status == "RUNNING" for _, status in self.executions(run_id)):
                return
            time.sleep(0.05)
        raise Violation(f"the execution of {run_id} runs for ever")

    def wait_for_place(self, run_id: str, seconds: float = 10.0) -> None:
        """Give the event of an execution's end the time to free the run's place in the queue.

        It may be what was spoiled; then the schedule frees it, which `agree` looks at.
        """
        key = {"pk": {"S": "OWNER#local"}, "sk": {"S": "QUEUE"}}
        table, deadline = self.stack.deployment.table, time.monotonic() + seconds
        while time.monotonic() < deadline:
            item = self.stack.dynamodb().get_item(TableName=table, Key=key).get("Item", {})
            if run_id not in item.get("under_way", {}).get("M", {}):
                return
            time.sleep(0.02)

    def stop(self, run_id: str) -> None:
        """Stop a run's execution behind the API's back."""
        for arn, status in self.executions(run_id):
            if status == "RUNNING":
                self.stack.stepfunctions().stop_execution(executionArn=arn)

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Deliver an event to a function once more; return its answer, or what it says of its error."""
        answer = self.stack.client("lambda").invoke(
            FunctionName=self.stack.function_name(function), Payload=json.dumps(event).encode()
        )
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        return said

    def moved(self, emulator: Emulator) -> None:
        """Go on with an emulator that was started again in the same place."""
        self.stack.close()
        self.stack = LocalStack(emulator, self.stack.deployment)
        self.http = self.stack.http()

    def kill(self, function: str) -> None:
        for pid in self.stack.workers(function):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be a function of the stage, for what the API has no route for."""
        name = self.stack.function_name("settle")
        found = self.stack.client("lambda").get_function_configuration(FunctionName=name)
        variables = {**found["Environment"]["Variables"], **self.stack.emulator.environment()}
        with patch.dict(os.environ, variables):
            forget_clients()
            yield
        forget_clients()


@contextmanager
def driving(stack: LocalStack, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Driver]:
    """Put proxies before the functions of a stage, bring in candles, and run once undisturbed.

    `settings` are those that its emulator was started with.
    """
    proxies = {function: Proxy(stack.emulator.port) for function in FUNCTIONS}
    before = {function: environment(stack, function) for function in FUNCTIONS}
    for function, proxy in proxies.items():
        endpoints = {"AWS_ENDPOINT_URL": proxy.url, "AWS_ENDPOINT_URL_S3": proxy.url}
        set_environment(stack, function, {**before[function], **endpoints, **SETTINGS})
    driver = Driver(stack, proxies, stack.http(), emulator_settings=settings)
    try:
        body = simulated_file(SYMBOL, "1m", START, END, 7)
        entry = import_candles(driver.http, body, EXCHANGE, SYMBOL, "1m")
        if entry["status"] != "completed":
            raise Violation(f"the undisturbed import failed: {entry}")
        run_id = driver.begin()
        if driver.wait(run_id)["status"] != "completed":
            raise Violation(f"the undisturbed run failed: {ok(driver.http.get(f'/backtests/{run_id}'))}")
        driver.whole = driver.published(run_id)
        yield driver
    finally:
        for function in FUNCTIONS:
            set_environment(driver.stack, function, before[function])
        for proxy in proxies.values():
            proxy.close()


def environment(stack: LocalStack, function: str) -> dict[str, str]:
    name = stack.function_name(function)
    found = stack.client("lambda").get_function_configuration(FunctionName=name)
    return dict(found["Environment"]["Variables"])


def set_environment(stack: LocalStack, function: str, variables: Mapping[str, str]) -> None:
    stack.client("lambda").update_function_configuration(
        FunctionName=stack.function_name(function), Environment={"Variables": dict(variables)}
    )
