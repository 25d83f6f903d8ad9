"""Entries of the index in the words of the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared import access
from shared.datasets import Dataset, Import
from shared.fetches import Fetch
from shared.responses import LogRow, ProgressAnswer, RunAnswer, RunDataset, RunError, RunLogs
from shared.responses_market import (
    DatasetAnswer,
    FetchAnswer,
    HeldTimeframe,
    ImportAnswer,
    RegimeAnswer,
    RegimeList,
    SymbolAnswer,
    WorkflowAnswer,
)
from shared.run_position import position_of
from shared.runs import SUMMARY_METRICS, Run
from shared.symbols import base_of, quote_of
from shared.times import iso, now_ms, parse_time

# Lines reach the log a little after they were written, and some are about a run that has ended.
_LOGGED_AFTER_MS = 30 * 60_000


def logs_answer(run: Run, most: int) -> RunLogs:
    """Return what the steps of a run's workflow logged."""
    until_ms = parse_time(run.ended_at) + _LOGGED_AFTER_MS if run.ended_at else now_ms()
    lines = access.step_logs().of_run(run.owner, run.run_id, parse_time(run.created_at), until_ms, most)
    return RunLogs(
        logs=[
            LogRow(
                timestamp=iso(line.timestamp_ms),
                step=line.step,
                level=line.level,
                message=line.message,
                exception=line.exception,
            )
            for line in lines
        ]
    )


def run_answer(run: Run, stale_because: str | None = None) -> RunAnswer:
    """Return a run as the wire has it; `stale_because` is why its candles are not the newest any more."""
    summary = run.summary or {}
    return RunAnswer(
        run_id=run.run_id,
        status=run.status,
        name=run.name,
        tags=list(run.tags),
        notes=run.notes,
        strategy=run.strategy,
        strategy_id=run.strategy_id,
        strategy_version=run.strategy_version,
        strategy_hash=run.strategy_hash,
        symbols=list(run.symbols),
        timeframe=run.timeframe,
        simulated=run.simulated,
        start_date=run.start_date,
        end_date=run.end_date,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        progress_pct=run.progress_pct,
        current_phase=run.phase,
        fingerprint=run.fingerprint,
        same_as=run.same_as,
        datasets=[
            RunDataset(
                dataset_id=entry["dataset_id"],
                version=entry["version"],
                public=entry["owner"] != run.owner,
            )
            for entry in run.datasets
        ],
        stale=stale_because is not None,
        stale_because=stale_because,
        error=error_answer(run.error),
        **{name: summary.get(name) for name in SUMMARY_METRICS},
    )


def progress_answer(run: Run) -> ProgressAnswer:
    return ProgressAnswer(
        run_id=run.run_id,
        status=run.status,
        **position_of(run),
        latest_logs=list(run.logs),
        strategy=run.strategy,
        # Plans that a language model writes come later; the fields are the seed's.
        plans_generated=0,
        llm_calls_made=0,
    )


def error_answer(error: Mapping[str, Any] | None) -> RunError | None:
    return None if error is None else RunError.model_validate(error)


def dataset_fields(dataset: Dataset, reader: str) -> dict[str, Any]:
    """Return the fields of DatasetAnswer; `reader` is who asks."""
    name = dataset.name
    return {
        "dataset_id": dataset.dataset_id,
        "exchange": name.exchange,
        "symbol": name.symbol,
        "kind": name.kind,
        "timeframe": None if name.kind == "funding" else name.timeframe,
        "version": dataset.version,
        "rows": dataset.rows,
        "start": iso(dataset.first_ms),
        "end": iso(dataset.last_ms),
        "gaps": dataset.gaps,
        "missing_bars": dataset.missing_bars,
        "updated_at": dataset.updated_at,
        "simulated": dataset.simulated,
        "public": dataset.owner != reader,
        "made_of": dataset.made_of,
    }


def dataset_answer(dataset: Dataset, reader: str) -> DatasetAnswer:
    return DatasetAnswer(**dataset_fields(dataset, reader))


def symbol_answers(held: Iterable[Dataset]) -> list[SymbolAnswer]:
    """Return the datasets by symbol, each with the timeframes that are held of it."""
    found: dict[str, list[HeldTimeframe]] = {}
    for dataset in held:
        name = dataset.name
        found.setdefault(name.symbol, []).append(
            HeldTimeframe(
                exchange=name.exchange,
                timeframe=name.timeframe,
                dataset_id=dataset.dataset_id,
                start=iso(dataset.first_ms),
                end=iso(dataset.last_ms),
                rows=dataset.rows,
                simulated=dataset.simulated,
            )
        )
    return [
        SymbolAnswer(symbol=symbol, base=base_of(symbol), quote=quote_of(symbol), held=found[symbol])
        for symbol in sorted(found)
    ]


def regime_list() -> RegimeList:
    import engine

    return RegimeList(
        regimes=[
            RegimeAnswer(
                id=entry.id, title=entry.title, start_date=entry.start, end_date=entry.end, why=entry.why
            )
            for entry in engine.regimes()
        ]
    )


def import_answer(entry: Import) -> ImportAnswer:
    return ImportAnswer(
        dataset_id=entry.dataset_id,
        import_id=entry.import_id,
        status=entry.status,
        created_at=entry.created_at,
        ended_at=entry.ended_at,
        report=None if entry.report is None else dict(entry.report),
        error=error_answer(entry.error),
        made_of=entry.made_of,
    )


def fetch_answer(entry: Fetch) -> FetchAnswer:
    return FetchAnswer(
        dataset_id=entry.dataset_id,
        fetch_id=entry.fetch_id,
        status=entry.status,
        since=moment(entry.since_ms),
        until=moment(entry.until_ms),
        progress_pct=entry.progress_pct,
        total_candles=entry.total,
        processed_candles=entry.processed,
        current_timestamp=moment(entry.current_ms),
        created_at=entry.created_at,
        started_at=entry.started_at,
        ended_at=entry.ended_at,
        report=None if entry.report is None else dict(entry.report),
        error=error_answer(entry.error),
    )


def fetch_workflow(entry: Fetch, arn: str) -> WorkflowAnswer:
    return WorkflowAnswer(
        workflow_id=entry.fetch_id,
        kind="fetch",
        status=entry.status,
        name=entry.dataset_id,
        execution_arn=arn,
        created_at=entry.created_at,
        started_at=entry.started_at,
        ended_at=entry.ended_at,
        duration_seconds=_seconds(entry.started_at, entry.ended_at),
    )


def moment(ms: int | None) -> str | None:
    return None if ms is None else iso(ms)


def run_workflow(run: Run, arn: str) -> WorkflowAnswer:
    return WorkflowAnswer(
        workflow_id=run.run_id,
        kind="backtest",
        status=run.status,
        name=run.name,
        execution_arn=arn,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        duration_seconds=_seconds(run.started_at, run.ended_at),
    )


def import_workflow(entry: Import, arn: str) -> WorkflowAnswer:
    started_at = None if entry.status == "awaiting_upload" else entry.created_at
    return WorkflowAnswer(
        workflow_id=entry.import_id,
        kind="import",
        status=entry.status,
        name=entry.dataset_id,
        execution_arn=arn,
        created_at=entry.created_at,
        started_at=started_at,
        ended_at=entry.ended_at,
        duration_seconds=_seconds(started_at, entry.ended_at),
    )


def _seconds(begin: str | None, end: str | None) -> float | None:
    if begin is None or end is None:
        return None
    return (parse_time(end) - parse_time(begin)) / 1000
