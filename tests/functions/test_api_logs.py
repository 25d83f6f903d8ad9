"""A run's log: its own lines of every step, in order, and nobody else's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import httpx

from shared.times import now_ms
from tests.aws import FakeStage
from tests.functions.api_stage import request

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef


def put(step: str, *lines: dict[str, Any] | str) -> None:
    """Write lines as a function of the stage does, one millisecond apart."""
    client, group = boto3.client("logs"), f"/aws/lambda/stepfold-test-{step}"
    client.create_log_group(logGroupName=group)
    client.create_log_stream(logGroupName=group, logStreamName="one")
    events: list[InputLogEventTypeDef] = [
        {"timestamp": now_ms() + number, "message": line if isinstance(line, str) else json.dumps(line)}
        for number, line in enumerate(lines)
    ]
    client.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def test_a_run_s_log_is_its_own_lines_of_every_step(market: FakeStage, http: httpx.Client) -> None:
    del market  # it has the candles
    run_id = http.post("/backtests", json=request()).json()["run_id"]
    mine = {"owner": "local", "run_id": run_id, "level": "INFO", "message": "done"}
    put("plan", mine, {**mine, "owner": "somebody else"}, f"START {run_id}")
    put("simulate", {**mine, "level": "ERROR", "message": "fault", "exception": "Traceback …\nKeyError: 'x'"})
    logs = http.get(f"/backtests/{run_id}/logs").raise_for_status().json()["logs"]
    assert [(line["step"], line["level"], line["message"]) for line in logs] == [
        ("plan", "info", "done"),
        ("simulate", "error", "fault"),
    ]
    assert logs[1]["exception"].endswith("KeyError: 'x'")
    assert logs[0]["timestamp"].endswith("Z")
    assert len(http.get(f"/backtests/{run_id}/logs", params={"limit": 1}).json()["logs"]) == 1


def test_a_run_without_a_line_yet_has_an_empty_log(market: FakeStage, http: httpx.Client) -> None:
    del market
    run_id = http.post("/backtests", json=request()).json()["run_id"]
    assert http.get(f"/backtests/{run_id}/logs").json() == {"logs": []}
    assert http.get("/backtests/bt-" + "q" * 26 + "/logs").status_code == 404
