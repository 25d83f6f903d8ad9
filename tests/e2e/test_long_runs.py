"""A run that takes more steps than one: the same bytes as in one, workers lost on the way or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.e2e.client import import_candles, ok, start, wait
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

SYMBOL, START, END = "SOL-USDT", "2021-01-01", "2021-09-01"
STEPS = 3  # of segments of whole months with 100,000 bars or more: three months, three, two


@contextmanager
def shortest_steps(stack: LocalStack) -> Iterator[None]:
    """Let a step of a run end with its first segment."""
    function = stack.client("lambda")
    name = stack.function_name("simulate")
    before = function.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {**before, "STEPFOLD_STEP_SECONDS": "0"}
    function.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    yield
    function.update_function_configuration(FunctionName=name, Environment={"Variables": before})


def published(stack: LocalStack, run_id: str) -> dict[str, bytes]:
    """Return a run's objects by what their names say beside the token."""
    s3, bucket, prefix = stack.s3(), stack.deployment.bucket, f"runs/{run_id}/"
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    bodies = {row["Key"]: s3.get_object(Bucket=bucket, Key=row["Key"])["Body"].read() for row in found}
    return {
        key.removeprefix(prefix).rpartition("-")[0]: body
        for key, body in bodies.items()
        if "/request-" not in key
    }


def simulated(http: httpx.Client, run_id: str) -> int:
    """Count the steps that a run's workflow entered Simulate for."""
    history = ok(http.get(f"/workflows/{run_id}"))["history"]
    return [step["state"] for step in history if step["type"] == "TaskStateEntered"].count("Simulate")


@pytest.fixture(scope="module")
def request_body(stack: LocalStack) -> dict[str, Any]:
    http = stack.http()
    entry = import_candles(http, simulated_file(SYMBOL, "1m", START, END, 7), "binance", SYMBOL, "1m")
    assert entry["status"] == "completed", entry
    return {"symbols": [SYMBOL], "timeframe": "1m", "exchange": "binance", "strategy": CROSS}


def test_a_run_in_steps_survives_a_lost_worker_and_has_the_bytes_of_one_in_one(
    stack: LocalStack, request_body: dict[str, Any]
) -> None:
    http = stack.http()
    whole = wait(http, start(http, request_body)["run_id"])
    assert whole["status"] == "completed", whole
    with shortest_steps(stack):
        run_id = start(http, request_body)["run_id"]
        stack.kill_worker("simulate")
        parted = wait(http, run_id)
    assert parted["status"] == "completed", parted
    assert (simulated(http, whole["run_id"]), simulated(http, run_id)) == (1, STEPS)
    assert parted["fingerprint"] == whole["fingerprint"]
    assert published(stack, run_id) == published(stack, whole["run_id"])
    progress = ok(http.get(f"/backtests/{run_id}/progress"))
    assert progress["processed_candles"] == progress["total_candles"] > 300_000
    said = ok(http.get(f"/backtests/{run_id}/logs"))["logs"]
    assert {"plan", "simulate", "publish"} <= {line["step"] for line in said if line["message"] == "done"}
    left = stack.s3().list_objects_v2(Bucket=stack.deployment.bucket, Prefix=f"work/{run_id}/")
    assert left["KeyCount"] == 0
