"""Turn an uploaded file into a new version of a dataset: all of it, or none."""

from __future__ import annotations

from typing import Any

from functions.ingest.layouts import read_file
from functions.ingest.report import report_of
from shared import access, names
from shared.audit import audited
from shared.dataset_versions import add_funding, add_version
from shared.errors import InvalidInputError, Issue
from shared.funding import audited_funding
from shared.names import DatasetName


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
    read = read_file(store.get(key), dataset)
    # Goes on from the owner's own version, never from the public one, which belongs to nobody.
    if dataset.kind == "funding":
        rows, arrival = audited_funding(read, dataset)
        version, held = add_funding(store, index, owner, dataset, rows, arrival)
    else:
        rows, arrival = audited(read, dataset)
        version, held = add_version(store, index, owner, dataset, rows, arrival)
    times = rows.column("timestamp")
    report = {
        **report_of(version, held, times[0].as_py(), times[-1].as_py()),
        "rows": rows.num_rows,
        "duplicates_removed": arrival.duplicates_removed,
        "out_of_order_rows": arrival.out_of_order,
    }
    index.end_import(owner, import_id, "completed", report=report)
    store.delete([key])
    return {"import_id": import_id, "status": "completed"}
