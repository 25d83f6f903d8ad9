"""Following a fetch of candles to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import typer

from cli.client import Answered, Api, segment
from cli.errors import ExitCode, UnreachableError
from cli.output import note
from cli.waiting import Meter, failure, meter
from shared.responses_market import FetchAnswer

_QUICK, _SLOW = 0.2, 2.0


def fetch_candles(
    api: Api, body: dict[str, object], *, sleep: Callable[[float], None] = time.sleep
) -> Answered[FetchAnswer]:
    """Begin a fetch, or join one that is at work, and wait for its end; return it with its report.

    On ctrl-C the fetch goes on by itself, which is said. Raises RunFailedError with the reason for one that
    failed.
    """
    # Without a key the same request is the same fetch as long as that is at work: it may be sent twice.
    entry = api.post(FetchAnswer, "/datasets", body, repeatable=True)
    fetch = entry.value
    path = f"/datasets/{segment(fetch.dataset_id)}/fetches/{segment(fetch.fetch_id)}"
    goes_on = f"Run the same command again to watch it, or ask for it: GET {path}"
    try:
        with meter(f"fetch {fetch.dataset_id}") as show:
            entry = _follow(api, path, entry, show, sleep)
    except KeyboardInterrupt:
        note(f"the fetch of {fetch.dataset_id} goes on without you. {goes_on}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except UnreachableError as error:
        raise UnreachableError(error.detail, hint=f"the fetch may well go on. {goes_on}") from None
    if entry.value.status == "failed":
        raise failure(f"{fetch.dataset_id} was not fetched", entry.value.error)
    return entry


def _follow(
    api: Api, path: str, entry: Answered[FetchAnswer], show: Meter, sleep: Callable[[float], None]
) -> Answered[FetchAnswer]:
    pause = _QUICK
    while entry.value.status in ("queued", "running"):
        show(entry.value.progress_pct, _phase(entry.value))
        sleep(pause)
        pause = min(_SLOW, pause * 1.1)
        entry = api.get(FetchAnswer, path)
    show(entry.value.progress_pct, entry.value.status)
    return entry


def _phase(fetch: FetchAnswer) -> str:
    if fetch.status == "queued" or not fetch.started_at:
        return "asking the exchange what it has"
    at = f" at {fetch.current_timestamp[:10]}" if fetch.current_timestamp else ""
    return f"{fetch.processed_candles:,} of {fetch.total_candles:,} bars{at}"
