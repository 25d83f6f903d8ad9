"""Getting a file of candles into the store: form upload, import workflow, its report."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from cli.client import Answered, Api, http_client, segment
from cli.errors import BadInputError, CommandError, UnreachableError
from cli.waiting import Meter, failure, meter
from shared.names import FUNDING, DatasetName
from shared.responses_market import ImportAnswer, ImportBegun, UploadForm
from shared.times import TIMEFRAMES

SUFFIXES = (".csv", ".parquet")
MAX_UPLOAD_BYTES = 256 * 1024 * 1024
# Name of a file that says what it holds: binance_BTCUSDT_1h_20210101_20231231.parquet
_TELLING_NAME = re.compile(
    rf"([A-Za-z0-9]+)_([A-Za-z0-9-]+)_({'|'.join((*TIMEFRAMES, FUNDING))})(?:_.*)?\.(?:csv|parquet)"
)
_POLL_SECONDS = 0.2
_UPLOAD_TIMEOUT = httpx.Timeout(60.0, connect=5.0, read=300.0)


@dataclass(frozen=True, slots=True)
class CandleFile:
    path: Path
    dataset: DatasetName


def dataset_of(path: Path) -> DatasetName | None:
    """Return what a file's name says it holds; None where it says nothing."""
    match = _TELLING_NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        return DatasetName.of(*match.groups())
    except ValueError:
        return None


def import_candles(
    api: Api, file: CandleFile, *, sleep: Callable[[float], None] = time.sleep
) -> Answered[ImportAnswer]:
    """Upload a file and wait until it is a dataset version; return the finished import, its report in it.

    Shows the progress on standard error. Raises BadInputError for a file that cannot be sent, RunFailedError
    with the rows that are wrong for one that was refused.
    """
    _check(file.path)
    name = file.dataset
    with meter(f"import {name}") as show:
        begun = api.post(
            ImportBegun,
            "/datasets",
            {"exchange": name.exchange, "symbol": name.symbol, **_what(name)},
        ).value
        _upload(begun.upload, file.path, show)
        entry = api.post(ImportAnswer, _path(begun), repeatable=True)
        entry = _ended(api, entry, show, "checking and storing", sleep)
    if entry.value.status == "failed":
        raise failure(f"{file.path.name} was not imported", entry.value.error)
    return entry


def _what(name: DatasetName) -> dict[str, str]:
    return {"kind": name.kind} if name.kind == "funding" else {"timeframe": name.timeframe}


def resample_candles(
    api: Api, dataset_id: str, timeframe: str, *, sleep: Callable[[float], None] = time.sleep
) -> Answered[ImportAnswer]:
    """Have a longer timeframe made of a dataset and wait for it; return the end, its report in it.

    Shows the progress on standard error. Raises RunFailedError with the reason where it failed.
    """
    with meter(f"resample {dataset_id}") as show:
        path = f"/datasets/{segment(dataset_id)}/resample"
        # Sent twice, it makes the same candles twice.
        entry = api.post(ImportAnswer, path, {"timeframe": timeframe}, repeatable=True)
        entry = _ended(api, entry, show, "reading and storing", sleep)
    if entry.value.status == "failed":
        raise failure(f"{dataset_id} was not resampled", entry.value.error)
    return entry


def _ended(
    api: Api, entry: Answered[ImportAnswer], show: Meter, phase: str, sleep: Callable[[float], None]
) -> Answered[ImportAnswer]:
    """Wait for an import's end."""
    while entry.value.status not in ("completed", "failed"):
        show(95.0, phase)
        sleep(_POLL_SECONDS)
        entry = api.get(ImportAnswer, _path(entry.value))
    show(100.0, entry.value.status)
    return entry


def _path(entry: ImportAnswer | ImportBegun) -> str:
    return f"/datasets/{segment(entry.dataset_id)}/imports/{segment(entry.import_id)}"


def _check(path: Path) -> None:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise BadInputError(f"{path}: is not a file")
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from None
    if path.suffix.lower() not in SUFFIXES:
        raise BadInputError(f"{path}: is neither CSV nor Parquet by its name; end it in .csv or .parquet")
    if size == 0:
        raise BadInputError(f"{path}: is empty")
    if size > MAX_UPLOAD_BYTES:
        raise BadInputError(
            f"{path}: has {size / 2**20:,.0f} MiB; at most {MAX_UPLOAD_BYTES // 2**20} go in one import",
            hint="split it, or write it as Parquet; imports of one dataset add up",
        )


class _Watched:
    """A file that tells how much of it was read, for httpx to send."""

    def __init__(self, file: IO[bytes], size: int, show: Meter) -> None:
        self._file, self._size, self._show = file, size, show

    def fileno(self) -> int:
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        # The upload is most of the way; storing is the rest.
        self._show(90.0 * self._file.tell() / self._size, "uploading")
        return piece


def _upload(form: UploadForm, path: Path, show: Meter) -> None:
    """Send a file by the form that the API presigned. Raises UnreachableError, CommandError."""
    url = form.url
    try:
        with (
            path.open("rb") as file,
            http_client(url, _UPLOAD_TIMEOUT) as http,
        ):
            watched = _Watched(file, path.stat().st_size, show)
            answer = http.post(url, data=form.fields, files={"file": (path.name, watched)})  # type: ignore[dict-item]
    except httpx.TransportError as error:
        raise UnreachableError(
            f"{path}: the upload to {httpx.URL(url).host} broke off: {error}", hint="import it again"
        ) from None
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from None
    if not answer.is_success:
        reason = re.search(r"<Message>([^<]*)</Message>", answer.text)
        raise CommandError(
            f"{path}: the store refused the upload ({answer.status_code})"
            + (f": {reason.group(1)}" if reason else ""),
            hint="import it again",
        )
