"""The stand-in's answers about candles: what is held, uploads and imports."""

from __future__ import annotations

import io
import re
from typing import Any

import pyarrow.parquet as pq

from shared.responses_audit import VersionList
from shared.responses_market import (
    DatasetDetail,
    DatasetList,
    FetchAnswer,
    ImportAnswer,
    ImportBegun,
    RegimeList,
    UploadForm,
)
from shared.times import iso
from tests.cli.fake_api import HOUR_MS, START_MS, FakeApi, ProblemError, Request, Routes


def _regimes(_api: FakeApi, _request: Request) -> tuple[int, object]:
    march = {"id": "covid_crash_2020", "title": "Covid crash", "why": "A slide that ended in a fall by half."}
    return 200, RegimeList.model_validate(
        {"regimes": [{**march, "start_date": "2020-02-13", "end_date": "2020-03-13"}]}
    )


def _datasets(api: FakeApi, _request: Request) -> tuple[int, object]:
    return 200, DatasetList.model_validate({"datasets": list(api.datasets.values())})


def _known(api: FakeApi, dataset_id: str) -> dict[str, Any]:
    if dataset_id not in api.datasets:
        raise ProblemError(404, f"there is no dataset {dataset_id!r}; GET /datasets lists what is held")
    return api.datasets[dataset_id]


def _dataset(api: FakeApi, _request: Request, dataset_id: str) -> tuple[int, object]:
    gaps = [
        {"start": iso(START_MS + n * HOUR_MS), "end": iso(START_MS + (n + 1) * HOUR_MS), "missing": 2}
        for n in range(100, 800, 100)
    ]
    jump = {
        "kind": "jump",
        "start": iso(START_MS + 350 * HOUR_MS),
        "end": iso(START_MS + 350 * HOUR_MS),
        "count": 1,
        "values": {"move_pct": 786.0, "atrs": 312.5},
    }
    dead = {
        "kind": "zero_volume",
        "start": iso(START_MS),
        "end": iso(START_MS + 2 * HOUR_MS),
        "count": 3,
        "values": {},
    }
    audit = {
        "duplicates_removed": 12,
        "out_of_order_rows": 0,
        "jump_atrs": 15.0,
        "zero_volume_bars": 3,
        "flat_bars": 0,
        "jumps": 1,
        "disagreeing_bars": 0,
        "incomplete_bars": 0,
        "flags": [dead, jump],
    }
    known = _known(api, dataset_id)
    more = {
        "number": 3,
        "size_bytes": 250_000,
        "coverage_pct": 99.946,
        "gap_list": gaps,
        "market": api.market,
    }
    more["audit"] = audit if api.audits else None
    more["every_hours"] = 8.0 if known["kind"] == "funding" else None
    return 200, DatasetDetail.model_validate({**known, **more})


def _versions(api: FakeApi, _request: Request, dataset_id: str) -> tuple[int, object]:
    known = _known(api, dataset_id)
    kept = {name: known[name] for name in ("rows", "start", "end", "gaps", "missing_bars")}
    ranges = [{"start": iso(START_MS), "end": iso(START_MS + 3 * HOUR_MS), "bars": 4}]
    rows = [
        {
            "number": number,
            "version": f"v{number}",
            "created_at": iso(START_MS + number * HOUR_MS),
            **kept,
            "bars_added": 1_440 if number > 1 else kept["rows"],
            "bars_changed": 4 if number > 1 else 0,
            "bars_removed": 0,
            "changes": ranges if number > 1 else [],
        }
        for number in (2, 1)
    ]
    return 200, VersionList.model_validate({"dataset_id": dataset_id, "versions": rows, "next_cursor": None})


def _delete(api: FakeApi, _request: Request, dataset_id: str) -> tuple[int, object]:
    _known(api, dataset_id)
    if api.runs:
        raise ProblemError(409, f"{dataset_id} is used by {', '.join(api.runs)}; delete these first")
    del api.datasets[dataset_id]
    return 204, None


def _begin(api: FakeApi, request: Request) -> tuple[int, object]:
    body = request.json()
    if "source" in body:
        return _begin_fetch(api, body)
    import_id = f"im-{len(api.imports):026d}"
    dataset_id = f"{body['exchange']}.{body['symbol']}.{body.get('timeframe', body.get('kind'))}"
    api.imports[import_id] = ImportAnswer(
        dataset_id=dataset_id,
        import_id=import_id,
        status="awaiting_upload",
        created_at=iso(START_MS),
        ended_at=None,
        report=None,
        error=None,
        made_of=None,
    ).model_dump()
    return 201, ImportBegun(
        dataset_id=dataset_id,
        import_id=import_id,
        status="awaiting_upload",
        upload=UploadForm(url=f"{api.url}/store", fields={"key": import_id, "policy": "signed"}),
        max_bytes=256 * 1024 * 1024,
        expires_at=iso(START_MS),
    )


def _begin_fetch(api: FakeApi, body: dict[str, Any]) -> tuple[int, object]:
    dataset_id = f"{body['exchange']}.{body['symbol']}.{body.get('timeframe', body.get('kind'))}"
    fetch_id = f"fe-{len(api.fetches):026d}"
    api.fetches[fetch_id] = FetchAnswer(
        dataset_id=dataset_id,
        fetch_id=fetch_id,
        status="queued",
        since=body.get("since"),
        until=body.get("until"),
        progress_pct=0.0,
        total_candles=0,
        processed_candles=0,
        current_timestamp=None,
        created_at=iso(START_MS),
        started_at=None,
        ended_at=None,
        report=None,
        error=None,
    ).model_dump()
    return 202, api.fetches[fetch_id]


def _fetch(api: FakeApi, _request: Request, _dataset_id: str, fetch_id: str) -> tuple[int, object]:
    entry, polls = api.fetches[fetch_id], api.polls
    done = 100 * (1 + entry["processed_candles"] // 100)
    api.polled.set()
    if polls is None or done < 100 * (polls + 1):
        moving = {"status": "running", "started_at": iso(START_MS), "current_timestamp": iso(START_MS)}
        entry |= {**moving, "processed_candles": done, "total_candles": 400, "progress_pct": done / 4}
    elif api.error is not None:
        entry |= {"status": "failed", "error": api.error}
    else:
        entry |= {"status": "completed", "progress_pct": 100.0, "report": api.report or FETCHED}
    return 200, entry


FETCHED: dict[str, Any] = {
    "rows": 398,
    "first": iso(START_MS),
    "last": iso(START_MS + 399 * HOUR_MS),
    "gaps": 1,
    "missing_bars": 2,
    "dataset_rows": 398,
    "dataset_first": iso(START_MS),
    "dataset_last": iso(START_MS + 399 * HOUR_MS),
    "changed": [],
}


def _upload(api: FakeApi, request: Request) -> tuple[int, object]:
    """Take a form as S3 does: its fields, then the file, which is the last part."""
    boundary = b"--" + request.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n") for part in request.body.split(boundary)[1:-1]]
    fields = {}
    for head, _, content in parts:
        name = re.search(rb'name="([^"]*)"', head)
        assert name is not None
        fields[name.group(1).decode()] = content.removesuffix(b"\r\n")
    if list(fields)[-1] != "file" or fields["policy"] != b"signed":
        return 403, b"<Error><Message>Access Denied</Message></Error>"
    api.uploads[fields["key"].decode()] = fields["file"]
    return 204, None


def _begin_work(api: FakeApi, _request: Request, _dataset_id: str, import_id: str) -> tuple[int, object]:
    entry = api.imports[import_id]
    entry["status"] = "running"
    return 202, entry


def _import(api: FakeApi, _request: Request, dataset_id: str, import_id: str) -> tuple[int, object]:
    entry, body = api.imports[import_id], api.uploads[import_id]
    if b"impossible" in body:
        issue = {"path": "file.high", "message": "is below the low in row 1"}
        error = {"code": "invalid_input", "detail": "file.high: is below the low in row 1", "errors": [issue]}
        entry |= {"status": "failed", "error": error}
        return 200, entry
    rows = pq.read_table(io.BytesIO(body)).num_rows if body[:4] == b"PAR1" else body.count(b"\n") - 1
    exchange, symbol, timeframe = dataset_id.split(".")
    api.add_dataset(exchange, symbol, timeframe, rows)
    entry["status"] = "completed"
    entry["report"] = {
        "rows": rows,
        "first": iso(START_MS),
        "last": iso(START_MS + rows * HOUR_MS),
        "duplicates_removed": 0,
        "out_of_order_rows": 3,
        "zero_volume_bars": 2,
        "flat_bars": 0,
        "jumps": 0,
        "disagreeing_bars": 0,
        "gaps": 7,
        "missing_bars": 14,
        "dataset_rows": rows,
        "dataset_first": iso(START_MS),
        "dataset_last": iso(START_MS + rows * HOUR_MS),
    }
    return 200, entry


def _resample(api: FakeApi, request: Request, dataset_id: str) -> tuple[int, object]:
    """Make a dataset at once: 24 hours make a day, one of them too few."""
    known = _known(api, dataset_id)
    import_id, timeframe = f"im-{len(api.imports):026d}", request.json()["timeframe"]
    if timeframe == "1h":
        raise ProblemError(422, "timeframe: no whole number of 1h bars makes one of 1h; choose one of 2h, 4h")
    made = f"{known['exchange']}.{known['symbol']}.{timeframe}"
    api.add_dataset(known["exchange"], known["symbol"], timeframe, known["rows"] // 24)
    api.datasets[made]["made_of"] = dataset_id
    span = {"first": iso(START_MS), "last": iso(START_MS + 24 * HOUR_MS)}
    names = ("zero_volume_bars", "flat_bars", "jumps", "disagreeing_bars", "gaps", "missing_bars")
    api.imports[import_id] = ImportAnswer(
        dataset_id=made,
        import_id=import_id,
        status="completed",
        created_at=iso(START_MS),
        ended_at=iso(START_MS),
        report={
            **span,
            **{f"dataset_{name}": time for name, time in span.items()},
            **dict.fromkeys(names, 0),
            "rows": known["rows"] // 24,
            "dataset_rows": known["rows"] // 24,
            "incomplete_bars": 1,
        },
        error=None,
        made_of=dataset_id,
    ).model_dump()
    return 202, api.imports[import_id]


ROUTES: Routes = {
    ("GET", "/market/regimes"): _regimes,
    ("GET", "/datasets"): _datasets,
    ("POST", "/datasets"): _begin,
    ("GET", "/datasets/([^/]+)/fetches/([^/]+)"): _fetch,
    ("GET", "/datasets/([^/]+)"): _dataset,
    ("DELETE", "/datasets/([^/]+)"): _delete,
    ("GET", "/datasets/([^/]+)/versions"): _versions,
    ("POST", "/datasets/([^/]+)/resample"): _resample,
    ("POST", "/datasets/([^/]+)/imports/([^/]+)"): _begin_work,
    ("GET", "/datasets/([^/]+)/imports/([^/]+)"): _import,
    # Not the API's, but the store's: uploads by form.
    ("POST", "/store"): _upload,
}
