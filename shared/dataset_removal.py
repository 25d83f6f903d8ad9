"""Deleting a dataset: never under a run that needs it, and never half."""

from __future__ import annotations

from itertools import islice

from shared import names
from shared.dataset_uses import DatasetUses
from shared.datasets import Dataset, DatasetIndex
from shared.errors import InUseError
from shared.store import ObjectStore

# How many of the runs a refusal names.
SHOWN_RUNS = 20


def remove_dataset(
    store: ObjectStore, index: DatasetIndex, uses: DatasetUses, dataset: Dataset, asker: str
) -> None:
    """Delete a dataset with its versions and their files, or raise InUseError with the runs that use it.

    It is hidden before the uses are looked at, and a run notes its uses before it looks whether its datasets
    are there still: so one of the two sees the other, and no run loses its candles. If the rest is cut
    short, calling this again finishes it.
    """
    if not dataset.deleting:
        _refuse_used(uses, dataset, asker)  # before it is hidden from anybody
        index.begin_delete(dataset)
    try:
        _refuse_used(uses, dataset, asker)
    except InUseError:
        index.undo_delete(dataset)
        raise
    store.delete(store.keys(names.candles_prefix(dataset.owner, dataset.name)))
    index.forget(dataset)


def _refuse_used(uses: DatasetUses, dataset: Dataset, asker: str) -> None:
    found = list(islice(uses.runs_of(dataset.owner, dataset.name), SHOWN_RUNS + 1))
    if not found:
        return
    own = [run.run_id for run in found if run.owner == asker][:SHOWN_RUNS]
    said = ", ".join(own) or "runs of others"
    more = " and more" if len(found) > len(own) else ""
    raise InUseError(
        f"{dataset.dataset_id} is used by {said}{more}; delete these backtests first, or keep the candles",
        own,
    )
