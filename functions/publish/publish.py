"""Publish one attempt's manifest and clear away what no manifest lists."""

from __future__ import annotations

from typing import Any

from functions.metrics import run_ended
from shared import access
from shared.cleanup import clear_unlisted
from shared.reader import RunReader
from shared.runs import SUMMARY_METRICS


def publish_run(owner: str, run_id: str, token: str, manifest_key: str) -> dict[str, Any]:
    """Make `manifest_key` the run's results. Raises SupersededError for a token that owns the run no more."""
    store, index = access.store(), access.runs()
    reader = RunReader(store, run_id, manifest_key)
    run = index.publish(
        owner,
        run_id,
        token,
        manifest_key=manifest_key,
        fingerprint=reader.manifest.fingerprint,
        summary={name: reader.manifest.metrics.get(name) for name in SUMMARY_METRICS},
    )
    run_ended("completed")
    index.note_fingerprint(owner, reader.manifest.fingerprint, run_id)
    clear_unlisted(store, run)
    return {"run_id": run_id, "owner": owner, "status": run.status}
