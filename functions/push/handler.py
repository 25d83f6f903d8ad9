"""Changes of runs (the index's stream) and of executions (EventBridge), to the connections that listen."""

from __future__ import annotations

from typing import Any

from functions.push.push import push_changes, push_workflow
from functions.step import Event, logger


def handler(event: Event, context: object) -> dict[str, Any]:
    with logger().append_context_keys(request_id=getattr(context, "aws_request_id", None)):
        if "Records" not in event:
            return {"posted": push_workflow(event["detail"])}
        # What is not told now is read again from the first of these on.
        failed = push_changes(event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
