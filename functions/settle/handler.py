"""Brings the index to the truth when a workflow ended badly, was stopped, died or was never started.

Called in three ways: by a state machine's Catch, by EventBridge when an execution changed its status, and
by the reconciling schedule.
"""

from __future__ import annotations

import json
from typing import Any

from functions.settle.failure import Failure
from functions.settle.settle import end_failed, end_of_execution, reconcile
from functions.step import Event, workflow_step


def settle(event: Event) -> dict[str, Any]:
    match event:
        case {"detail-type": "Step Functions Execution Status Change", "detail": detail}:
            subject = json.loads(detail.get("input") or "{}")
            failure = Failure.of_execution(detail["status"], detail.get("error"), detail.get("cause"))
            return end_of_execution(subject, failure)
        case {"detail-type": "Scheduled Event"}:
            return reconcile()
        case _:
            return end_failed(event, Failure.caught(event["error"]["Error"], event["error"]["Cause"]))


handler = workflow_step(settle)
