"""What a step logs is about the call that logs it, in a process that serves one call after the other."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from functions import step
from shared.errors import RunRejectedError


def test_each_line_names_the_run_and_the_owner_of_its_own_call(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    logger = Logger(service="step-test", stream=stream)
    monkeypatch.setattr(step, "logger", lambda: logger)

    def work(event: step.Event) -> dict[str, Any]:
        if event.get("run_id") == "bt-b":
            raise RunRejectedError("limit", "too long")
        return {}

    handler = step.workflow_step(work)
    handler({"run_id": "bt-a", "owner": "o"}, None)
    with pytest.raises(RunRejectedError):
        handler({"run_id": "bt-b", "owner": "p"}, None)
    handler({}, None)  # a scheduled call, about no run
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["message"], line.get("run_id"), line.get("owner")) for line in lines] == [
        ("done", "bt-a", "o"),
        ("rejected", "bt-b", "p"),
        ("done", None, None),
    ]
