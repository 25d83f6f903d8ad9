"""Candles: what is held, and bringing in more."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from starlette.status import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from functions.api.datasets import dataset_detail, dataset_versions, delete_dataset
from functions.api.documents import conflict, missing, refused
from functions.api.imports import begin_import, import_of, start_import
from functions.api.owner import Owner
from functions.api.route import router
from functions.api.windows import ListLimit
from functions.api.wire import dataset_answer, import_answer
from shared import access
from shared.requests import DatasetRequest
from shared.responses_audit import VersionList
from shared.responses_market import DatasetDetail, DatasetList, ImportAnswer, ImportBegun

routes = router("datasets")

DatasetId = Annotated[str, Path(examples=["binance.BTC-USDT.1h"])]


@routes.get("/datasets", response_model=DatasetList, summary="List the candles that are held")
def listing(owner: Owner) -> DatasetList:
    held = access.datasets().held(owner)
    return DatasetList(datasets=[dataset_answer(dataset, owner) for dataset in held])


@routes.post(
    "/datasets",
    status_code=HTTP_201_CREATED,
    response_model=ImportBegun,
    summary="Begin an import: get a form to upload a CSV or Parquet file with",
    responses=refused(),
)
def begin(owner: Owner, request: DatasetRequest, response: Response) -> ImportBegun:
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


@routes.delete(
    "/datasets/{dataset_id}",
    status_code=HTTP_204_NO_CONTENT,
    summary="Delete a dataset that no backtest uses, with all its versions",
    responses={**missing(), **conflict()},
)
def delete(owner: Owner, dataset_id: DatasetId) -> None:
    delete_dataset(owner, dataset_id)


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
