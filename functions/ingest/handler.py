"""The one step of an import: make a dataset version of an uploaded file, or of finer candles."""

from typing import Any

from functions.ingest.ingest import import_file
from functions.ingest.resample import resample_dataset
from functions.step import Event, workflow_step
from shared import access


def ingest(event: Event) -> dict[str, Any]:
    entry = access.datasets().get_import(event["owner"], event["import_id"])
    if entry.status == "completed":
        return {"import_id": entry.import_id, "status": entry.status}
    if entry.made_of is not None:
        return resample_dataset(entry)
    return import_file(event["owner"], event["dataset_id"], event["import_id"])


handler = workflow_step(ingest)
