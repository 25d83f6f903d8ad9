"""The one step of an import: make a dataset version of an uploaded file."""

from functions.ingest.ingest import import_file
from functions.step import workflow_step

handler = workflow_step(lambda event: import_file(event["owner"], event["dataset_id"], event["import_id"]))
