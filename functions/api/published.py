"""The results of a run, through the manifest that the index names and through nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared import access
from shared.errors import NotFinishedError
from shared.reader import RunReader
from shared.resolution import ResolvedRun
from shared.runs import Run


@dataclass(frozen=True, slots=True)
class Published:
    run: Run
    reader: RunReader

    @property
    def resolved(self) -> ResolvedRun:
        return ResolvedRun.from_dict(self.reader.manifest.request)

    @property
    def metrics(self) -> dict[str, Any]:
        return dict(self.reader.manifest.metrics)


def published(owner: str, run_id: str) -> Published:
    """Open a completed run. Raises NotFoundError, and NotFinishedError with its status and its error."""
    run = access.runs().get(owner, run_id)
    if run.status != "completed" or run.manifest_key is None:
        raise NotFinishedError(run_id, run.status, run.error)
    return Published(run, RunReader(access.store(), run_id, run.manifest_key))
