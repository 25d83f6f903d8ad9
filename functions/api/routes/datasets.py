"""Candles: what is held, and bringing in more."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from starlette.status import HTTP_200_OK, HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from functions.api.datasets import dataset_detail, dataset_versions, delete_dataset, runs_using
from functions.api.documents import conflict, missing, refused
from functions.api.fetches import begin_fetch, fetch_of
from functions.api.idempotency import IdempotencyKey
from functions.api.imports import begin_import, import_of, start_import, start_resampling
from functions.api.owner import Owner
from functions.api.route import router
from functions.api.staleness import Staleness
from functions.api.windows import ListLimit
from functions.api.wire import dataset_answer, fetch_answer, import_answer, run_answer
from shared import access
from shared.requests_data import FetchRequest, NewDataset, ResampleRequest
from shared.responses import DatasetRuns
from shared.responses_audit import VersionList
from shared.responses_market import DatasetDetail, DatasetList, FetchAnswer, ImportAnswer, ImportBegun

routes = router("datasets")

DatasetId = Annotated[str, Path(examples=["binance.BTC-USDT.1h"])]


@routes.get(
    "/datasets", response_model=DatasetList, summary="List the candles and funding rates that are held"
)
def listing(owner: Owner) -> DatasetList:
    held = access.datasets().held(owner, None)
    return DatasetList(datasets=[dataset_answer(dataset, owner) for dataset in held])


@routes.post(
    "/datasets",
    status_code=HTTP_201_CREATED,
    response_model=ImportBegun | FetchAnswer,
    summary="Begin an import, with a form to upload a file with; or, with a source, a fetch",
    responses={
        200: {"model": FetchAnswer, "description": "the fetch of this key or of these candles, begun before"},
        202: {"model": FetchAnswer, "description": "a fetch, which its workflow carries out"},
        **conflict(),
        **refused(),
    },
)
def begin(
    owner: Owner, request: NewDataset, response: Response, idempotency_key: IdempotencyKey = None
) -> ImportBegun | FetchAnswer:
    if isinstance(request, FetchRequest):
        entry, new = begin_fetch(owner, request, idempotency_key)
        response.status_code = HTTP_202_ACCEPTED if new else HTTP_200_OK
        response.headers["Location"] = f"/datasets/{entry.dataset_id}/fetches/{entry.fetch_id}"
        return fetch_answer(entry)
    begun = begin_import(owner, request)
    response.headers["Location"] = f"/datasets/{begun.dataset_id}/imports/{begun.import_id}"
    return begun


@routes.get(
    "/datasets/{dataset_id}",
    response_model=DatasetDetail,
    summary="A dataset with its gaps and its audit",
    responses=missing(),
)
def get(owner: Owner, dataset_id: DatasetId) -> DatasetDetail:
    return dataset_detail(owner, dataset_id)


@routes.get(
    "/datasets/{dataset_id}/versions",
    response_model=VersionList,
    summary="The versions of a dataset, newest first",
    responses={**missing(), **refused()},
)
def versions(
    owner: Owner,
    dataset_id: DatasetId,
    limit: ListLimit = 25,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> VersionList:
    return dataset_versions(owner, dataset_id, limit, cursor)


@routes.get(
    "/datasets/{dataset_id}/runs",
    response_model=DatasetRuns,
    summary="The backtests that use a dataset, and so keep it from being deleted",
    responses=missing(),
)
def uses(owner: Owner, dataset_id: DatasetId) -> DatasetRuns:
    runs, more = runs_using(owner, dataset_id)
    staleness = Staleness(access.datasets())
    answers = [run_answer(run, staleness.of(run)) for run in runs]
    return DatasetRuns(dataset_id=dataset_id, backtests=answers, more=more)


@routes.delete(
    "/datasets/{dataset_id}",
    status_code=HTTP_204_NO_CONTENT,
    summary="Delete a dataset that no backtest uses, with all its versions",
    responses={**missing(), **conflict()},
)
def delete(owner: Owner, dataset_id: DatasetId) -> None:
    delete_dataset(owner, dataset_id)


@routes.post(
    "/datasets/{dataset_id}/resample",
    status_code=HTTP_202_ACCEPTED,
    response_model=ImportAnswer,
    summary="Make candles of a longer timeframe of a dataset's, as a dataset of their own",
    responses={**missing(), **conflict(), **refused()},
)
def resample(
    owner: Owner, dataset_id: DatasetId, request: ResampleRequest, response: Response
) -> ImportAnswer:
    entry = start_resampling(owner, dataset_id, request.timeframe)
    response.headers["Location"] = f"/datasets/{entry.dataset_id}/imports/{entry.import_id}"
    return import_answer(entry)


@routes.post(
    "/datasets/{dataset_id}/imports/{import_id}",
    status_code=HTTP_202_ACCEPTED,
    response_model=ImportAnswer,
    summary="Start an import whose file is uploaded",
    responses={**missing(), **conflict()},
)
def start(owner: Owner, dataset_id: DatasetId, import_id: str) -> ImportAnswer:
    return import_answer(start_import(owner, dataset_id, import_id))


@routes.get(
    "/datasets/{dataset_id}/imports/{import_id}",
    response_model=ImportAnswer,
    summary="What became of an import",
    responses=missing(),
)
def status(owner: Owner, dataset_id: DatasetId, import_id: str) -> ImportAnswer:
    return import_answer(import_of(owner, dataset_id, import_id))


@routes.get(
    "/datasets/{dataset_id}/fetches/{fetch_id}",
    response_model=FetchAnswer,
    summary="How far a fetch is, and what became of it",
    responses=missing(),
)
def fetch(owner: Owner, dataset_id: DatasetId, fetch_id: str) -> FetchAnswer:
    return fetch_answer(fetch_of(owner, dataset_id, fetch_id))
