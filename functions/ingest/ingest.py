"""Turn an uploaded file into a new version of a dataset: all of it, or none."""

from __future__ import annotations

from typing import Any

from functions.ingest.audit import audited
from functions.ingest.layouts import read_file
from shared import access, names
from shared.candles import DatasetVersion, load_version, write_version
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.names import DatasetName
from shared.times import iso, stamp


def import_file(owner: str, dataset_id: str, import_id: str) -> dict[str, Any]:
    """Validate an import's file, write the version it makes, and make that the newest.

    Raises InvalidInputError naming the first rows that are wrong; the dataset then stays as it was.
    """
    store, index = access.store(), access.datasets()
    entry = index.get_import(owner, import_id)
    if entry.status == "completed":
        return {"import_id": import_id, "status": entry.status}
    dataset = DatasetName.parse(dataset_id)
    key = names.upload(owner, import_id)
    if store.size(key) is None:
        raise InvalidInputError([Issue("file", "was not uploaded; upload it and start the import again")])
    candles, report = audited(read_file(store.get(key)), dataset)
    previous = _own_version(owner, dataset)
    version = write_version(store, owner, dataset, candles, previous)
    index.put_version(_entry(owner, version), previous.version if previous else None)
    report |= {
        "dataset_id": dataset_id,
        "version": version.version,
        "gaps": len(version.manifest.gaps),
        "missing_bars": sum(gap.missing for gap in version.manifest.gaps),
        "dataset_rows": version.manifest.rows,
        "dataset_first": iso(version.manifest.first_ms),
        "dataset_last": iso(version.manifest.last_ms),
    }
    index.end_import(owner, import_id, "completed", report=report)
    store.delete([key])
    return {"import_id": import_id, "status": "completed"}


def _own_version(owner: str, dataset: DatasetName) -> DatasetVersion | None:
    """Return the version that the import goes on from; never the public one, which belongs to nobody."""
    held = access.datasets().get(owner, dataset)
    if held is None or held.owner != owner:
        return None
    return load_version(access.store(), owner, dataset, held.version)


def _entry(owner: str, version: DatasetVersion) -> Dataset:
    manifest = version.manifest
    return Dataset(
        owner=owner,
        dataset_id=str(version.dataset),
        version=version.version,
        rows=manifest.rows,
        first_ms=manifest.first_ms,
        last_ms=manifest.last_ms,
        gaps=len(manifest.gaps),
        missing_bars=sum(gap.missing for gap in manifest.gaps),
        updated_at=stamp(),
        simulated=version.dataset.exchange == names.SIMULATED_EXCHANGE,
    )
