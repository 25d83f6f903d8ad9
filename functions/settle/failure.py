"""Why a workflow ended badly, in words that its user can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What Step Functions calls a worker that died, ran too long, or could not be had.
_LOST = ("Runtime.ExitError", "Sandbox.Timedout", "States.Timeout", "Lambda.Unknown")
_RESTARTED = "States.ServiceRestart"  # the emulator's word for what was running when it was stopped
_REJECTED = "RunRejectedError"


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    detail: str
    errors: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "detail": self.detail, "errors": list(self.errors)}

    @classmethod
    def caught(cls, error: str, cause: str) -> Failure:
        """Read what a state machine's Catch was given: an error's name, and its cause as Lambda's JSON."""
        message = _message(cause)
        if error.rpartition(".")[2] == _REJECTED or _REJECTED in cause:
            body = _json_object(message)
            if body is not None and "detail" in body:
                return cls(str(body.get("code")), str(body["detail"]), tuple(body.get("errors", ())))
        if error == _RESTARTED:
            return cls("stopped", "the local stack was stopped while this was at work; start it again")
        if error in _LOST:
            return cls(
                "worker_lost",
                f"the worker was lost on every try ({error}); start it again, "
                "and with a shorter span if it happens again",
            )
        return cls(
            "internal",
            f"a fault of the service ended the run after every retry ({error}); start it again, "
            "and tell the operator if it happens again",
        )

    @classmethod
    def of_execution(cls, status: str, error: str | None, cause: str | None) -> Failure:
        """Say why an execution that did not succeed has ended."""
        if status == "ABORTED":
            return cls("stopped", "the workflow was stopped from outside; start it again")
        if status == "TIMED_OUT":
            return cls("timed_out", "the workflow took longer than it may; start it with a shorter span")
        if status == "SUCCEEDED":
            return cls("no_results", "the workflow ended without results; start it again")
        return cls.caught(error or "unknown", cause or "")

    @classmethod
    def vanished(cls) -> Failure:
        return cls("vanished", "the workflow is gone without a trace; start it again")


def _message(cause: str) -> str:
    body = _json_object(cause)
    return str(body["errorMessage"]) if body and "errorMessage" in body else cause


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
