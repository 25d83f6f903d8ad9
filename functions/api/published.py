"""The results of a run, through the manifest that the index names and through nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared import access
from shared.errors import NotFinishedError
from shared.reader import RunReader
from shared.resolved_run import ResolvedRun
from shared.runs import Run
from shared.times import iso


@dataclass(frozen=True, slots=True)
class Published:
    run: Run
    reader: RunReader

    @property
    def resolved(self) -> ResolvedRun:
        return ResolvedRun.from_dict(self.reader.manifest.request)

    @property
    def request(self) -> dict[str, Any]:
        """Return the resolved request, its times as the wire writes them; every run has every field."""
        raw = self.resolved.to_dict()
        times = {"start_date": "start_ms", "end_date": "end_ms", "warm_up_start": "warm_up_start_ms"}
        return {**{name: iso(raw.pop(ms)) for name, ms in times.items()}, **raw}

    @property
    def metrics(self) -> dict[str, Any]:
        """Return the engine's metrics with its times written as the wire writes them."""
        metrics = with_times(self.reader.manifest.metrics)
        for name in ("start", "end"):
            if metrics.get(name) is not None:
                metrics[name] = iso(metrics[name])
        metrics["left_open"] = [with_times(entry) for entry in metrics.get("left_open", ())]
        return metrics


def with_times(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same with every `…timestamp` in ISO 8601."""
    return {
        name: iso(value) if name.endswith("timestamp") and value is not None else value
        for name, value in members.items()
    }


def published(owner: str, run_id: str) -> Published:
    """Open a completed run. Raises NotFoundError, and NotFinishedError with its status and its error."""
    run = access.runs().get(owner, run_id)
    if run.status != "completed" or run.manifest_key is None:
        raise NotFinishedError(run_id, run.status, run.error)
    return Published(run, RunReader(access.store(), run_id, run.manifest_key))
