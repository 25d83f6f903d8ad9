"""Starting, stopping and asking after executions of the three state machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from shared.datasets import Import
    from shared.fetches import Fetch
    from shared.runs import Run

ExecutionStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]


@dataclass(frozen=True, slots=True)
class Execution:
    """What Step Functions knows of one execution; `error` and `cause` where it failed."""

    arn: str
    status: ExecutionStatus
    started_at: str
    ended_at: str | None
    error: str | None
    cause: str | None


class Workflows:
    """The executions of one stage. A run's or a fetch's execution is named in it, an import's is its id."""

    def __init__(
        self, client: SFNClient, backtest_machine: str, import_machine: str, fetch_machine: str
    ) -> None:
        self._client = client
        self._backtest_machine = backtest_machine
        self._import_machine = import_machine
        self._fetch_machine = fetch_machine

    def start_backtest(self, run: Run) -> None:
        """Start a run's execution; if it was started before, nothing happens."""
        payload: dict[str, object] = {"run_id": run.run_id, "owner": run.owner}
        if run.wanted:
            payload["fetching"] = True  # the state machine waits for its candles first
        self._start(self._backtest_machine, run.execution, payload)

    def start_import(self, entry: Import) -> None:
        """Start an import's execution; if it was started before, nothing happens."""
        self._start(
            self._import_machine,
            entry.import_id,
            {"owner": entry.owner, "dataset_id": entry.dataset_id, "import_id": entry.import_id},
        )

    def start_fetch(self, entry: Fetch) -> None:
        """Start a fetch's execution; if it was started before, nothing happens."""
        self._start(
            self._fetch_machine,
            entry.execution,
            {
                "owner": entry.owner,
                "dataset_id": entry.dataset_id,
                "fetch_id": entry.fetch_id,
                "execution": entry.execution,
            },
        )

    def stop_backtest(self, run: Run, cause: str) -> None:
        """Stop a run's execution; one that never started or has ended stays as it is.

        A Lambda that is at work goes on until its next conditional write refuses it.
        """
        from botocore.exceptions import ClientError

        try:
            self._client.stop_execution(executionArn=self.backtest_arn(run), error="Cancelled", cause=cause)
        except self._client.exceptions.ExecutionDoesNotExist:
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":  # AWS: it has ended already
                raise

    def describe_backtest(self, run: Run) -> Execution | None:
        return self._describe(self.backtest_arn(run))

    def describe_import(self, entry: Import) -> Execution | None:
        return self._describe(self.import_arn(entry))

    def describe_fetch(self, entry: Fetch) -> Execution | None:
        return self._describe(self.fetch_arn(entry))

    def backtest_arn(self, run: Run) -> str:
        return _execution_arn(self._backtest_machine, run.execution)

    def import_arn(self, entry: Import) -> str:
        return _execution_arn(self._import_machine, entry.import_id)

    def fetch_arn(self, entry: Fetch) -> str:
        return _execution_arn(self._fetch_machine, entry.execution)

    def history(self, execution_arn: str, limit: int = 200) -> list[dict[str, Any]]:
        """Return the first steps of an execution: `id`, `type`, `timestamp` (ISO), `state`, `error`."""
        answer = self._client.get_execution_history(executionArn=execution_arn, maxResults=limit)
        return [
            {
                "id": event["id"],
                "type": event["type"],
                "timestamp": _iso(event["timestamp"]),
                "state": event.get("stateEnteredEventDetails", event.get("stateExitedEventDetails", {})).get(
                    "name"
                ),
                "error": _error_of(event),
            }
            for event in answer["events"]
        ]

    def _start(self, machine: str, name: str, payload: Mapping[str, object]) -> None:
        try:
            self._client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(payload))
        except self._client.exceptions.ExecutionAlreadyExists:
            return

    def _describe(self, arn: str) -> Execution | None:
        """Return an execution, or None if it was never started."""
        try:
            answer = self._client.describe_execution(executionArn=arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return Execution(
            arn=arn,
            status=answer["status"],
            started_at=_iso(answer["startDate"]),
            ended_at=_iso(answer["stopDate"]) if "stopDate" in answer else None,
            error=answer.get("error"),
            cause=answer.get("cause"),
        )


def _error_of(event: Mapping[str, Any]) -> str | None:
    """Return the name of the error that a step's event tells of, whatever kind of step it is."""
    details = (value for name, value in event.items() if name.endswith("EventDetails"))
    return next((entry["error"] for entry in details if "error" in entry), None)


def _execution_arn(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def _iso(moment: Any) -> str:
    from shared.times import iso

    return iso(int(moment.timestamp() * 1000))
