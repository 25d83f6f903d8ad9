"""Make a dataset of the finer candles of another: the work of an import that has no file."""

from __future__ import annotations

from typing import Any

from functions.ingest.report import report_of
from shared import access
from shared.candles import load_version
from shared.dataset_versions import entry_of, make_newest
from shared.datasets import Import
from shared.errors import InvalidInputError, Issue
from shared.names import DatasetName
from shared.resampled_dataset import newest, target_of, write_resampled


def resample_dataset(entry: Import) -> dict[str, Any]:
    """Write the newest version of the finer candles at the longer timeframe, in the place of what was there.

    Raises InvalidInputError where the finer candles are gone, ConflictError where others took the name.
    """
    store, index = access.store(), access.datasets()
    name = DatasetName.parse(entry.made_of or "")
    source = index.get(entry.owner, name)
    if source is None:
        raise InvalidInputError([Issue("dataset_id", f"{name} was deleted; bring it in again", str(name))])
    target = target_of(index, source, DatasetName.parse(entry.dataset_id).timeframe)
    held = index.of_owner(source.owner, target)
    previous = load_version(store, source.owner, target, held.version) if held else None
    version = write_resampled(store, newest(store, source), target.timeframe)
    version, numbered = make_newest(store, index, version, previous, entry_of(version))
    made_of = version.manifest.made_of
    report = {
        **report_of(version, numbered, version.manifest.first_ms, version.manifest.last_ms),
        "rows": numbered.rows,
        "made_of": entry.made_of,
        "made_of_version": made_of.version if made_of else None,
        "incomplete_bars": made_of.incomplete_bars if made_of else 0,
    }
    index.end_import(entry.owner, entry.import_id, "completed", report=report)
    return {"import_id": entry.import_id, "status": "completed"}
