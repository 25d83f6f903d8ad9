"""What the steps of a run's workflow logged, read from CloudWatch Logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

STEPS = ("fetch", "plan", "simulate", "publish", "settle")
# Of a traceback: its end says what went wrong.
_SHOWN_OF_EXCEPTION = 4_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class LogLine:
    timestamp_ms: int
    step: str
    level: str
    message: str
    exception: str | None
    """The traceback, or its last part, where one was logged."""


class StepLogs:
    """The logs of one stage's functions."""

    def __init__(self, client: CloudWatchLogsClient, stage: str) -> None:
        self._client, self._stage = client, stage

    def of_run(self, owner: str, run_id: str, since_ms: int, until_ms: int, most: int) -> list[LogLine]:
        """Return the first lines about an owner's run, oldest first; none of a step that never logged."""
        lines: list[LogLine] = []
        for step in STEPS:
            lines += self._of_step(step, owner, run_id, since_ms, until_ms, most)
        return sorted(lines, key=lambda line: line.timestamp_ms)[:most]

    def _of_step(
        self, step: str, owner: str, run_id: str, since_ms: int, until_ms: int, most: int
    ) -> Iterator[LogLine]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/stepfold-{self._stage}-{step}",
            filterPattern=f'"{run_id}"',
            startTime=since_ms,
            endTime=until_ms,
            PaginationConfig={"MaxItems": most, "PageSize": min(most, _PAGE)},
        )
        try:
            for page in pages:
                for event in page["events"]:
                    line = _line(step, owner, run_id, event["timestamp"], event["message"])
                    if line is not None:
                        yield line
        except self._client.exceptions.ResourceNotFoundException:
            return


def _line(step: str, owner: str, run_id: str, timestamp_ms: int, text: str) -> LogLine | None:
    """Read a line as Powertools writes it; None for one that is not about this owner's run."""
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or (found.get("owner"), found.get("run_id")) != (owner, run_id):
        return None
    exception = found.get("exception")
    return LogLine(
        timestamp_ms,
        step,
        str(found.get("level", "INFO")).lower(),
        str(found.get("message", "")),
        None if exception is None else str(exception)[-_SHOWN_OF_EXCEPTION:],
    )
