"""Bringing in candles: a form to upload a file with, then a workflow that reads it."""

from __future__ import annotations

from collections.abc import Callable

from functions.api.datasets import held_dataset
from shared import access, identifiers, names
from shared.datasets import Import
from shared.errors import ConflictError, InvalidInputError, Issue, NotFoundError
from shared.names import FUNDING, DatasetName
from shared.requests_data import DatasetRequest, FetchRequest
from shared.resampled_dataset import target_of
from shared.responses_market import ImportBegun, UploadForm
from shared.symbols import canonical, exchange_name
from shared.times import iso, now_ms

MAX_UPLOAD_BYTES = 256 * 1024 * 1024
UPLOAD_SECONDS = 60 * 60


def begin_import(owner: str, request: DatasetRequest) -> ImportBegun:
    """Note an import and return the form that uploads its file. Raises InvalidInputError."""
    dataset = dataset_name(request)
    import_id = identifiers.import_id()
    form = access.store().upload_form(names.upload(owner, import_id), MAX_UPLOAD_BYTES, UPLOAD_SECONDS)
    entry = access.datasets().begin_import(owner, import_id, dataset)
    return ImportBegun(
        dataset_id=entry.dataset_id,
        import_id=entry.import_id,
        status="awaiting_upload",
        upload=UploadForm(url=form["url"], fields=form["fields"]),
        max_bytes=MAX_UPLOAD_BYTES,
        expires_at=iso(now_ms() + UPLOAD_SECONDS * 1000),
    )


def start_import(owner: str, dataset_id: str, import_id: str) -> Import:
    """Start the workflow of an import whose file is there; again is harmless.

    Raises NotFoundError, and ConflictError while there is no file.
    """
    entry = import_of(owner, dataset_id, import_id)
    if entry.status == "awaiting_upload":
        if access.store().size(names.upload(owner, import_id)) is None:
            raise ConflictError(
                f"the file of import {import_id} is not there; POST it with the form that "
                "`POST /datasets` answered, then start the import again"
            )
        entry = access.datasets().start_import(owner, import_id)
    if entry.status == "running":
        access.workflows().start_import(entry)
    return entry


def start_resampling(owner: str, dataset_id: str, timeframe: str) -> Import:
    """Start the workflow that makes a dataset of another's finer candles.

    Raises NotFoundError, InvalidInputError for a timeframe that these do not make, ConflictError where
    candles that came from elsewhere are held at it.
    """
    source = held_dataset(owner, dataset_id)
    if source.name.kind != "candles":
        raise InvalidInputError([Issue("dataset_id", "holds funding rates; candles alone are resampled")])
    index = access.datasets()
    target = target_of(index, source, timeframe)
    entry = index.begin_resampling(owner, identifiers.import_id(), target, source.name)
    access.workflows().start_import(entry)
    return entry


def import_of(owner: str, dataset_id: str, import_id: str) -> Import:
    """Return an import of this dataset. Raises NotFoundError."""
    entry = access.datasets().get_import(owner, import_id)
    if entry.dataset_id != dataset_id:
        raise NotFoundError(f"there is no import {import_id!r} of {dataset_id[:64]!r}")
    return entry


def dataset_name(request: DatasetRequest | FetchRequest) -> DatasetName:
    """Return the canonical name of what a request means. Raises InvalidInputError with all that is wrong."""
    issues: list[Issue] = []

    def part(path: str, text: str, parse: Callable[[str], str]) -> str:
        try:
            return parse(text)
        except ValueError as error:
            issues.append(Issue(path, str(error), text))
            return ""

    exchange = part("exchange", request.exchange, exchange_name)
    symbol = part("symbol", request.symbol, canonical)
    if request.kind == "candles" and request.timeframe is None:
        issues.append(Issue("timeframe", "is required for candles"))
    elif request.kind == "funding" and request.timeframe is not None:
        issues.append(Issue("timeframe", "funding rates have none; leave it out", request.timeframe))
    if issues:
        raise InvalidInputError(issues)
    return DatasetName(exchange, symbol, request.timeframe or FUNDING)
