"""Taking away what no reader may see: parts of lost attempts, and all of a deleted run."""

from __future__ import annotations

from shared import names
from shared.dataset_uses import DatasetUses
from shared.reader import RunReader
from shared.runs import Run, RunIndex
from shared.store import ObjectStore


def clear_unlisted(store: ObjectStore, run: Run) -> int:
    """Delete the objects of an ended run that its manifest does not list; return how many were named."""
    listed = {run.request_key}
    if run.manifest_key is not None:
        listed |= {run.manifest_key, *RunReader(store, run.run_id, run.manifest_key).keys()}
    unlisted = [key for key in store.keys(names.run_prefix(run.run_id)) if key not in listed]
    return store.delete([*unlisted, *store.keys(names.run_work_prefix(run.run_id))])


def delete_run(store: ObjectStore, runs: RunIndex, uses: DatasetUses, run: Run) -> None:
    """Delete every object of a run that `begin_delete` has hidden, then the run itself."""
    for prefix in (names.run_prefix(run.run_id), names.run_work_prefix(run.run_id)):
        store.delete(list(store.keys(prefix)))
    uses.release(run)
    runs.forget(run.owner, run.run_id)
