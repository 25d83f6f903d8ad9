"""Fetch the candles that a backtest lacks: begin what is missing, and say how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import access, identifiers
from shared.errors import RunRejectedError
from shared.fetches import Fetch
from shared.names import DatasetName
from shared.runs import Run
from shared.times import iso, now_ms, parse_time

_LONGEST_WAIT = 10


def await_candles(owner: str, run_id: str) -> dict[str, Any]:
    """Begin the fetches of a run, or look after them; `there` says whether the run can go on.

    Raises RunRejectedError, with what is missing and how to import it, once one of them has failed;
    SupersededError for a run that has ended meanwhile.
    """
    run = access.runs().get(owner, run_id)
    entries = [_begun(run, wanted) for wanted in run.wanted]
    for entry in entries:
        if entry.status == "failed":
            raise _missing(entry)
    processed, total = (
        sum(values) for values in zip(*((e.processed, e.total) for e in entries), strict=True)
    )
    # Each counts the same: how many bars one asks for is known only once it has begun.
    part = sum(entry.progress_pct for entry in entries) / (100.0 * len(entries))
    run = access.runs().fetching(owner, run_id, processed=processed, total=total, part=part)
    there = all(entry.status == "completed" for entry in entries)
    waited = (now_ms() - parse_time(run.started_at)) // 1000 if run.started_at else 0
    # Often while it may be over soon, seldom when it takes long: each look is a step that costs.
    pause = min(_LONGEST_WAIT, 1 + waited // 20)
    return {"run_id": run_id, "owner": owner, "there": there, "wait_seconds": pause}


def _begun(run: Run, wanted: Mapping[str, Any]) -> Fetch:
    dataset = DatasetName.parse(wanted["dataset_id"])
    fetch_id = identifiers.fetch_id(run.owner, "run", run.execution, dataset)
    entry, _ = access.fetches().begin(
        run.owner,
        fetch_id,
        dataset,
        since_ms=wanted["since_ms"],
        until_ms=wanted["until_ms"],
        again=False,
        anew=False,
    )
    if entry.status == "queued":
        access.workflows().start_fetch(entry)
    return entry


def _missing(entry: Fetch) -> RunRejectedError:
    name, error = entry.name, entry.error or {}
    span = f"{iso(entry.since_ms or 0)} to {'now' if entry.until_ms is None else iso(entry.until_ms)}"
    why = str(error.get("detail", "for no reason that is known"))
    command = (
        f"stepfold data import FILE --exchange {name.exchange} --symbol {name.symbol} "
        f"--timeframe {name.timeframe}"
    )
    way_out = "" if command in why else f". Start it again later, or import them: {command}"
    return RunRejectedError(
        str(error.get("code", "fetch_failed")),
        f"{name.timeframe} candles of {name.symbol} from {name.exchange}, {span}, are not held "
        f"and could not be fetched: {why}{way_out}",
    )
