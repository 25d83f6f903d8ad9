"""Whether the index and the store agree about what an owner has, and whether what is in work is at work."""

from __future__ import annotations

from collections.abc import Iterator

from shared import access, names
from shared.candles import load_version
from shared.datasets import Dataset
from shared.errors import StoreCorruptError
from shared.reader import RunReader
from shared.responses_market import ConsistencyAnswer, Finding, FindingKind
from shared.runs import Run
from shared.times import now_ms, parse_time

# What begins may be between two writes; the reconciling schedule puts right what stays so.
RECONCILED_MS = 10 * 60_000
# Parts of lost attempts are swept 20 minutes after their run's end, by the schedule.
SWEPT_MS = 30 * 60_000
_SHOWN = 3


def examined_page(owner: str, limit: int, cursor: str | None) -> ConsistencyAnswer:
    """Examine one page of an owner's runs, and with the first page the owner's datasets. Changes nothing."""
    findings: list[Finding] = []
    datasets = access.datasets().held(owner, None) if cursor is None else []
    for dataset in datasets:
        findings += _of_dataset(dataset)
    runs, next_cursor = access.runs().newest(owner, limit=limit, cursor=cursor)
    for run in runs:
        findings += _of_run(run)
    return ConsistencyAnswer(
        runs=len(runs), datasets=len(datasets), findings=findings, next_cursor=next_cursor
    )


def _of_run(run: Run) -> Iterator[Finding]:
    if not run.ended:
        yield from _of_work(run)
        return
    listed: dict[str, int | None] = {run.request_key: None}
    if run.status == "completed":
        try:
            listed |= _listed(run)
        except StoreCorruptError as error:
            yield _finding("results_damaged", run.run_id, str(error))
            return
    held = access.store().sizes(names.run_prefix(run.run_id))
    wrong = [key for key, size in listed.items() if key not in held or size not in (None, held[key])]
    if wrong:
        yield _finding("results_damaged", run.run_id, f"missing or of another size: {_some(wrong)}")
    if now_ms() - parse_time(run.ended_at or run.created_at) > SWEPT_MS:
        work = access.store().sizes(names.run_work_prefix(run.run_id))
        left = [*sorted(held.keys() - listed.keys()), *sorted(work)]
        if left:
            yield _finding("left_behind", run.run_id, f"listed by no manifest: {_some(left)}")


def _of_work(run: Run) -> Iterator[Finding]:
    """A run that is queued or running must have an execution that runs, or wait for its turn."""
    if now_ms() - parse_time(run.started_at or run.created_at) <= RECONCILED_MS:
        return
    if run.status == "queued" and run.run_id in access.queue().of(run.owner).waiting:
        return
    execution = access.workflows().describe_backtest(run)
    if execution is None or execution.status != "RUNNING":
        said = "has no execution" if execution is None else f"has an execution that is {execution.status}"
        yield _finding("not_at_work", run.run_id, f"is {run.status} and {said}")


def _of_dataset(dataset: Dataset) -> Iterator[Finding]:
    store, name = access.store(), dataset.name
    try:
        version = load_version(store, dataset.owner, name, dataset.version)
    except StoreCorruptError as error:
        yield _finding("candles_damaged", dataset.dataset_id, str(error))
        return
    held = store.sizes(names.candles_prefix(dataset.owner, name))
    parts = {version.key(part): part.size for part in version.manifest.parts}
    wrong = [key for key, size in parts.items() if held.get(key) != size]
    if wrong:
        yield _finding("candles_damaged", dataset.dataset_id, f"missing or of another size: {_some(wrong)}")


def _listed(run: Run) -> dict[str, int | None]:
    """Return what a completed run's manifest lists, and itself, with sizes where they are known."""
    if run.manifest_key is None:
        raise StoreCorruptError("a completed run names no manifest")
    reader = RunReader(access.store(), run.run_id, run.manifest_key)
    sizes = {key: part.size for name in reader.manifest.series for key, part in reader.part_keys(name)}
    return {run.manifest_key: None, **dict.fromkeys(reader.keys()), **sizes}


def _finding(kind: FindingKind, about: str, detail: str) -> Finding:
    return Finding(kind=kind, about=about, detail=detail)


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more
